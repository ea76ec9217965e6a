"""How fast the structural pipeline is: `python -m benchmarks.gates [--json] [--short]`.

Figures that count are ratios within one run; milliseconds are printed with the machine they were taken on.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from nma13.kit import Kit
from nma13.pipeline import run
from nma13.rules import shipped

TEXT = (Path(__file__).parent / "ordinary.txt").read_text("utf-8").strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--short", action="store_true", help="fewer repeats, 100 kB instead of 1 MB")
    options = parser.parse_args()
    result = {"name": "gates", "machine": machine(), "rows": rows(options.short)}
    if options.json:
        print(json.dumps(result))
        return 0
    print(result["machine"])
    for row in result["rows"]:
        ratio = f"{row['ratio']:8.1f} × {row['against']}" if row["ratio"] else ""
        print(f"{row['what']:34} {row['value']:10.3f} {row['unit']:5} {ratio}")
    return 0


def machine() -> str:
    return f"{platform.machine()} {platform.system()} Python {platform.python_version()}"


def rows(short: bool = False) -> list[dict[str, Any]]:
    """The table: the pipeline on ordinary words, its tail, the same patterns one by one, hostile input."""
    kit = Kit(shipped())
    repeats = 60 if short else 400
    times = timed(lambda: run(TEXT, kit=kit), repeats)
    median, tail = statistics.median(times), times[int(len(times) * 0.99)]
    one_by_one = statistics.median(timed(sequential(), max(5, repeats // 20)))
    table = [
        row("pipeline_500_words", median, "ms", "the same patterns one by one with re", one_by_one / median),
        row("pipeline_500_words_p99", tail, "ms"),
        row("re_one_by_one", one_by_one, "ms"),
    ]
    size = 100_000 if short else 1_000_000
    per_byte = median / len(TEXT)
    for name, unit in HOSTILE.items():
        text = (unit * (size // len(unit) + 1))[:size]
        took = timed(partial(run, text, kit=kit), 1)[0]
        what = f"hostile_{size // 1000}kB_{name}"
        table.append(row(what, took, "ms", "per byte of ordinary text", per_byte * size / took))
    return table


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


def row(what: str, value: float, unit: str, against: str = "", ratio: float = 0.0) -> dict[str, Any]:
    return {
        "what": what,
        "value": round(value, 4),
        "unit": unit,
        "against": against,
        "ratio": round(ratio, 2),
    }


if __name__ == "__main__":
    raise SystemExit(main())
