"""Answers go on being written while nobody looks: a phone that leaves in the middle finds its answer on return.

Held in this process's memory only, never on disk: the last answer of each visitor, for half an hour.
A visitor is a random number that the browser keeps; who does not know it cannot ask for the answer.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nma13.llm import Cancel

KEPT = 32  # visitors
KEPT_S = 1800.0
SHORTEST_ID = 16
Screen = tuple[Any, ...]
Produce = Callable[[Cancel], Iterator[Screen]]
UNCHANGED = {"__type__": "update"}  # what gr.skip() is


@dataclass(slots=True)
class _Answer:
    """One answer on its way; `screen` is what a page would show by now."""

    text: str
    moved: threading.Condition = field(default_factory=threading.Condition)
    cancel: Cancel = field(default_factory=Cancel)
    screen: Screen | None = None
    steps: int = 0
    over: bool = False
    left: bool = False
    failure: Exception | None = None
    touched: float = field(default_factory=time.monotonic)


class Spool:
    """The last answer of each visitor. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    def ask(self, visitor: str, text: str, produce: Produce) -> Iterator[Screen]:
        """Begin to write, whoever goes on looking; the answer before it is given up."""
        answer = _Answer(text)
        with self._lock:
            before = self._answers.pop(visitor, None)
            self._tidy()
            if len(visitor) >= SHORTEST_ID:
                while len(self._answers) >= KEPT:
                    _leave(self._answers.popitem(last=False)[1])
                self._answers[visitor] = answer
        if before is not None:
            _leave(before)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_write, answer, produce), name="answer", daemon=True).start()
        yield from _follow(answer)

    def again(self, visitor: str) -> tuple[str, Iterator[Screen]] | None:
        """What this visitor asked last, and the answer: as it stands, then as it goes on."""
        with self._lock:
            self._tidy()
            answer = self._answers.get(visitor)
        return None if answer is None or answer.left else (answer.text, _follow(answer))

    def stop(self, visitor: str) -> None:
        """Write no further, and forget what was written."""
        with self._lock:
            answer = self._answers.pop(visitor, None)
        if answer is not None:
            _leave(answer)

    def _tidy(self) -> None:
        now = time.monotonic()
        old = [visitor for visitor, one in self._answers.items() if one.over and now - one.touched > KEPT_S]
        for visitor in old:
            del self._answers[visitor]


def merged(before: Screen | None, now: Screen) -> Screen:
    """What a page shows after `now`: a part that was skipped stands as it was."""
    if before is None:
        return now
    return tuple(old if new == UNCHANGED else new for old, new in zip(before, now, strict=True))


def _write(answer: _Answer, produce: Produce) -> None:
    steps = produce(answer.cancel)
    try:
        for screen in steps:
            if answer.left:
                break
            with answer.moved:
                answer.screen = merged(answer.screen, screen)
                answer.steps += 1
                answer.moved.notify_all()
    except Exception as failure:  # noqa: BLE001 - carried to whoever looks
        answer.failure = failure
    finally:
        with answer.moved:
            answer.over, answer.touched = True, time.monotonic()
            answer.moved.notify_all()


def _follow(answer: _Answer) -> Iterator[Screen]:
    seen = 0
    while True:
        with answer.moved:
            while not (answer.steps > seen or answer.over or answer.left):
                answer.moved.wait()
            fresh, seen, screen = answer.steps > seen, answer.steps, answer.screen
            ended = answer.over or answer.left
        if fresh and screen is not None:
            yield screen
        if ended:
            break
    if answer.failure is not None and not answer.left:
        raise answer.failure


def _leave(answer: _Answer) -> None:
    answer.cancel.cancel()
    with answer.moved:
        answer.left = True
        answer.moved.notify_all()
