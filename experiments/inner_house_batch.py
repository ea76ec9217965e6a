"""The same problems through the Inner House twice: from a cold start, and with the terrain the loops have found.

python -m experiments.inner_house_batch PROBLEMS [--condition cold_start|terrain_informed|both] [--out FOLDER]
PROBLEMS is a text file with one problem a line, or JSON lines with `text` and, if you like, `id`. Each condition gets a
folder of its own with `results.json`; problems that are there already are not deliberated again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.manifest import file_hash, machine, manifest, read_result, write_result
from nma13.config import data_dir
from nma13.errors import LabError, UsageError
from nma13.inner_house import Asked, Declined, Session, cancel, start, wait
from nma13.inner_house.runner import TIMEOUT_S
from nma13.state import summary

CONDITIONS = {"cold_start": False, "terrain_informed": True}
REFUSED_SOME = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One text to deliberate, under a name that stays the same in both conditions."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch hangs on. The same seeds in both conditions, so that only the terrain differs."""

    source: Path
    out: Path
    model: str | None
    seed: int
    timeout_s: float
    data: Path


Deliberate = Callable[[Problem, Asked, Path], dict[str, Any]]


def read_problems(path: Path) -> tuple[Problem, ...]:
    """Every problem of a file; names must differ."""
    try:
        text = path.read_text("utf-8-sig")  # some editors set a mark before the first line
        lines = [line.strip() for line in text.split("\n")]  # a text may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text ({error}). Nothing was run.") from None
    found = [_problem(line, number, path) for number, line in enumerate(lines, 1) if line]
    if not found:
        raise UsageError(f"{path} holds no problem. Nothing was run.")
    if len({problem.id for problem in found}) < len(found):
        raise UsageError(f"Two problems of {path} have the same id. Nothing was run.")
    return tuple(found)


def _problem(line: str, number: int, path: Path) -> Problem:
    if not line.startswith("{"):
        return Problem(str(number), line)
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Line {number} of {path} is no problem ({error}). Nothing was run.") from None
    text = entry.get("text")
    if not isinstance(text, str):
        raise UsageError(f"Line {number} of {path} has no «text». Nothing was run.")
    return Problem(str(entry.get("id", number)), text)


def run_condition(
    condition: str, problems: Sequence[Problem], batch: Batch, deliberate: Deliberate
) -> list[dict[str, Any]]:
    """One condition; written after every problem, so that a batch that was stopped goes on where it was."""
    file = batch.out / condition / "results.json"
    config = {"condition": condition, "model": batch.model, "timeout_s": batch.timeout_s}
    about = manifest("experiments.inner_house_batch", config, batch.seed, file_hash(batch.source))
    done = _already(file, about)
    for place, problem in enumerate(problems):
        if problem.id in done:
            continue
        asked = Asked(
            terrain=CONDITIONS[condition], model=batch.model, seed=batch.seed + place, timeout_s=batch.timeout_s
        )
        done[problem.id] = {"id": problem.id, **deliberate(problem, asked, batch.data)}
        rows = [done[one.id] for one in problems if one.id in done]
        write_result(file, {"manifest": about, "machine": machine(), "sums": sums(rows), "rows": rows})
        print(f"{condition}: {len(rows)} of {len(problems)}, {done[problem.id]['status']}", file=sys.stderr, flush=True)
    return [done[problem.id] for problem in problems]


def _already(file: Path, about: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an earlier call finished. Another model, seed or version may not be mixed in."""
    if not file.exists():
        return {}
    earlier = read_result(file)
    if earlier.get("manifest") != about:
        raise UsageError(
            f"{file} was made with other words, another model, seed or version. Nothing was run. "
            "Choose another --out, or move it away."
        )
    finished = ("done", "declined", "timeout")
    return {row["id"]: row for row in earlier["rows"] if row["status"] in finished}


def deliberated(problem: Problem, asked: Asked, data: Path) -> dict[str, Any]:
    """One real session, from its gates to its end; a Ctrl-C cancels it."""
    try:
        begun = start(problem.text, asked, data)
        if isinstance(begun, Declined):
            return {"status": "declined", "summary": summary(begun.state)}
        try:
            return row_of(wait(begun.session, data))
        except KeyboardInterrupt:
            cancel(begun.session, data)
            raise
    except LabError as error:
        return {"status": "failed", "error": str(error)}


def row_of(session: Session) -> dict[str, Any]:
    """What is counted of a session, and its resolution; the words lie in the store under its id."""
    words = session.words
    seconds = None if session.finished_ms is None else (session.finished_ms - session.created_ms) / 1000
    return {
        "session": session.id,
        "status": session.status,
        "error": session.error,
        "scenario_type": session.scenario_type,
        "terrain_given": sum(ground.included for ground in session.terrain),
        "terrain_kept_out": sum(not ground.included for ground in session.terrain),
        "friction_type": session.friction_type,
        "lead_station": session.lead_station,
        "bof_status": session.bof_status,
        "resolution": session.resolution,
        "resolution_source": (session.notes.get("resolution") or {}).get("source"),
        "outputs": sum(word.done for word in words),
        "outputs_withheld": sum(word.done and word.audit == "withheld" for word in words),
        "outputs_flagged": sum(any("flag" in found for found in word.findings) for word in words),
        "unverified_premises_named": sum("UNVERIFIED PREMISE" in word.text for word in words if word.round == "R1"),
        "words_in_r3": sum(len(word.text.split()) for word in words if word.round == "R3"),
        "seconds": seconds,
    }


def sums(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts over a condition. They describe; whether a difference means anything is for a study to say."""
    done = [row for row in rows if row["status"] == "done"]
    frictions = [row["friction_type"] or "not classified" for row in done]
    mean = lambda name: sum(row[name] for row in done) / len(done) if done else None  # noqa: E731
    return {
        "problems": len(rows),
        "done": len(done),
        "frictions": {name: frictions.count(name) for name in sorted(set(frictions))},
        "resolutions_by_source": {
            name: sum(row["resolution_source"] == name for row in done)
            for name in sorted({str(row["resolution_source"]) for row in done})
        },
        "mean_outputs_withheld": mean("outputs_withheld"),
        "mean_outputs_flagged": mean("outputs_flagged"),
        "mean_terrain_given": mean("terrain_given"),
        "mean_seconds": mean("seconds"),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.inner_house_batch", description=__doc__)
    parser.add_argument("problems", type=Path)
    parser.add_argument("--condition", choices=(*CONDITIONS, "both"), default="both")
    parser.add_argument("--out", type=Path, help="default: experiment_results in the data folder")
    parser.add_argument("--model", help="which model writes; see ./lab model")
    parser.add_argument("--seed", type=int, default=1, help="of the first problem; the next ones follow")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="S")
    chosen = parser.parse_args(arguments)
    try:
        problems = read_problems(chosen.problems)
        out = chosen.out or data_dir() / "experiment_results"
        batch = Batch(chosen.problems, out, chosen.model, chosen.seed, chosen.timeout, data_dir())
        wanted = CONDITIONS if chosen.condition == "both" else (chosen.condition,)
        rows = [row for name in wanted for row in run_condition(name, problems, batch, deliberated)]
    except LabError as error:
        print(f"inner house batch: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept; the same words go on from there.", file=sys.stderr)
        return 130
    for name in wanted:
        print(out / name / "results.json")
    return 0 if all(row["status"] in ("done", "declined") for row in rows) else REFUSED_SOME


if __name__ == "__main__":
    raise SystemExit(main())
