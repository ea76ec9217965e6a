"""The values that cross the model seam, and the one protocol every backend keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

JSON = Any  # null, a truth value, a number, a string, a list or an object
Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation."""

    role: Role
    content: str


def plain(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The turns as every library takes them; half a surrogate pair, which has no UTF-8, becomes a question mark."""
    return [{"role": m.role, "content": m.content.encode("utf-8", "replace").decode("utf-8")} for m in messages]


@dataclass(frozen=True, slots=True)
class Request:
    """One text to be written.

    Lay the messages out so that what several requests share comes first and the part of one's own is the
    last message: backends keep what stands before the last message in their prefix cache.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    json_schema: Mapping[str, JSON] | None = None
    grammar: str | None = None
    timeout_s: float | None = None
    stop: tuple[str, ...] = ()
    reproducible: bool = False
    """Run alone and from a canonical cache state, so that the text does not depend on what ran before."""


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """The answer was not the JSON asked for. A status of its own, never a result."""

    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for one request."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    model: str
    cached_tokens: int = 0
    parsed: JSON = None
    """The JSON value, where a schema was asked for and kept; look at `parse_failure` first."""
    parse_failure: ParseFailure | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text as it is written; the last one of a request carries the whole completion."""

    text: str
    completion: Completion | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which option the model took, and by which means."""

    index: int
    option: str
    how: Literal["constrained decoding", "likelihood", "validated answer", "scripted"]


@dataclass(frozen=True, slots=True)
class Description:
    """What is running. None means unknown or not measured, never zero."""

    backend: str
    model: str
    source: str
    size_bytes: int | None = None
    parameters: int | None = None
    context: int | None = None
    slots: int | None = None
    threads: int | None = None
    threads_why: str = ""
    json: Literal["constrained", "validated", "scripted", "none"] = "validated"
    grammar: bool = False
    leaves_machine: bool = False


class Cancel:
    """Handed in with a call and pulled from any thread; the call then ends with what it has."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()


@runtime_checkable
class Model(Protocol):
    """A language model, batch first. Safe to call from several threads."""

    def generate(self, requests: Sequence[Request], cancel: Cancel | None = None) -> list[Completion]:
        """Every request answered, in order; JSON is parsed and checked."""
        ...

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        """Exactly one of `options`."""
        ...

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """The text as it is written; JSON is checked once, at the end, without a retry."""
        ...

    def stream_many(self, requests: Sequence[Request], cancel: Cancel | None = None) -> Iterator[tuple[int, Chunk]]:
        """Several texts at once: pairs of the request's place and its next piece."""
        ...

    def as_finished(
        self, requests: Sequence[Request], cancel: Cancel | None = None
    ) -> Iterator[tuple[int, Completion]]:
        """Several texts at once, each as soon as it is whole; no pieces, JSON is not checked."""
        ...

    def describe(self) -> Description: ...

    def close(self) -> None:
        """Give back memory, threads and files. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
