"""Fixed, reviewed words: crisis help, halts, stations, the structural sentences. Data files only."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "rules" / "texts"


@dataclass(frozen=True, slots=True)
class CrisisText:
    """Help for a person in danger, and who vouches for the words."""

    locale: str
    country: str
    reviewed_by: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def provenance(self) -> str:
        return f"Help text for: {self.country}. Review: {self.reviewed_by}."


@cache
def table(name: str) -> Mapping[str, Any]:
    """One file of fixed texts."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def crisis(locale: str = "") -> CrisisText:
    """The help text for a locale such as `en-GB`; the international one where there is none."""
    known = table("crisis")
    chosen = next((name for name in (locale, locale.partition("-")[0]) if name in known), "default")
    entry = known[chosen]
    return CrisisText(chosen, entry["country"], entry["reviewed_by"], tuple(entry["lines"]))


def halt(reason: str) -> str:
    """What the person is told when a run stops for `reason`."""
    return str(table("halt")[reason])


def station(name: str, key: str) -> str:
    return str(table("stations")[name][key])
