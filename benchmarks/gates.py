"""How fast the structural pipeline is: `python -m benchmarks.gates [--json] [--short] [--peer PYTHON]`.

Figures that count are ratios within one run; milliseconds are printed with the machine they were taken on.
`--peer` names a Python in a virtual environment of its own that has llm-guard, which scans for the same patterns.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import table
from benchmarks._measuring import import_ms
from benchmarks.table import Row
from nma13.cli.battery import load
from nma13.kit import Kit
from nma13.pipeline import run
from nma13.rules import shipped

TEXT = (Path(__file__).parent / "ordinary.txt").read_text("utf-8").strip()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--peer", metavar="PYTHON", default="")
    given, rest = parser.parse_known_args(arguments)
    return table.run("gates", partial(measure, peer=given.peer), rest)


def measure(short: bool = False, peer: str = "") -> list[Row]:
    """The pipeline on ordinary words, its tail, the same patterns one by one, and hostile input."""
    kit = Kit(shipped())
    repeats = 60 if short else 400
    median, tail, one_by_one = by_turns(partial(run, TEXT, kit=kit), sequential(), repeats)
    against = "the same patterns one by one with Python's re"
    rows = [
        Row("pipeline_500_words", median, "ms", against, one_by_one / median),
        Row("pipeline_500_words p99", tail, "ms"),
        Row("re, pattern by pattern", one_by_one, "ms"),
        Row("500 words dense with hits", statistics.median(timed(partial(run, dense(), kit=kit), repeats)), "ms"),
        Row("import nma13.pipeline", import_ms("nma13.pipeline"), "ms"),
    ]
    if peer:
        name, took = peers_time(peer, max(5, repeats // 20))
        rows.append(Row("the pipeline beside a peer", median, "ms", f"{name}'s Regex scanner", took / median))
        rows.append(Row(f"{name}, Regex scanner", took, "ms"))
    size = 100_000 if short else 1_000_000
    ordinary = median / len(TEXT) * size
    for name, unit in HOSTILE.items():
        text = (unit * (size // len(unit) + 1))[:size]
        took = timed(partial(run, text, kit=kit), 1)[0]
        rows.append(
            Row(f"{size // 1000} kB, {name}", took, "ms", "as many characters of ordinary text", ordinary / took)
        )
    return rows


def by_turns(ours: Callable[[], object], other: Callable[[], object], repeats: int) -> tuple[float, float, float]:
    """Our median and 99th percentile and the other's median, in milliseconds.

    Both by turns, and of each the median of its quickest turn: the rest of the machine only ever slows one down. The
    percentile is that of all turns.
    """
    turns = [(timed(ours, repeats // TURNS), timed(other, 3)) for _ in range(TURNS)]
    every = sorted(time for mine, _ in turns for time in mine)
    mine, others = (min(map(statistics.median, each)) for each in zip(*turns, strict=True))
    return mine, every[int(len(every) * 0.99)], others


TURNS = 10
HOSTILE = {
    "plain": TEXT + "\n\n",
    "no_stops": "i will never be certain that you said all doctors agree and i want to die or lose my mind ",
    "one_word": "die ",
    "letters": "a",
    "quotes": "\"'",
    "homoglyphs": "I wаnt tо dіe. ",
    "questions": "should i stop my medication? ",
    "ifs": "if i go she dies, if i stay he dies, ",
}
"""What a hostile text repeats: no stops, nothing but triggers, nothing but letters, disguises."""


def dense() -> str:
    """The frozen scenarios one after another: every sentence of them was written to set something off."""
    return " ".join(" ".join(row["text"] for row in load("scenarios.jsonl")).split()[:500])


def peers_time(python: str, repeats: int) -> tuple[str, float]:
    """Name and version of the peer, and its median milliseconds for the same patterns on the same text."""
    patterns = [rule.pattern for rule in shipped().rules if rule.pattern]
    job = json.dumps({"patterns": patterns, "text": TEXT.lower(), "repeats": repeats})
    script = Path(__file__).with_name("_peer_llm_guard.py")
    done = subprocess.run([python, str(script)], input=job, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return f"llm-guard {said['version']}", float(said["ms"])


def sequential() -> Callable[[], None]:
    """Every pattern of the rule set over the whole text, one after another, as a plain list would."""
    patterns = [re.compile(rule.pattern) for rule in shipped().rules if rule.pattern]
    lower = TEXT.lower()

    def scan() -> None:
        for pattern in patterns:
            for _ in pattern.finditer(lower):
                pass

    return scan


def timed(work: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each repeat, sorted; one warm-up for what is compiled at first use."""
    if repeats > 1:
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        work()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return sorted(times)


if __name__ == "__main__":
    raise SystemExit(main())
