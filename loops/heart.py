"""The heartbeat of a loop's process: one row every few seconds, and a watch over how long nothing was said.

A thread of its own with a connection of its own, so that it beats while the model writes.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from loops.programme import LoopProgramme
from nma13.clock import now_ms
from nma13.store import StoreError, open_rw
from nma13.store.units import HeartState, beat, record_event

EVERY_S = 3.0
STALL_AFTER_S = 900.0


class Pulse:
    """What the heartbeat tells; written by the loop's thread, read by the heart's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._guard = clock, threading.Lock()
        self._state: HeartState = "starting"
        self._detail, self._cycle, self._moved = "", None, clock()
        self.changed = threading.Event()

    def tell(self, state: HeartState, detail: str = "", cycle: int | None = None) -> None:
        with self._guard:
            changed = state != self._state
            self._state, self._detail = state, detail
            self._cycle = self._cycle if cycle is None else cycle
        if changed:  # what somebody watches for is written at once, not at the next beat
            self.changed.set()

    def moved(self) -> None:
        """Something was finished."""
        with self._guard:
            self._moved = self._clock()

    def read(self) -> tuple[HeartState, str, int | None, float]:
        """State, detail, cycle, and for how many seconds nothing was finished."""
        with self._guard:
            return self._state, self._detail, self._cycle, self._clock() - self._moved


class Heart:
    """Use as a context manager around the work."""

    def __init__(
        self,
        loop: LoopProgramme,
        pulse: Pulse,
        folder: Path | None,
        *,
        every: float = EVERY_S,
        stall_after: float = STALL_AFTER_S,
        on_stall: str = "",
    ) -> None:
        self._loop, self._pulse, self._folder = loop, pulse, folder
        self._every, self._stall_after, self._on_stall = every, stall_after, on_stall
        self._over = threading.Event()
        self._stalled = self._troubled = False
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._pulse.changed.set()
        self._thread.join(timeout=30)

    def _live(self) -> None:
        """Beat until it is over; a database that cannot be written now is tried again at the next beat."""
        connection = None
        while True:
            last = self._over.is_set()
            self._pulse.changed.clear()
            try:
                connection = connection or open_rw(self._loop.tables.database, self._folder)
                state, detail, cycle, quiet = self._pulse.read()
                now = now_ms()
                beat(connection, self._loop.source, os.getpid(), state, cycle, now, detail)
                if self._stalls(quiet):
                    what = f"nothing was finished for {quiet:.0f} s ({state}: {detail or 'no reason known'})"
                    record_event(connection, self._loop.source, "stall", os.getpid(), cycle, now, what)
                    run_hook(self._on_stall, f"{self._loop.source}: {what}")
                self._troubled = False
            except StoreError as error:
                # The loop's own thread meets the same and waits; a heart that does not beat shows in `status`.
                if not self._troubled:
                    print(f"{self._loop.source}: the heartbeat was not written: {error}", file=sys.stderr)
                self._troubled = True
            if last:
                break
            self._pulse.changed.wait(self._every)
        if connection is not None:
            connection.close()

    def _stalls(self, quiet: float) -> bool:
        """True once per stall."""
        before, self._stalled = self._stalled, quiet > self._stall_after
        return self._stalled and not before


def run_hook(command: str, message: str) -> None:
    """The user's own command, with the message as its last word; it may not hold the loop up."""
    if not command:
        return
    try:
        subprocess.Popen(
            [*shlex.split(command), message],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        print(f"The command for stalls could not be started ({error}): {command}", file=sys.stderr)
