"""Asking running loops to end, and waiting until they have."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence

from loops.registry import PROGRAMMES
from nma13.config import data_dir
from nma13.store.lock import read_holder

LOOK_EVERY_S = 0.2


def stop_loops(letters: Sequence[str], wait_s: float) -> int:
    """SIGTERM to each that runs; 1 when one of them has not ended within `wait_s`."""
    waiting = {}
    for letter in letters:
        source = PROGRAMMES[letter].source
        pid = _pid(source)
        if pid is None:
            print(f"{source} is not running.", file=sys.stderr)
            continue
        os.kill(pid, signal.SIGTERM)
        print(f"{source} (process {pid}) ends after its current output …", file=sys.stderr)
        waiting[source] = pid
    give_up = time.monotonic() + wait_s
    while waiting and time.monotonic() < give_up:
        time.sleep(LOOK_EVERY_S)
        for source in [source for source, pid in waiting.items() if _pid(source) != pid]:
            print(f"{source} has stopped.", file=sys.stderr)
            del waiting[source]
    for source, pid in waiting.items():
        print(f"{source} (process {pid}) is still writing its output. Nothing is lost if you wait.", file=sys.stderr)
    return 1 if waiting else 0


def _pid(source: str) -> int | None:
    """The process that holds the loop's lock now."""
    holder = read_holder(data_dir() / f"{source}.lock")
    pid = (holder or {}).get("pid")
    return int(pid) if pid else None
