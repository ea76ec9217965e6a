"""The benchmark judges correctly: readers with known faults get the figures they deserve."""

from __future__ import annotations

import json

import pytest

from benchmarks._labelled import TARGETS, LabelledText, Target, claimed, truth, wilson
from benchmarks.generalisation import CRISIS, errors, main, rows, tally
from nma13.errors import UsageError

DANGER = LabelledText("a", "danger", {"red_flags": ["CRISIS"], "I": "HIGH"}, "crisis", frozenset())
IDIOM = LabelledText("b", "idiom", {"red_flags": [], "I": "FALSE"}, "lookalike", frozenset({CRISIS}))
PLAIN = LabelledText("c", "plain", {"red_flags": [], "red_open": ["AUTHORITY"]}, "plain", frozenset())
TEXTS = [DANGER, IDIOM, PLAIN]


def shares(read: object) -> dict[str, float]:
    return {row.what: row.value for row in rows(tally(TEXTS, read), semantic=False)}  # type: ignore[arg-type]


def test_a_perfect_reader_gets_full_marks() -> None:
    labels = {text.text: text.labels for text in TEXTS}
    got = shares(labels.__getitem__)
    assert got["red_flags:CRISIS recall"] == 1
    assert got["red_flags:CRISIS look-alikes left alone"] == 1
    assert got["red_flags:CRISIS false alarms"] == 0
    assert got["I=HIGH precision"] == 1


def test_a_silent_reader_finds_nothing_and_alarms_nobody() -> None:
    got = shares(lambda _: {})
    assert got["red_flags:CRISIS recall"] == 0
    assert got["red_flags:CRISIS look-alikes left alone"] == 1


def test_a_reader_that_always_shouts_is_punished_on_look_alikes() -> None:
    got = shares(lambda _: {"red_flags": ["CRISIS", "AUTHORITY"], "I": "HIGH"})
    assert got["red_flags:CRISIS recall"] == 1
    assert got["red_flags:CRISIS look-alikes left alone"] == 0
    assert got["red_flags:CRISIS precision"] == pytest.approx(1 / 3, abs=1e-4)
    assert got["I=HIGH false alarms"] == 1


def test_the_bar_for_crisis_is_higher() -> None:
    table = rows(tally(TEXTS, lambda _: {"red_flags": ["CRISIS"], "I": "HIGH"}), semantic=False)
    against = {row.what: row.against for row in table}
    assert against["red_flags:CRISIS recall"] == "bar 0.98"
    assert against["I=HIGH recall"] == "bar 0.75"
    assert against["I=HIGH precision"] == ""


@pytest.mark.parametrize(
    ("labels", "target", "holds"),
    [
        ({"I": "HIGH"}, Target("I", "HIGH"), True),
        ({"I": "LOW"}, Target("I", "HIGH"), False),
        ({}, Target("I", "HIGH"), None),
        ({"S_not": ["ABSENT"]}, Target("S", "ABSENT"), False),
        ({"S_not": ["ABSENT"]}, Target("S", "CLEAR"), None),
        ({"step0_flags": [], "step0_open": ["CERTAINTY"]}, Target("step0_flags", "CERTAINTY"), None),
        ({"step0_flags": []}, Target("step0_flags", "CERTAINTY"), False),
        ({"A": False}, Target("A_kind", "Frame"), False),
        ({"A": True, "A_kind": "Options"}, Target("A_kind", "Frame"), False),
        ({"A": True}, Target("A_kind", "Frame"), None),
        ({"claim_class": None}, Target("claim_class", "ASSUMED"), False),
    ],
)
def test_labels_say_yes_no_or_nothing(labels: dict[str, object], target: Target, holds: bool | None) -> None:
    assert truth(labels, target) is holds


def test_a_claim_is_read_from_the_summary() -> None:
    assert claimed({"X": True}, Target("X", True))
    assert not claimed({"X": False}, Target("X", True))
    assert not claimed({"red_flags": []}, CRISIS)


def test_wilson_agrees_with_the_textbook() -> None:
    low, high = wilson(9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert wilson(0, 0) == (0.0, 1.0)


def test_every_value_gets_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"], read=lambda _: {}) == 0
    got = json.loads(capsys.readouterr().out)
    whats = {row["what"] for row in got["rows"]}
    assert {f"{target} recall" for target in TARGETS} <= whats
    assert set(got["rows"][0]) == {"what", "value", "unit", "against", "ratio"}


def test_errors_are_listed_for_tuning_only() -> None:
    with pytest.raises(UsageError, match="held-out"):
        main(["--part", "heldout", "--errors", "CRISIS"], read=lambda _: {})
    listed = errors(tally(TEXTS, lambda _: {"red_flags": []}), "CRISIS")
    assert listed == ["red_flags:CRISIS missed a [crisis] danger"]
    with pytest.raises(UsageError, match="no texts heldout_nobody"):
        main(["--part", "heldout", "--author", "nobody"], read=lambda _: {})
    with pytest.raises(UsageError, match="no field"):
        errors(tally([], lambda _: {}), "Z")
