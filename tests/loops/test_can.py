"""Reading CAN: stated, not merely mentioned."""

from __future__ import annotations

import pytest

from loops.can import collective_lean, conclude, confirms, lean_of
from loops.programme import Turn
from nma13.deliberation.programme import STATIONS


@pytest.mark.parametrize(
    "text",
    [
        "GOOD BODY CAN MOVE HERE NOW.",
        "Something has loosened. Good body can move here now. The lean is toward the door.",
        "From Trust: GOOD BODY CAN MOVE HERE, NOW",
        "I cannot see S4. GOOD BODY CAN MOVE HERE NOW.",
    ],
)
def test_a_statement_counts(text: str) -> None:
    assert confirms(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CAN GOOD BODY MOVE HERE NOW?",
        "I cannot say that GOOD BODY CAN MOVE HERE NOW.",
        "Whether GOOD BODY CAN MOVE HERE NOW depends on the brother.",
        "GOOD BODY CAN MOVE HERE NOW?",
        "If she signs, GOOD BODY CAN MOVE HERE NOW.",
        "It is not true that good body can move here now.",
        "GOOD BODY CAN MOVE HERE NOW only if the roof holds.",
        "The question is: GOOD BODY CAN MOVE HERE NOW.",
    ],
)
def test_a_mention_a_condition_a_denial_or_a_question_does_not(text: str) -> None:
    assert not confirms(text)


def test_the_lean_is_what_follows() -> None:
    assert lean_of("It is heavy. The lean is toward waiting for the second letter.") == "waiting for the second letter"
    assert lean_of("The lean is toward… the window") == "the window"
    assert lean_of("The lean is toward staying. No: the lean is toward going.") == "going"
    assert lean_of("Nothing leans.") is None
    assert lean_of("The lean is toward") is None


def test_all_seven_must_confirm() -> None:
    said = {("R3", station): "GOOD BODY CAN MOVE HERE NOW. The lean is toward the water." for station in STATIONS}
    whole = conclude(said, Turn())
    assert whole.can_resolved is True
    assert whole.blocking_stations == ()
    assert whole.cycle_columns["collective_lean"] == "the water (S1, S2, S3, S4, S5, S6, S7)"
    said["R3", "S5"] = "The name blocks it."
    blocked = conclude(said, Turn())
    assert blocked.can_resolved is False
    assert blocked.blocking_stations == ("S5",)


def test_a_collective_lean_is_one_that_others_share() -> None:
    leans = {"S1": "waiting for the letter", "S2": "the open sea", "S3": "the letter on the table"}
    assert collective_lean(leans) == "waiting for the letter (S1, S3)"
    assert collective_lean({"S1": "north", "S2": "south"}) is None
    assert collective_lean({}) is None
