"""The rounds and the questions of a deliberation, run through the model seam; each output is handed on at once.

What was said before may be handed in, so a deliberation that was cut off anywhere goes on at the next
missing output. The engine stores nothing: `keep` does, one output at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nma13.deliberation.checks import Checked, check_output
from nma13.deliberation.programme import STATIONS, Programme, Question, Round
from nma13.deliberation.prompts import Case, Said, question_request, station_request
from nma13.llm.types import JSON, Cancel, Completion, Model, Request

Mode = Literal["batched", "sequential"]
"""Sequential is reproducible: one text after another, each from a canonical state of the cache."""
Hear = Callable[[str, str, str], None]
"""Called with round, station and a piece of text as it is written."""


@dataclass(frozen=True, slots=True)
class Output:
    """One station's words in one round, checked, as the model wrote them."""

    round: str
    station: str
    text: str
    checked: Checked
    seed: int
    model: str
    made: Mode
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    whole: bool
    """False when the token budget cut it off."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said, and how long the model took for the part that was said now."""

    said: Said
    complete: bool
    model_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a question about the whole. A parse error is a status, never a value."""

    status: Literal["ok", "parse_error", "cancelled"]
    text: str
    values: Mapping[str, JSON]
    checked: Checked
    completion_tokens: int
    model_seconds: float
    why: str = ""


def deliberate(
    programme: Programme,
    case: Case,
    model: Model,
    keep: Callable[[Output], None],
    *,
    said: Said | None = None,
    mode: Mode = "batched",
    stop: Callable[[], bool] = lambda: False,
    cancel: Cancel | None = None,
    hear: Hear | None = None,
) -> Transcript:
    """Run what is still missing of the rounds. `stop` is asked after each output, `cancel` works at once."""
    cancel = cancel or Cancel()
    spoken = dict(said or {})
    spent = 0.0
    for round_ in programme.rounds:
        missing = [station for station in STATIONS if (round_.name, station) not in spoken]
        groups = [missing] if mode == "batched" else [[station] for station in missing]
        for stations in filter(None, groups):
            if stop() or cancel.cancelled:
                return Transcript(spoken, False, spent)
            requests = [_asked(programme, case, spoken, round_, station, mode) for station in stations]
            watch = _Stopwatch(_finished(model, requests, cancel, _hearing(hear, round_, stations)))
            fresh: dict[tuple[str, str], str] = {}
            for index, completion in watch:
                if completion.finish_reason == "cancelled":
                    continue
                keep(_output(round_.name, stations[index], requests[index], completion, case, mode))
                fresh[round_.name, stations[index]] = completion.text
                if stop():
                    cancel.cancel()
            spent += watch.seconds
            spoken |= fresh
            if len(fresh) < len(stations):
                return Transcript(spoken, False, spent)
    return Transcript(spoken, True, spent)


def arbitrate(
    programme: Programme,
    case: Case,
    said: Said,
    model: Model,
    question: Question,
    *,
    places: Mapping[str, str] | None = None,
    reproducible: bool = False,
    cancel: Cancel | None = None,
) -> Answer:
    """Ask one question about the whole; `places` fills what its task leaves open."""
    request = replace(question_request(programme, case, said, question, places or {}), reproducible=reproducible)
    began = time.perf_counter()
    completion = model.generate([request], cancel)[0]
    spent = time.perf_counter() - began
    values = completion.parsed if isinstance(completion.parsed, dict) else {}
    failure = completion.parse_failure
    status: Literal["ok", "parse_error", "cancelled"] = "ok"
    if completion.finish_reason == "cancelled":
        status = "cancelled"
    elif question.fields and (failure is not None or not values):
        status = "parse_error"
    heard = " ".join(str(value) for value in values.values()) if question.fields else completion.text
    return Answer(
        status,
        completion.text,
        values if status == "ok" else {},
        check_output(heard, case.grounds),
        completion.completion_tokens,
        spent,
        failure.reason if failure else "",
    )


def _asked(programme: Programme, case: Case, said: Said, round_: Round, station: str, mode: Mode) -> Request:
    request = station_request(programme, case, said, round_, station)
    return replace(request, reproducible=mode == "sequential")


def _output(round_: str, station: str, request: Request, completion: Completion, case: Case, mode: Mode) -> Output:
    return Output(
        round_,
        station,
        completion.text,
        check_output(completion.text, case.grounds, station),
        request.seed,
        completion.model,
        mode,
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.seconds,
        completion.finish_reason == "stop",
    )


def _hearing(hear: Hear | None, round_: Round, stations: Sequence[str]) -> Callable[[int, str], None] | None:
    if hear is None:
        return None
    return lambda index, piece: hear(round_.name, stations[index], piece)


def _finished(
    model: Model, requests: Sequence[Request], cancel: Cancel, hear: Callable[[int, str], None] | None
) -> Iterator[tuple[int, Completion]]:
    """Each text when it is finished; the pieces only if somebody listens, since waking up for each costs time."""
    if hear is None:
        yield from model.as_finished(requests, cancel)
        return
    for index, chunk in model.stream_many(requests, cancel):
        if chunk.text:
            hear(index, chunk.text)
        if chunk.completion is not None:
            yield index, chunk.completion


class _Stopwatch:
    """Counts the time an iterator takes, and not what its reader does in between."""

    def __init__(self, source: Iterator[tuple[int, Completion]]) -> None:
        self._source, self.seconds = source, 0.0

    def __iter__(self) -> Iterator[tuple[int, Completion]]:
        while True:
            began = time.perf_counter()
            try:
                found = next(self._source)
            except StopIteration:
                return
            finally:
                self.seconds += time.perf_counter() - began
            yield found
