"""The spool goes on writing when its reader leaves, hands the answer to its visitor only, and can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from apps.gradio_setup import gr
from apps.spool import KEPT, Screen, Spool, merged
from nma13.llm import Cancel

ANNA, BORIS = "a" * 32, "b" * 32


class Paced:
    """Three screens; each after the first waits for `go`."""

    def __init__(self) -> None:
        self.go, self.done = threading.Semaphore(0), threading.Event()
        self.cancel: Cancel | None = None

    def __call__(self, cancel: Cancel) -> Iterator[Screen]:
        self.cancel = cancel
        try:
            yield "decided", "…"
            self.go.acquire()
            yield gr.skip(), "one"
            self.go.acquire()
            yield gr.skip(), "one two"
        finally:
            self.done.set()


def test_a_part_that_is_skipped_stands_as_it_was() -> None:
    assert merged(("a", "b"), (gr.skip(), "c")) == ("a", "c")


def test_who_leaves_in_the_middle_finds_the_whole_answer_on_return() -> None:
    spool, paced = Spool(), Paced()
    looking = spool.ask(ANNA, "a question", paced)
    assert next(looking) == ("decided", "…")
    looking.close()  # the phone is gone
    paced.go.release()
    paced.go.release()
    assert paced.done.wait(5)
    found = spool.again(ANNA)
    assert found is not None
    assert found[0] == "a question"
    assert list(found[1])[-1] == ("decided", "one two")


def test_who_returns_in_the_middle_sees_the_rest_arrive() -> None:
    spool, paced = Spool(), Paced()
    next(spool.ask(ANNA, "a question", paced))
    found = spool.again(ANNA)
    assert found is not None
    assert next(found[1]) == ("decided", "…")
    paced.go.release()
    assert next(found[1]) == ("decided", "one")
    paced.go.release()
    assert list(found[1]) == [("decided", "one two")]


def test_nobody_elses_answer_is_found() -> None:
    spool, paced = Spool(), Paced()
    next(spool.ask(ANNA, "a question", paced))
    assert spool.again(BORIS) is None
    assert spool.again("") is None
    next(spool.ask("", "no number", Paced()))
    assert spool.again("") is None
    spool.stop(ANNA)


def test_stopping_pulls_the_cancel_and_forgets() -> None:
    spool, paced = Spool(), Paced()
    looking = spool.ask(ANNA, "a question", paced)
    next(looking)
    spool.stop(ANNA)
    assert list(looking) == []
    assert paced.cancel is not None
    assert paced.cancel.cancelled
    paced.go.release()
    assert paced.done.wait(5)
    assert spool.again(ANNA) is None


def test_a_failure_reaches_the_one_who_looks() -> None:
    def fails(_cancel: Cancel) -> Iterator[Screen]:
        yield ("decided",)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(Spool().ask(ANNA, "a question", fails))


def test_only_the_last_visitors_are_kept() -> None:
    spool = Spool()
    for number in range(KEPT + 1):
        list(spool.ask(f"{number:032}", "a question", lambda _cancel: iter([("x",)])))
    assert spool.again(f"{0:032}") is None
    assert spool.again(f"{KEPT:032}") is not None
    assert spool.again(f"{1:032}") is not None  # looking again pushes nobody out
