"""What several benchmarks measure with: seconds, a median in milliseconds, memory, a part in another process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nma13.config import ROOT


def seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def median_ms(do: Callable[[], object], times: int = 15) -> float:
    return 1000 * statistics.median(seconds(do) for _ in range(times))


def import_ms(module: str) -> float:
    """Of three fresh interpreters, the quickest: the rest is the disk and the neighbours."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    return 1000 * min(
        float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout) for _ in range(3)
    )


def mib(ru_maxrss: float) -> float:
    """The most memory a process held, which macOS tells in bytes and Linux in KiB."""
    return ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def beside(benchmark: str, *words: str | Path) -> subprocess.Popen[str]:
    """`python -m benchmarks.BENCHMARK WORDS`, its standard output ours to read."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
