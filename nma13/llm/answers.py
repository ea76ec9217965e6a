"""JSON answers: taken out of the text, checked against the schema, asked again, or recorded as a failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nma13.llm.types import Completion, Message, ParseFailure, Request

ATTEMPTS = 3  # for backends that cannot constrain decoding


def check(request: Request, completion: Completion, attempts: int = 1) -> Completion:
    """The completion with `parsed` set, or with the reason why it could not be."""
    if request.json_schema is None:
        return completion
    if completion.finish_reason == "cancelled":
        return replace(completion, parse_failure=ParseFailure("cancelled before it was complete", attempts))
    try:
        value = json.loads(_json_part(completion.text))
    except (ValueError, RecursionError) as error:
        cut = "cut off at max_tokens; " if completion.finish_reason == "length" else ""
        return replace(completion, parse_failure=ParseFailure(f"{cut}not JSON: {error}", attempts))
    reason = violation(value, request.json_schema)
    if reason:
        return replace(completion, parse_failure=ParseFailure(reason, attempts))
    return replace(completion, parsed=value, parse_failure=None)


def violation(value: Any, schema: Mapping[str, Any]) -> str:
    """Where the value breaks the schema, in one sentence; empty if it keeps it."""
    import jsonschema

    try:
        jsonschema.validate(value, dict(schema))
    except jsonschema.ValidationError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the answer"
        return f"{place}: {error.message}"[:300]
    return ""


def check_all(
    requests: Sequence[Request],
    completions: Sequence[Completion],
    ask: Callable[[Sequence[Request]], Sequence[Completion]],
    attempts: int,
) -> list[Completion]:
    """Check every answer; ask again, together, for those that failed, naming what was wrong."""
    done = [check(request, completion) for request, completion in zip(requests, completions, strict=True)]
    for attempt in range(2, attempts + 1):
        again = [i for i, c in enumerate(done) if c.parse_failure is not None and c.finish_reason != "cancelled"]
        if not again:
            break
        retried = ask([_asked_again(requests[i], done[i], attempt) for i in again])
        for i, completion in zip(again, retried, strict=True):
            checked = check(requests[i], completion, attempt)
            done[i] = replace(
                checked,
                completion_tokens=done[i].completion_tokens + checked.completion_tokens,
                seconds=done[i].seconds + checked.seconds,
            )
    return done


def in_words(request: Request) -> Request:
    """The same request with its schema said in the prompt, for models that cannot be constrained."""
    if request.json_schema is None or not request.messages:
        return request
    last = request.messages[-1]
    rule = "\n\nAnswer with JSON only, following this JSON schema:\n" + json.dumps(dict(request.json_schema))
    return replace(request, messages=(*request.messages[:-1], Message(last.role, last.content + rule)))


def _asked_again(request: Request, failed: Completion, attempt: int) -> Request:
    assert failed.parse_failure is not None
    last = request.messages[-1]
    note = f"\n\nYour last answer could not be used ({failed.parse_failure.reason}). Answer with JSON only."
    return replace(
        request,
        messages=(*request.messages[:-1], Message(last.role, last.content + note)),
        seed=request.seed + attempt - 1,
        # At temperature 0 a second try would often repeat the first word for word.
        temperature=max(request.temperature, 0.4),
    )


def _json_part(text: str) -> str:
    """The answer without a code fence or talk around it; the text itself if nothing better is found."""
    text = text.strip()
    if text[:1] in '{["' or text[:1].isdigit():
        return text
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    ends = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : ends + 1] if starts and ends > min(starts) else text
