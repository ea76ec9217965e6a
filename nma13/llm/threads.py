"""How many threads llama.cpp may use: measured once, because two can be ten times slower than one.

llama.cpp's threads wait for each other by spinning. Where another process holds a core they all wait for
the one that does not run, so counting cores is the wrong question.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nma13.llm import cache
from nma13.llm.errors import WrongModelString

WORTH_IT = 1.1  # another thread must bring a tenth, or it is left to the rest of the machine


@dataclass(frozen=True, slots=True)
class Threads:
    """A number and the reason for it."""

    count: int
    why: str


def choose_threads(path: Path, measure: Callable[[int], float], env: Mapping[str, str] = os.environ) -> Threads:
    """`measure(threads)` returns tokens per second; it is called only when nothing is known yet."""
    named = env.get("NMA_THREADS", "").strip()
    if named:
        if not named.isdecimal() or int(named) < 1:
            raise WrongModelString(f"NMA_THREADS is {named!r}; it must be a whole number, at least 1.")
        return Threads(int(named), f"NMA_THREADS={named}")
    if busy():  # also where more threads are known to pay in quiet: now they would wait for each other
        return Threads(1, "the machine is busy with other work: one thread, more when it is quiet")
    key = f"{cache.machine()}|{cache.file_key(path)}"
    known = cache.recall("threads", key)
    if known is not None and isinstance(known.get("count"), int):
        return Threads(known["count"], str(known.get("why", "")))
    cores = physical_cores()
    if cores == 1:
        return Threads(1, "one core")
    found = _measured(cores, measure)
    cache.remember("threads", key, {"count": found.count, "why": found.why})
    return found


def _measured(cores: int, measure: Callable[[int], float]) -> Threads:
    """Double until it no longer pays."""
    speeds = {1: measure(1)}
    best, count = 1, 2
    while count <= cores:
        speeds[count] = measure(count)
        if speeds[count] < WORTH_IT * speeds[best]:
            break
        best, count = count, min(count * 2, cores) if count < cores else cores + 1
    told = ", ".join(f"{n}: {speed:.0f} tokens/s" for n, speed in speeds.items())
    return Threads(best, f"measured on {cache.machine()} ({told})")


def physical_cores() -> int:
    """Cores this process may use; siblings of one core counted once where the system tells."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    if allowed is None:
        return max(1, os.cpu_count() or 1)
    siblings = set()
    for cpu in allowed:
        place = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        siblings.add(place.read_text().strip() if place.is_file() else str(cpu))
    return max(1, len(siblings))


def busy() -> bool:
    """Whether others already use more than half a core for each one we have."""
    return os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1)
