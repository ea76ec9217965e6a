"""No model at all: whoever asks is told that structural prose takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nma13.llm.base import Backend
from nma13.llm.errors import ModelUnavailable
from nma13.llm.types import Cancel, Choice, Chunk, Description, Request

SENTENCE = (
    "No language model is running (model: none); the structural prose is used instead. "
    "Your data is unaffected. Choose a model with --model or NMA_MODEL; ./lab model lists them."
)


class NoModel(Backend):
    """Refuses every request in words."""

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        raise ModelUnavailable(SENTENCE)

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        raise ModelUnavailable(SENTENCE)

    def describe(self) -> Description:
        return Description(backend="none", model="none", source="none", json="none")
