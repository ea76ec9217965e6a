"""What every benchmark prints: one table for people, or one JSON object for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` compares it with `against`: above 1 ours is better; None: nothing to compare."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


def machine() -> str:
    """The machine, in words; loads differ, so the load is part of it."""
    processor = platform.processor() or platform.machine()
    return (
        f"{platform.system()} {processor}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def run(name: str, measure: Callable[[bool], Sequence[Row]], arguments: Sequence[str] | None = None) -> int:
    """The command line of a benchmark: measure, then print. `measure(short)` returns the rows."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--short", action="store_true", help="the form for CI: about half a minute")
    given = parser.parse_args(arguments)
    where = machine()
    rows = measure(given.short)
    if given.json:
        print(json.dumps({"name": name, "machine": where, "rows": [asdict(row) for row in rows]}))
    else:
        print_table(name, where, rows)
    return 0


def print_table(name: str, where: str, rows: Sequence[Row]) -> None:
    cells = [("what", "value", "unit", "ratio", "against")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((row.what, f"{row.value:.4g}", row.unit, ratio, row.against))
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    print(f"{name} · {where}")
    for line in cells:
        right = (line[0].ljust(widths[0]), line[1].rjust(widths[1]), line[2].ljust(widths[2]))
        print("  ".join((*right, line[3].rjust(widths[3]), line[4])).rstrip())
    print("A ratio above 1 means ours is better.", file=sys.stderr)
