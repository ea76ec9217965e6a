"""Figures in the docs, written from the result files: `python -m benchmarks._figures [--check]`.

A page holds `<!-- figures NAME -->` … `<!-- end of figures -->`; what stands between is written here and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._bars import STATED, Shortfall, shortfalls, with_bar
from benchmarks.table import RESULTS, Row
from nma13.config import ROOT

PLACE = re.compile(r"(<!-- figures ([\w-]+) -->\n)(.*?)(<!-- end of figures -->)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks._figures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page differs")
    given = parser.parse_args(arguments)
    stale = [page for page in pages() if written(page) != page.read_text("utf-8")]
    for page in stale:
        print(f"{page.relative_to(ROOT)}: {'differs from the result files' if given.check else 'written'}")
        if not given.check:
            page.write_text(written(page), encoding="utf-8")
    return 1 if given.check and stale else 0


def pages() -> list[Path]:
    return [page for page in sorted((ROOT / "docs").glob("*.md")) if PLACE.search(page.read_text("utf-8"))]


def written(page: Path) -> str:
    """The page with its figures as the result files have them."""
    return PLACE.sub(lambda match: match[1] + TABLES[match[2]]() + match[4], page.read_text("utf-8"))


def result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found


def generalisation() -> str:
    """Caught and left alone, per field, the core alone and with the second look, on the texts of the last author."""
    sides = {side: result(f"generalisation-heldout-five-semantic-{side}") for side in ("off", "on")}
    rows = {side: {row["what"]: row for row in found["rows"]} for side, found in sides.items()}
    lines = [
        "| | texts | caught by the core | with the second look | look-alikes | left alone by the core | with both |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, told in NAMES.items():
        caught, left = (f"{name} {kind}" for kind in ("recall", "look-alikes left alone"))
        cells = [told]
        for what in (caught, left):
            cells += [rows["off"][what]["unit"].split()[1], *(_share(rows[side][what]) for side in ("off", "on"))]
        lines.append("| " + " | ".join(cells) + " |")
    about = sides["on"]
    lines.append("")
    lines.append(f"Texts {about['texts']}, rules {about['versions']['rules']}; 95 % Wilson intervals in brackets.")
    return "\n".join(lines) + "\n"


def _share(row: dict[str, Any]) -> str:
    interval = re.search(r"95 %: ([\d.–]+)", row["unit"])
    return f"{row['value']:.2f} ({interval[1]})" if interval else "–"


NAMES = {
    "red_flags:CRISIS": "crisis", "red_flags:AUTHORITY": "authority", "red_flags:MANIPULATION": "manipulation",
    "I": "irreversibility", "C": "capacity", "X": "collision", "A": "ambiguity", "T": "time pressure",
    "R": "advice risk", "S": "standing", "step0_flags": "Step 0 premises", "override": "overrides",
}  # fmt: skip


def designs() -> str:
    found = result("designs")
    lines = [
        "| design | crisis caught | crisis look-alikes left alone | all caught | all look-alikes left alone |",
        "|---|---|---|---|---|",
    ]
    shares = {row["what"]: row["value"] for row in found["rows"]}
    for name in dict.fromkeys(what.partition(":")[0] for what in shares):
        cells = [f"{shares[f'{name}: {which}, {kind}']:.2f}" for which in ("CRISIS", "all fields")
                 for kind in ("caught", "look-alikes left alone")]  # fmt: skip
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def interpreter() -> str:
    found = result("interpreter")
    lines = ["| | of 150 texts |", "|---|---|"]
    return "\n".join([*lines, *(f"| {row['what']} | {row['value']:.0f} |" for row in found["rows"])]) + "\n"


def performance() -> str:
    """Every kept figure that is compared with something, or has a bar; one table for each benchmark."""
    tables = ((name, table_of(name)) for name in kept())
    parts = [f"### {heading(name)}\n\n{table}" for name, table in tables if table]
    return "\n".join([*parts, f"## What falls short\n\n{falls_short()}"])


def kept() -> list[str]:
    """The benchmarks, and parts of them, that this page shows."""
    return [file.stem for file in sorted(RESULTS.glob("*.json")) if not file.stem.startswith(ELSEWHERE)]


def heading(name: str) -> str:
    """`inner house` for a benchmark, `loops: cycle` for a part of one."""
    if Path(__file__).with_name(f"{name}.py").exists():
        return name.replace("_", " ")
    whole, _, part = name.rpartition("_")
    return f"{whole.replace('_', ' ')}: {part}"


def falls_short() -> str:
    """What misses its bar, or is behind what it is compared with, and why."""
    found = [(name, short) for name in kept() for short in shortfalls(name, rows_of(name))]
    lines = ["| what | here | asked | why |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_short_line(name, short) for name, short in found), "", RULES_TOO]) + "\n"


RULES_TOO = (
    "How far the rules carry on texts of a new author falls short of its bars too, crisis most of all: "
    "[governance](governance.md#how-far-the-rules-carry)."
)


def _short_line(name: str, short: Shortfall) -> str:
    row = short.row
    here = f"{_round(row.value)} {row.unit}" + (f", ratio {_ratio(row.ratio)}" if row.ratio is not None else "")
    cells = (f"{heading(name)}: {row.what}", here, short.asked, short.why)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def rows_of(name: str) -> list[Row]:
    return [Row(**row) for row in result(name)["rows"]]


def table_of(name: str, *, every: bool = False) -> str:
    """One benchmark's figures: all, or those compared with something or with a bar; empty where there is none."""
    found = result(name)
    lines = [
        f"| {row.what} | {_round(row.value)} {row.unit.replace('|', '/')} | {_ratio(row.ratio)} | "
        f"{with_bar(name, row).replace('|', '/')} |"
        for row in rows_of(name)
        if every or row.ratio is not None or STATED.search(with_bar(name, row))
    ]
    about = found["machine"] + ("; the short form" if found.get("form") == "short" else "")
    return "\n".join([f"{about}.", "", *HEAD, *lines]) + "\n" if lines else ""


QUOTED = (
    "documents",
    "memory_speed",
    "loops_cycle",
    "loops_kills",
    "monitors_ticks",
    "monitors_pages",
    "monitors_crowd",
)
HEAD = ("| what | here | ratio | against |", "|---|---|---|---|")
ELSEWHERE = ("generalisation", "designs")  # shares of texts, not performance; docs/governance.md shows them


def _round(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:,.2f}" if ratio < 10 else f"{ratio:,.0f}"


TABLES: dict[str, Callable[[], str]] = {
    "generalisation": generalisation,
    "designs": designs,
    "interpreter": interpreter,
    "performance": performance,
    **{name: partial(table_of, name, every=True) for name in QUOTED},
}


if __name__ == "__main__":
    raise SystemExit(main())
