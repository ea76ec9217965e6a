"""What each value is like and what it only looks like, as written in exemplars/*.toml."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NEUTRAL = "neutral"
FOLDER = Path(__file__).with_name("exemplars")


@dataclass(frozen=True, slots=True)
class Exemplars:
    """What one value (of one kind) is like."""

    name: str
    sets: str
    kind: str
    may_also_be: tuple[str, ...]
    """Values that often hold beside it: its exemplars are no negatives for them."""
    like: tuple[str, ...]
    looks_like: tuple[str, ...]


@cache
def exemplars() -> tuple[Exemplars, ...]:
    """All of them, in the order of their files."""
    return tuple(_read(path) for path in _files() if path.stem != NEUTRAL)


@cache
def neutral() -> tuple[str, ...]:
    """Sentences that are no value of anything."""
    plain = tomllib.loads((FOLDER / f"{NEUTRAL}.toml").read_text(encoding="utf-8"))
    return tuple(plain["looks_like"])


@cache
def exemplars_hash() -> str:
    """Names the exemplars that something was fitted on."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))


def _read(path: Path) -> Exemplars:
    plain = tomllib.loads(path.read_text(encoding="utf-8"))
    return Exemplars(
        path.stem,
        plain["sets"],
        plain.get("kind", ""),
        tuple(plain.get("may_also_be", ())),
        tuple(plain["like"]),
        tuple(plain["looks_like"]),
    )
