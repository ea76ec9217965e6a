"""JSON answers: found, checked, asked again, or recorded as a failure."""

from __future__ import annotations

import pytest

from nma13.llm import Completion, Message, Request
from nma13.llm.answers import check, check_all, in_words

SCHEMA = {
    "type": "object",
    "properties": {"friction": {"enum": ["NONE", "LOW", "HIGH"]}},
    "required": ["friction"],
    "additionalProperties": False,
}
REQUEST = Request((Message("user", "Rate it."),), json_schema=SCHEMA)


def said(text: str, reason: str = "stop") -> Completion:
    return Completion(text, reason, 3, 5, 0.5, "test")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '{"friction": "LOW"}',
        '```json\n{"friction": "LOW"}\n```',
        'Here is the answer: {"friction": "LOW"} as asked.',
    ],
)
def test_the_value_is_found_in_what_models_write(text: str) -> None:
    checked = check(REQUEST, said(text))
    assert checked.parse_failure is None
    assert checked.parsed == {"friction": "LOW"}


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        ("I cannot.", "stop", "not JSON"),
        ('{"friction": "NO', "length", "cut off at max_tokens"),
        ('{"friction": "MAYBE"}', "stop", "friction"),
        ("[" * 100_000, "stop", "not JSON"),
        ("{}", "stop", "required"),
    ],
)
def test_a_failure_is_a_status_and_never_a_result(text: str, reason: str, expected: str) -> None:
    checked = check(REQUEST, said(text, reason))
    assert checked.parsed is None
    assert checked.parse_failure is not None
    assert expected in checked.parse_failure.reason


def test_only_the_failed_are_asked_again_and_told_why() -> None:
    asked: list[list[Request]] = []

    def ask(batch: list[Request]) -> list[Completion]:
        asked.append(batch)
        return [said('{"friction": "HIGH"}') for _ in batch]

    first = [said('{"friction": "LOW"}'), said("no idea")]
    done = check_all([REQUEST, REQUEST], first, ask, attempts=3)  # type: ignore[arg-type]
    assert [c.parsed for c in done] == [{"friction": "LOW"}, {"friction": "HIGH"}]
    assert len(asked) == 1
    assert "could not be used" in asked[0][0].messages[-1].content
    assert asked[0][0].seed != REQUEST.seed
    assert done[1].completion_tokens == 10, "the tokens of both tries count"


def test_after_the_last_try_the_failure_stands_with_their_number() -> None:
    done = check_all([REQUEST], [said("no")], lambda batch: [said("still no")] * len(batch), attempts=3)
    assert done[0].parse_failure is not None
    assert done[0].parse_failure.attempts == 3


def test_a_schema_in_words_leaves_the_shared_part_alone() -> None:
    request = Request((Message("system", "shared"), Message("user", "own")), json_schema=SCHEMA)
    worded = in_words(request)
    assert worded.messages[0] == request.messages[0]
    assert "JSON schema" in worded.messages[1].content
