"""Raw event logs: how they become micro-turns, and what the protocol for people refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.nanoim import pilot, shelf
from experiments.nanoim.events import read_log, to_trace
from experiments.nanoim.generate import HOME
from experiments.nanoim.human_protocol import IDENTIFIERS, audit, audit_file
from experiments.nanoim.metrics import policy_taa_psr
from experiments.nanoim.policies import RuleHarness
from experiments.nanoim.turns import TraceError, check, flatten

CONSENT = {"given": True, "scope": "research"}


def log(*events: tuple[int, str, str], member: str = "a", **header: Any) -> str:
    name = f"s-{member}"
    opening = {"session": name, "event": "session", "consent": CONSENT, "redaction": "names removed",
               "recorded_by": "lab", "pair": "p", "member": member, "family": "yield_detection", **header}  # fmt: skip
    lines = [opening, *({"session": name, "t_ms": t, "event": kind, "value": value} for t, kind, value in events)]
    return "".join(json.dumps(line) + "\n" for line in lines)


SHORT = ((0, "user_audio_state", "speaking"), (0, "user_text", "book"), (300, "user_text", " it"),
         (500, "user_audio_state", "hesitating"), (900, "decision", "WAIT"), (1000, "end", ""))  # fmt: skip
LONG = (*SHORT[:3], (500, "user_audio_state", "silent"), (1700, "decision", "SPEAK"), (1800, "end", ""))
BOTH = log(*SHORT) + log(*LONG, member="b")


def test_words_may_hold_a_line_separator() -> None:
    spoken = json.dumps(
        {"session": "s-a", "t_ms": 950, "event": "user_text", "value": "one\u2028two"}, ensure_ascii=False
    )
    assert read_log(log(*SHORT) + spoken)[0].events[-1].value == "one\u2028two"


def test_a_line_nested_beyond_reading_is_refused_by_its_number() -> None:
    with pytest.raises(TraceError, match="line 1: not a JSON object"):
        read_log("[" * 100_000)


def test_ticks_are_merged_while_nothing_changes() -> None:
    trace = to_trace(read_log(log(*SHORT))[0])
    check(trace)
    assert [(t.t_ms, t.user_audio_state) for t in trace.turns] == [
        (200, "speaking"), (300, "speaking"), (500, "speaking"), (700, "hesitating"), (900, "hesitating"),
        (1000, "hesitating"),
    ]  # fmt: skip
    assert flatten(trace) == "User: book it"
    assert (trace.critical, trace.target) == (4, "WAIT")


def test_words_that_come_with_the_last_line_are_not_lost() -> None:
    trace = to_trace(read_log(log(*SHORT[:-1], (1100, "user_text", " please")))[0])
    check(trace)
    assert flatten(trace) == "User: book it please"
    assert (trace.turns[-1].t_ms, trace.turns[-1].dt_ms, trace.target) == (1300, 200, "WAIT")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not a JSON object"),
        (log((0, "user_audio_state", "speaking"), (5, "smell", "rose")), "is no event"),
        (log((-1, "end", "")), "whole milliseconds"),
        (log((5, "decision", "RUN")), "does not fit"),
        (log() + log(), "opens twice"),
        ('{"session": "x", "t_ms": 1, "event": "end"}', "no opening line"),
        (log(extra="key"), "unknown extra"),
    ],
)
def test_a_log_that_is_off_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(TraceError, match=says):
        read_log(text)


@pytest.mark.parametrize(
    "events",
    [((0, "end", ""),), ((9, "decision", "WAIT"), (9, "decision", "WAIT")), ((0, "decision", "WAIT"),),
     ((9, "decision", "WAIT"), (3, "end", ""))],
)  # fmt: skip
def test_a_session_needs_one_decision_after_something(events: tuple[tuple[int, str, str], ...]) -> None:
    with pytest.raises(TraceError):
        to_trace(read_log(log(*events))[0])


def test_the_protocol_takes_a_log_that_keeps_it() -> None:
    report = audit(BOTH)
    assert report["passed"], report
    assert report["sessions_of_people"] == 2


def failing(text: str) -> list[str]:
    return [check["name"] for check in audit(text)["checks"] if not check["passed"]]


def test_each_rule_of_the_protocol_can_fail() -> None:
    assert failing("nonsense") == ["schema"]
    assert failing(log(*SHORT, consent={}) + log(*LONG, member="b")) == ["consent"]
    assert failing(log(*SHORT, consent={"given": True, "scope": "anything"}) + log(*LONG, member="b")) == ["consent"]
    assert failing(log(*SHORT, redaction="") + log(*LONG, member="b")) == ["redaction"]
    assert failing(log(*SHORT)) == ["alias pairs"]
    assert failing(log(*SHORT) + log(*SHORT, member="b")) == ["alias pairs"]
    assert "clock" in failing(log(*SHORT[::-1]) + log(*LONG, member="b"))
    assert "states" in failing(BOTH.replace("hesitating", "Mrs Miller sighs"))


@pytest.mark.parametrize(
    "said",
    ["write to ann@example.org", "call +49 170 1234567", "see https://example.org", "at 10.0.0.7", "ask @annie",
     "my name is Ann", "12 Long Street", "born on 3 May 1980"],
)  # fmt: skip
def test_identifiers_are_found(said: str) -> None:
    assert any(pattern.search(said) for pattern in IDENTIFIERS.values())
    assert "identifiers" in failing(BOTH.replace("book", said))


@pytest.mark.parametrize(
    "header",
    [{"pair": "ann@example.org"}, {"family": "my name is ann"}, {"consent": {**CONSENT, "by": "+49 170 1234567"}}],
    ids=str,
)
def test_identifiers_are_found_beside_the_words_too(header: dict[str, Any]) -> None:
    both = log(*SHORT, **header) + log(*LONG, **header, member="b")
    assert failing(both) == ["identifiers"]


def test_identifiers_are_found_in_what_an_end_says() -> None:
    assert failing(BOTH.replace('"end", "value": ""', '"end", "value": "ask @annie"')) == ["identifiers"]


@pytest.mark.parametrize("said", ["this is the one", "2026-11-21", "room 12 of 40"])
def test_what_names_nobody_is_left_alone(said: str) -> None:
    assert failing(BOTH.replace("book", said)) == []


def test_nothing_is_claimed_about_people_where_none_were_recorded() -> None:
    for report in (audit(""), audit_file(HOME / "pilot_events.jsonl")):
        assert report["passed"]
        assert report["sessions_of_people"] == 0
        assert "nothing about people" in report["says"]


def test_the_pilot_is_what_its_log_says() -> None:
    assert tuple(pilot.imported(HOME / "pilot_events.jsonl")) == shelf.traces_of("pilot")
    assert policy_taa_psr(RuleHarness(), (), shelf.traces_of("pilot")) == (1.0, 1.0)


def test_a_pilot_can_be_recorded_against_any_clock(tmp_path: Path) -> None:
    now = [0.0]
    pilot.record(tmp_path / "log.jsonl", 5, lambda: now[0], lambda s: now.__setitem__(0, now[0] + s))
    assert policy_taa_psr(RuleHarness(), (), pilot.imported(tmp_path / "log.jsonl")) == (1.0, 1.0)
