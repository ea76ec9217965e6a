"""Many runs of one function: one after the other, or on several processes; results in the order asked for."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_all(work: Callable[[Job], Result], jobs: Sequence[Job], workers: int = 1, name: str = "runs") -> list[Result]:
    """`work` must be a plain function of a module and `jobs` plain values, so that they travel to a process."""
    if workers <= 1:
        return [_told(work(job), done, len(jobs), name) for done, job in enumerate(jobs, 1)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        results = pool.map(work, jobs)
        return [_told(result, done, len(jobs), name) for done, result in enumerate(results, 1)]


def _told(result: Result, done: int, total: int, name: str) -> Result:
    if sys.stderr.isatty() or done == total or done % 20 == 0:
        print(f"{name}: {done} of {total}", file=sys.stderr, flush=True)
    return result
