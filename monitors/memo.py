"""Worked out once for all who look: ten open browsers cost one round of questions."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 64  # ranges and windows that people look at side by side


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    stamp: Hashable = None
    value: Any = None
    made_at: float = float("-inf")


class Memo:
    """The newest value for each key. While a loop writes at full speed, a value is kept for a moment all the same."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, stamp: Hashable, make: Callable[[], T], rest_s: float = 0.0) -> tuple[Hashable, T]:
        """The value and the stamp it was made for: the one asked for, or an older one made less than `rest_s` ago."""
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        with kept.lock:  # those who come while it is made wait for it
            if kept.stamp != stamp and self._clock() - kept.made_at >= rest_s:
                kept.value, kept.stamp, kept.made_at = make(), stamp, self._clock()
            return kept.stamp, kept.value
