"""Whether a model is small is measured, and so is its speed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nma13.llm import Completion, explain_choice
from nma13.llm.llamacpp import LlamaCpp
from nma13.llm.probe import (
    CLAUSES,
    THRESHOLD,
    judge,
    known_speed,
    measure_speed,
    model_report,
    probe_cached,
)
from nma13.llm.scripted import ScriptedModel

GOOD = {
    "one word": "White.",
    "given phrase": "As far as we know, rain falls.",
    "no question": "Wait a little. Then look again.",
    "two sentences": "It flows. It is cold.",
    "valid JSON": '{"city": "Oslo", "count": 3}',
    "three lines": "rye\nwheat\nspelt",
    "forbidden word": "It keeps everything alive.",
    "last word": "They reached the harbour.",
}
BAD = {
    "one word": "It is white.",
    "given phrase": "Rain falls.",
    "no question": "Are you sure?",
    "two sentences": "It flows.",
    "valid JSON": "city: Oslo",
    "three lines": "1. rye\n2. wheat\n3. spelt",
    "forbidden word": "Water is good.",
    "last word": "The harbour was far.",
}


def answers(texts: dict[str, str]) -> list[Completion]:
    return [Completion(texts[clause.name], "stop", 1, 1, 0.1, "test") for clause in CLAUSES]


def test_every_clause_tells_kept_from_broken() -> None:
    assert judge(answers(GOOD)).score == 1.0
    assert judge(answers(BAD)).kept == ()
    assert not judge(answers(GOOD)).small
    assert judge(answers(BAD)).small


def test_an_answer_that_was_cut_off_keeps_nothing() -> None:
    assert judge([replace(answer, finish_reason="length") for answer in answers(GOOD)]).score == 0


@pytest.mark.model
def test_the_bundled_model_is_small_by_measurement_and_asked_once(llamacpp: LlamaCpp) -> None:
    report = probe_cached(llamacpp)
    assert report.score < THRESHOLD
    assert report.small
    assert len(report.kept) + len(report.broken) == len(CLAUSES)
    llamacpp_requests = ScriptedModel()
    assert probe_cached(llamacpp_requests) == probe_cached(llamacpp_requests)
    assert len(llamacpp_requests.calls) == len(CLAUSES), "the second answer came from the cache"


@pytest.mark.model
def test_speed_is_measured_in_the_time_given_and_remembered(llamacpp: LlamaCpp) -> None:
    assert known_speed(llamacpp.describe()) is None
    speed = measure_speed(llamacpp, seconds=3)
    assert speed.seconds < 12
    assert speed.single_tokens_per_s
    assert speed.seven_tokens_per_s
    assert speed.first_token_s
    assert known_speed(llamacpp.describe()) == speed


def test_the_report_has_stable_names_and_says_what_is_not_measured() -> None:
    model = ScriptedModel()
    report = model_report(model, explain_choice("scripted:"), probed=None, speed=None)
    assert json.loads(json.dumps(report)) == report
    assert {"model", "backend", "why", "alternatives", "size_bytes", "threads", "threads_why"} <= set(report)
    assert {"speed", "small", "probe", "leaves_machine", "how_to_choose", "spec"} <= set(report)
    assert report["speed"] is None
    assert report["small"] is None
