"""The bars that figures are held against, and why one is missed: `bars.toml`, for what a run prints and for the docs.

A row may state its bar itself («bar 50 ms», «0 is the bar»); what it cannot say in one ratio stands in the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.table import Row

FILE = Path(__file__).with_name("bars.toml")
STATED = re.compile(r"\bbar\b")
NOUGHT = re.compile(r"\b(?:0 is the bar|none is the aim)\b")
EQUAL, ABOUT_EQUAL = "equal is the aim", 0.9  # a tenth is what one run differs from the next


@dataclass(frozen=True, slots=True)
class Bar:
    """What a row must reach, in its own unit or as its ratio; and the reason where it does not."""

    at_most: float | None = None
    at_least: float | None = None
    times: float | None = None
    why: str = ""

    def __str__(self) -> str:
        asked = {name: value for name, value in asdict(self).items() if name != "why" and value is not None}
        return ", ".join(f"{value:,g} times" if name == "times" else f"{name.replace('_', ' ')} {value:,g}"
                         for name, value in asked.items())  # fmt: skip

    def missed(self, row: Row) -> list[str]:
        """Which of them the row does not reach."""
        found = []
        if self.at_most is not None and row.value > self.at_most:
            found.append(f"at most {self.at_most:,g}")
        if self.at_least is not None and row.value < self.at_least:
            found.append(f"at least {self.at_least:,g}")
        if self.times is not None and (row.ratio or 0) < self.times:
            found.append(f"{self.times:,g} times {row.against}")
        return found


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A row that does not reach what it is held against."""

    row: Row
    asked: str
    why: str


@cache
def bars() -> Mapping[str, Mapping[str, Bar]]:
    """Benchmark → pattern of a row's name → bar."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: {row: Bar(**bar) for row, bar in rows.items()} for name, rows in told.items()}


def bar_of(benchmark: str, what: str) -> Bar:
    """The bar of one row; `benchmark` may name a part of one, such as monitors_ticks."""
    for name, rows in bars().items():
        if re.match(rf"{name}(?![^\W_])", benchmark):
            for pattern, bar in rows.items():
                if fnmatchcase(what, pattern):
                    return bar
    return Bar()


def with_bar(benchmark: str, row: Row) -> str:
    """What a row is compared with, and its bar where it does not state it itself."""
    bar = str(bar_of(benchmark, row.what))
    if not bar or STATED.search(row.against):
        return row.against
    return f"{row.against}; bar: {bar}" if row.against else f"bar: {bar}"


def shortfalls(benchmark: str, rows: Sequence[Row]) -> list[Shortfall]:
    """Every row that misses its bar, or in which the alternative is ahead."""
    found = []
    for row in rows:
        bar = bar_of(benchmark, row.what)
        missed = bar.missed(row) if str(bar) else [row.against or row.unit] if _behind(row) else []
        if missed:
            found.append(Shortfall(row, "; ".join(missed), bar.why))
    return found


def _behind(row: Row) -> bool:
    if NOUGHT.search(f"{row.unit} {row.against}"):
        return row.value != 0
    return row.ratio is not None and row.ratio < (ABOUT_EQUAL if EQUAL in row.against else 1)
