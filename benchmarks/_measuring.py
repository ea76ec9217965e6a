"""What several benchmarks measure with: a median in milliseconds, and a part of oneself in another process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nma13.config import ROOT


def median_ms(do: Callable[[], object], times: int = 15) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def beside(benchmark: str, *words: str | Path) -> subprocess.Popen[str]:
    """`python -m benchmarks.BENCHMARK WORDS`, its standard output ours to read."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
