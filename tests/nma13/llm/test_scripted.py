"""The scripted model: the whole seam without weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import jsonschema
import pytest

from nma13.llm import Cancel, Model, ModelTimeout, Request
from nma13.llm.scripted import ScriptedModel, minimal

Ask = Callable[..., Request]


def test_it_is_a_model() -> None:
    assert isinstance(ScriptedModel(), Model)


def test_text_follows_from_seed_and_messages_alone(ask: Ask) -> None:
    one, other = ScriptedModel(), ScriptedModel()
    assert one.generate([ask("a")])[0].text == other.generate([ask("a")])[0].text
    assert one.generate([ask("a", seed=1)])[0].text != one.generate([ask("a", seed=2)])[0].text
    assert one.generate([ask("a")])[0].text != one.generate([ask("b")])[0].text


def test_it_records_calls_and_gives_canned_replies_in_turn(ask: Ask) -> None:
    model = ScriptedModel(replies=["first", "second"])
    assert [c.text for c in model.generate([ask("a"), ask("b")])] == ["first", "second"]
    assert [r.messages[-1].content for r in model.calls] == ["a", "b"]


def test_limits_and_stop_words_hold(ask: Ask) -> None:
    model = ScriptedModel(replies=["one two three four", "one two three four"])
    short, stopped = model.generate([ask("a", max_tokens=2), ask("b", stop=(" three",))])
    assert (short.text, short.finish_reason, short.completion_tokens) == ("one two", "length", 2)
    assert (stopped.text, stopped.finish_reason) == ("one two", "stop")


SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "integer", "minimum": 2}}, "required": ["a"]},
    {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2},
    {"type": "string", "minLength": 3, "maxLength": 4},
    {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_json_keeps_the_schema(schema: dict[str, object], ask: Ask) -> None:
    jsonschema.validate(minimal(schema), schema)
    answer = ScriptedModel().generate([ask("a", json_schema=schema)])[0]
    assert answer.parse_failure is None
    jsonschema.validate(answer.parsed, schema)


def test_pieces_add_up_and_the_last_one_carries_the_completion(ask: Ask) -> None:
    chunks = list(ScriptedModel().stream(ask("a")))
    assert chunks[-1].completion is not None
    assert "".join(chunk.text for chunk in chunks) == chunks[-1].completion.text


def test_the_pace_spaces_outputs_and_a_cancel_ends_the_wait(ask: Ask) -> None:
    begun = time.monotonic()
    ScriptedModel(pace=0.2).generate([ask("a"), ask("b")])
    assert time.monotonic() - begun > 0.38
    cancel, begun, pace = Cancel(), time.monotonic(), 60
    chunks = ScriptedModel(pace=pace).stream(ask("a"), cancel)
    cancel.cancel()
    (last,) = list(chunks)
    assert last.completion is not None
    assert last.completion.finish_reason == "cancelled"
    assert time.monotonic() - begun < pace / 2


def test_a_slow_one_runs_into_its_deadline(ask: Ask) -> None:
    with pytest.raises(ModelTimeout):
        ScriptedModel(pace=60).generate([replace(ask("a"), timeout_s=0.1)])


def test_choice_is_one_of_the_options_and_repeats(ask: Ask) -> None:
    options = ["left", "right", "neither"]
    first = ScriptedModel().choose(ask("where"), options)
    assert first.option == options[first.index]
    assert first == ScriptedModel().choose(ask("where"), options)
