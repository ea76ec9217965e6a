"""What every room of the lab is given: where things lie, who may come, which model, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from apps.access import EVERYWHERE, Access
from apps.registry import existing
from apps.status import Board
from nma13.config import LOOPBACK, PORTS, data_dir


@dataclass(frozen=True, slots=True)
class Lab:
    """Passed to `build(lab)` of every page and room; nothing else is reached for."""

    data: Path
    access: Access
    board: Board
    ports: Mapping[str, int]
    model_line: Callable[[], str]
    model: str | None = None
    use_model: bool = True
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def model_line_from(model: str | None, *, use_model: bool) -> Callable[[], str]:
    """What the header says about the model as long as nothing better is handed in."""
    if not use_model:
        return lambda: "no model: structure only"
    return lambda: f"model asked for: {model}" if model else "no model connected"


def make_lab(
    *,
    data: Path | None = None,
    access: Access | None = None,
    model: str | None = None,
    use_model: bool = True,
    model_line: Callable[[], str] | None = None,
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
        model_line=model_line or model_line_from(model, use_model=use_model),
        model=model,
        use_model=use_model,
    )
