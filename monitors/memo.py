"""Worked out once for all who look: ten open browsers cost one round of questions."""

from __future__ import annotations

import threading
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


class Memo:
    """The newest value for each key; `stamp` says what it was made from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, stamp: Hashable, make: Callable[[], T]) -> T:
        """The value that belongs to `stamp`, made now if it is not known."""
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        with kept.lock:  # those who come while it is made wait for it
            if kept.stamp != stamp:
                kept.value, kept.stamp = make(), stamp
            return kept.value  # type: ignore[no-any-return]
