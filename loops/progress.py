"""What a person sees of a running loop: a moving line on a terminal, one line a cycle in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from nma13.store import ROUNDS, STATIONS

OUTPUTS = len(ROUNDS) * len(STATIONS)
BAR = 21


class Progress:
    """Told of every output and cycle; knows how long cycles take here."""

    def __init__(
        self,
        source: str,
        cycles: int | None,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._cycles, self._stream, self._clock = source, cycles, stream, clock
        self._live = stream.isatty()
        self._began = clock()
        self.finished = 0
        self._outputs = 0

    def begin(self, cycle: int, outputs: int) -> None:
        self._outputs = outputs
        self._draw(f"cycle {cycle}", "")

    def output(self, cycle: int, round_: str, station: str) -> None:
        self._outputs += 1
        self._draw(f"cycle {cycle}", f"{round_} {station}")

    def cycle(self, cycle: int, what: str, seconds: float) -> None:
        self.finished += 1
        self.say(f"cycle {cycle}: {what}, {seconds:.1f} s{self._left()}")

    def say(self, line: str) -> None:
        """One line that stays."""
        clear = "\r\033[K" if self._live else ""
        print(f"{clear}{self._source} {line}", file=self._stream, flush=True)

    def _draw(self, where: str, what: str) -> None:
        if self._live:
            full = BAR * self._outputs // OUTPUTS
            bar = "▓" * full + "░" * (BAR - full)
            line = f"{self._source} {where} {bar} {self._outputs}/{OUTPUTS} {what}{self._left()}"
            print(f"\r\033[K{line}", end="", file=self._stream, flush=True)

    def _left(self) -> str:
        if not self.finished:
            return ""
        each = (self._clock() - self._began) / self.finished
        if self._cycles is None:
            return f" · {3600 / each:.1f} cycles/h"
        left = (self._cycles - self.finished) * each
        return f" · {self.finished} of {self._cycles}, {duration(left)} left"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
