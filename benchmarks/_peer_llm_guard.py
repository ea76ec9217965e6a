"""Run by a Python that has llm-guard: patterns and a text come in as JSON, the median milliseconds of a scan go out.

llm-guard's `Regex` scanner is the deterministic part of a maintained guardrail library that does most nearly what
the rules do. It stops at the first pattern that matches and does not say which, so each rule gets a scanner of its own.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from importlib.metadata import version


def main() -> None:
    from llm_guard.input_scanners import Regex
    from llm_guard.util import configure_logger

    configure_logger(log_level="CRITICAL")
    given = json.load(sys.stdin)
    scanners = [Regex(patterns=[pattern], match_type="all", redact=False) for pattern in given["patterns"]]
    times = []
    for _ in range(given["repeats"] + 1):
        start = time.perf_counter_ns()
        for scanner in scanners:
            scanner.scan(given["text"])
        times.append((time.perf_counter_ns() - start) / 1e6)
    json.dump({"version": version("llm-guard"), "ms": statistics.median(times[1:])}, sys.stdout)


if __name__ == "__main__":
    main()
