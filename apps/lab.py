"""What every room of the lab is given: where things lie, who may come, which model, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from apps.access import EVERYWHERE, Access
from apps.registry import existing
from apps.status import Board
from apps.writer import Writer
from nma13.config import LOOPBACK, PORTS, data_dir


@dataclass(frozen=True, slots=True)
class Lab:
    """Passed to `build(lab)` of every page and room; nothing else is reached for."""

    data: Path
    access: Access
    board: Board
    ports: Mapping[str, int]
    writer: Writer
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def make_lab(
    *,
    data: Path | None = None,
    access: Access | None = None,
    model: str | None = None,
    use_model: bool = True,
    ports: Mapping[str, int] | None = None,
) -> Lab:
    """A lab with the usual parts filled in."""
    access = access or Access()
    ports = {**PORTS, **(ports or {})}
    asked_at = LOOPBACK if access.bind in EVERYWHERE | {"localhost"} else access.bind
    return Lab(
        data=data or data_dir(),
        access=access,
        board=Board(existing(), ports, asked_at),
        ports=ports,
        writer=Writer(model, use_model),
    )
