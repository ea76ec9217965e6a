"""Waiting for many jobs: cancel and deadlines hold whatever the backend does."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from nma13.llm import Cancel, Completion, Message, ModelError, ModelTimeout, Request
from nma13.llm.jobs import Job, run_jobs, start_thread

REQUEST = Request((Message("user", "hello"),))


class Deaf:
    """A backend that writes one word and then hears nothing until the test is over; `woken` counts who came back."""

    def __init__(self) -> None:
        self.over, self.woken = Event(), 0

    def __call__(self, job: Job) -> Completion:
        job.emit("one")
        self.over.wait(60)
        self.woken += 1
        return Completion("one", "stop", 1, 1, 3.0, "deaf")


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    backend = Deaf()
    yield backend
    backend.over.set()


def test_a_cancel_is_answered_at_once_even_by_a_deaf_backend(deaf: Deaf) -> None:
    cancel = Cancel()
    events = run_jobs([REQUEST, REQUEST], "deaf", start_thread(deaf), cancel)
    assert next(events)[1].text == "one"
    assert next(events)[1].text == "one"
    cancel.cancel()
    rest = list(events)
    assert deaf.woken == 0, "nobody waited for it"
    assert {index for index, _ in rest} == {0, 1}
    assert all(c.completion and c.completion.finish_reason == "cancelled" for _, c in rest)
    assert all(c.completion and c.completion.text == "one" for _, c in rest)


def test_a_deadline_raises_with_what_had_arrived(deaf: Deaf) -> None:
    late = Request(REQUEST.messages, timeout_s=0.2)
    with pytest.raises(ModelTimeout, match=r"0\.2 s") as caught:
        list(run_jobs([late], "deaf", start_thread(deaf), None))
    assert deaf.woken == 0, "nobody waited for it"
    assert caught.value.partial == "one"


def test_an_unexpected_failure_becomes_a_sentence_and_keeps_its_cause() -> None:
    def broken(job: Job) -> Completion:
        raise ZeroDivisionError("no")

    with pytest.raises(ModelError, match="ZeroDivisionError") as caught:
        list(run_jobs([REQUEST], "broken", start_thread(broken), None))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_leaving_early_tells_every_job_to_stop() -> None:
    jobs: list[Job] = []

    def start(job: Job) -> None:
        jobs.append(job)
        job.emit("word")

    events = run_jobs([REQUEST, REQUEST], "any", start, None)
    next(events)
    assert not any(job.stopped for job in jobs)
    events.close()  # type: ignore[attr-defined]
    assert all(job.stopped for job in jobs)


@pytest.mark.parametrize("pieces", [2, 9])
def test_a_head_start_lets_the_first_speak_before_the_others_are_asked(pieces: int) -> None:
    """Whether it reaches its pieces or is over before."""
    started: list[int] = []

    def start(job: Job) -> None:
        started.append(job.index)
        for word in ("one", "two", "three"):
            job.emit(word)
        job.finish(Completion("onetwothree", "stop", 1, 3, 0.1, "any"))

    events = run_jobs([REQUEST] * 3, "any", start, None, head_start=pieces)
    assert [next(events)[0], started] == [0, [0]]
    rest = list(events)
    assert started == [0, 1, 2]
    assert sum(chunk.completion is not None for _, chunk in rest) == 3


def test_a_cancel_during_the_head_start_ends_those_that_were_not_asked() -> None:
    cancel, started = Cancel(), []

    def start(job: Job) -> None:
        started.append(job.index)
        job.emit("one")

    events = run_jobs([REQUEST] * 3, "any", start, cancel, head_start=5)
    next(events)
    cancel.cancel()
    assert sorted(index for index, _ in events) == [0, 1, 2]
    assert started == [0]
