"""What every backend shares: all calls follow from one primitive, `run`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self

from nma13.llm import answers
from nma13.llm.errors import ModelError, UnsupportedRequest
from nma13.llm.types import Cancel, Choice, Chunk, Completion, Description, Request


class Backend:
    """A backend overrides `run` and `describe`, and `choose` where it has a better way."""

    json_attempts = answers.ATTEMPTS

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        """Write the requests and yield their pieces; if `quiet`, only each one's last chunk."""
        raise NotImplementedError

    def describe(self) -> Description:
        raise NotImplementedError

    def stream_many(self, requests: Sequence[Request], cancel: Cancel | None = None) -> Iterator[tuple[int, Chunk]]:
        return self.run(requests, cancel, quiet=False)

    def as_finished(
        self, requests: Sequence[Request], cancel: Cancel | None = None
    ) -> Iterator[tuple[int, Completion]]:
        for index, chunk in self.run(requests, cancel, quiet=True):
            if chunk.completion is not None:
                yield index, chunk.completion

    def generate(self, requests: Sequence[Request], cancel: Cancel | None = None) -> list[Completion]:
        def ask(batch: Sequence[Request]) -> list[Completion]:
            found = dict(self.as_finished(batch, cancel))
            return [found[i] for i in range(len(batch))]

        return answers.check_all(requests, ask(requests), ask, self.json_attempts)

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        for _, chunk in self.run([request], cancel, quiet=False):
            if chunk.completion is not None:
                yield replace(chunk, completion=answers.check(request, chunk.completion))
            else:
                yield chunk

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        """One of the options by asking for it as JSON and checking the answer."""
        check_options(options)
        longest = max(len(json.dumps(option)) for option in options)
        asked = replace(request, json_schema={"enum": list(options)}, max_tokens=longest + 8, grammar=None, stop=())
        completion = self.generate([asked], cancel)[0]
        if completion.parse_failure is None:
            return Choice(list(options).index(completion.parsed), completion.parsed, "validated answer")
        plain = completion.text.strip().strip("\"'.").lower()
        for index, option in enumerate(options):
            if plain == option.lower():
                return Choice(index, option, "validated answer")
        raise ModelError(
            f"{completion.model} did not answer with one of the {len(options)} options "
            f"({completion.parse_failure.reason}). Nothing was decided.",
            partial=completion.text,
        )

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def check_options(options: Sequence[str]) -> None:
    if not options or len(set(options)) != len(options) or not all(options):
        raise UnsupportedRequest("A choice needs at least one option, none empty and none twice.")


def refuse_grammar(requests: Sequence[Request], who: str) -> None:
    """Fail closed: a grammar that would silently not be kept is worse than an error."""
    if any(request.grammar for request in requests):
        raise UnsupportedRequest(
            f"{who} cannot keep a grammar while it writes. Use a llamacpp: model for this, "
            "or run without a model (none)."
        )
