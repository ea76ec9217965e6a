"""`gates`: a JSONL of texts through the gates, in order, with progress; no model is asked."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from nma13.cli import options
from nma13.errors import UsageError
from nma13.jsonio import to_plain
from nma13.kit import Kit, default_kit
from nma13.pipeline import Outcome, run_many
from nma13.semantic import chosen_screen
from nma13.state import PipelineState, Provenance, summary
from nma13.store import storable


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input: a text, or why there is none."""

    id: Any
    text: str | None
    error: str = ""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lab gates", description=__doc__)
    parser.add_argument("source", help="JSONL with {id, text} a line; - reads standard input")
    parser.add_argument("--out", default="-", help="where the results go, in input order (default: standard output)")
    parser.add_argument("--csv", action="store_true", help="write the summaries as a table")
    parser.add_argument("--workers", type=int, default=1, help="parallel processes")
    options.add_engine_options(parser)
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    if chosen.out != "-" and Path(chosen.out).resolve() == Path(chosen.source).resolve():
        raise UsageError(f"--out {chosen.out} is the file to be read. Nothing was run; name another.")
    with ExitStack() as stack:
        source = _open(stack, chosen.source, "r")
        target = _open(stack, chosen.out, "w")
        return _work(source, target, chosen)


def _work(source: IO[str], target: IO[str], chosen: argparse.Namespace) -> int:
    lines: list[Line] = []  # of the texts under way; each is taken off as its result comes
    refused = done = 0
    started = time.monotonic()
    table = csv.DictWriter(target, columns()) if chosen.csv else None
    if table:
        table.writeheader()

    def texts() -> Iterator[str]:
        for line in lines_of(source):
            lines.append(line)
            yield line.text if line.text is not None else " "

    for outcome in run_many(texts(), chosen.workers, kit=partial(_kit, chosen.semantic)):
        line = lines.pop(0)
        row = row_of(line, outcome)
        refused += "error" in row
        done += 1
        if table:
            table.writerow(flat(row))
        else:
            target.write(json.dumps(row, ensure_ascii=True) + "\n")
        _progress(done, started)
    target.flush()
    spent = time.monotonic() - started
    print(f"{done} texts in {spent:.1f} s, {refused} refused. Results: {chosen.out}", file=sys.stderr)
    return 3 if refused else 0


def _kit(semantic: str | None) -> Kit:
    return default_kit(chosen_screen(semantic))


def lines_of(source: IO[str]) -> Iterator[Line]:
    for number, raw in enumerate(source, 1):
        if not raw.strip():
            continue
        try:
            plain = json.loads(raw)
        except (ValueError, RecursionError):
            yield Line(number, None, f"line {number} is not JSON")
            continue
        if not isinstance(plain, dict) or not isinstance(plain.get("text"), str):
            yield Line(
                plain.get("id", number) if isinstance(plain, dict) else number, None, f"line {number} has no «text»"
            )
            continue
        yield Line(plain.get("id", number), plain["text"])


def row_of(line: Line, outcome: Outcome) -> dict[str, Any]:
    if line.text is None:
        return {"id": line.id, "error": line.error}
    if not isinstance(outcome, PipelineState):
        return {"id": line.id, "error": str(outcome)}
    return {"id": line.id, "summary": summary(outcome), "state": to_plain(outcome)}


def columns() -> list[str]:
    """The head of the table: what every summary names, whether the first line can be read or not."""
    return ["id", *summary(PipelineState("", Provenance("", ""))), "error"]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table holds it: a list as words, half a surrogate pair as a character that can be written."""
    cells = {"id": row["id"], **row.get("summary", {}), "error": row.get("error", "")}
    cells = {name: " ".join(cell) if isinstance(cell, list) else cell for name, cell in cells.items()}
    return {name: storable(cell) if isinstance(cell, str) else cell for name, cell in cells.items()}


def _open(stack: ExitStack, name: str, mode: str) -> IO[str]:
    if name == "-":
        return sys.stdin if mode == "r" else sys.stdout
    try:
        errors = "replace" if mode == "r" else "strict"
        return stack.enter_context(Path(name).open(mode, encoding="utf-8", errors=errors, newline=""))
    except OSError as error:
        verb = "read" if mode == "r" else "written"
        raise UsageError(f"{name} cannot be {verb} ({error.strerror}). Nothing was run.") from None


def _progress(done: int, started: float) -> None:
    if sys.stderr.isatty() and done % 50 == 0:
        rate = done / max(time.monotonic() - started, 1e-9)
        print(f"\r{done} texts, {rate:.0f} a second", end="", file=sys.stderr, flush=True)
