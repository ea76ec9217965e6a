"""Several requests under way at once: pieces in, one ordered stream of events out; cancel and deadlines.

Every backend only knows how to start one job and to feed it. This file knows how to wait for many.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nma13.llm.errors import ModelError, ModelTimeout
from nma13.llm.types import Cancel, Chunk, Completion, Request

POLL_S = 0.05  # how late a cancel or a deadline may be noticed


@dataclass(slots=True, eq=False)
class Job:
    """One request under way. The backend calls `emit`, then `finish` or `fail`, and heeds `stopped`."""

    index: int
    request: Request
    model: str
    events: queue.SimpleQueue[tuple[Job, str | Completion | BaseException]]
    quiet: bool = False
    started: float = field(default_factory=time.perf_counter)
    parts: list[str] = field(default_factory=list)
    over: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    @property
    def late(self) -> bool:
        limit = self.request.timeout_s
        return limit is not None and self.seconds > limit

    def stop(self) -> None:
        self._stop.set()

    def emit(self, text: str) -> None:
        if not text or self.stopped:
            return
        if self.quiet:  # nobody looks at the pieces: waking the caller for each would cost the model time
            self.parts.append(text)
        else:
            self.events.put((self, text))

    def finish(self, completion: Completion) -> None:
        self.events.put((self, completion))

    def fail(self, error: BaseException) -> None:
        self.events.put((self, error))

    def cancelled_completion(self) -> Completion:
        # Counted in pieces: a backend that was stopped does not report tokens any more.
        return Completion(self.text, "cancelled", 0, len(self.parts), self.seconds, self.model)


def run_jobs(
    requests: Sequence[Request],
    model: str,
    start: Callable[[Job], None],
    cancel: Cancel | None,
    quiet: bool = False,
    head_start: int = 0,
) -> Iterator[tuple[int, Chunk]]:
    """Start every request and yield its pieces as they come.

    With a head start, the first request writes that many pieces before the others are started: where all prompts
    are read by the same cores, the first word would otherwise wait until the last prompt is read.

    Returns within POLL_S of a cancel or a deadline, whatever the backend is doing: the job is told to
    stop and is not waited for. Leaving the iterator early stops every job too.
    """
    events: queue.SimpleQueue[tuple[Job, str | Completion | BaseException]] = queue.SimpleQueue()
    jobs = [Job(i, request, model, events, quiet) for i, request in enumerate(requests)]
    try:
        held_back = jobs[1:] if head_start else []
        for job in jobs[: len(jobs) - len(held_back)]:
            start(job)
        waiting = len(jobs)
        while waiting:
            if cancel is not None and cancel.cancelled:
                for job in jobs:
                    if not job.over:
                        job.over = True
                        job.stop()
                        yield job.index, Chunk("", job.cancelled_completion())
                return
            _raise_if_late(jobs)
            try:
                job, event = events.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if isinstance(event, str):
                job.parts.append(event)
                yield job.index, Chunk(event)
            elif isinstance(event, Completion):
                job.over = True
                waiting -= 1
                yield job.index, Chunk("", event)
            else:
                raise _with_partial(event, job)
            if held_back and (job.over or len(job.parts) >= head_start):
                for other in held_back:
                    start(other)
                held_back = []
    finally:
        for job in jobs:
            job.stop()


def start_thread(work: Callable[[Job], Completion]) -> Callable[[Job], None]:
    """A `start` for backends whose call blocks: one thread a job, its outcome reported as an event."""

    def start(job: Job) -> None:
        def run() -> None:
            try:
                job.finish(work(job))
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
                job.fail(error)

        threading.Thread(target=run, name=f"nma-job-{job.index}", daemon=True).start()

    return start


def _raise_if_late(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if not job.over and job.late:
            raise ModelTimeout(
                f"{job.model} did not finish within {job.request.timeout_s:g} s; "
                f"{len(job.text)} characters had arrived. Nothing was stored. "
                "Allow more time, ask for fewer tokens, or choose a faster model (./lab model).",
                partial=job.text,
            )


def _with_partial(error: BaseException, job: Job) -> BaseException:
    if isinstance(error, ModelError):
        error.partial = error.partial or job.text
        return error
    if isinstance(error, Exception):
        wrapped = ModelError(
            f"{job.model} failed unexpectedly ({type(error).__name__}: {error}). "
            "Your data is unchanged; please report this with the command you ran.",
            partial=job.text,
        )
        wrapped.__cause__ = error
        return wrapped
    return error
