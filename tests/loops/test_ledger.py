"""The ledger says what a station said, never more."""

from __future__ import annotations

from loops.ledger import NO_MOVEMENT, NOTHING_SAID, ledger_of
from nma13.deliberation.programme import STATIONS


def entry(first: str, last: str):
    said = {(round_, station): text for station in STATIONS for round_, text in (("R1", first), ("R3", last))}
    return ledger_of(3, said, 7)[0]


def test_one_entry_a_station() -> None:
    entries = ledger_of(3, {}, 7)
    assert [e.station for e in entries] == list(STATIONS)
    assert {e.uncertainty for e in entries} == {NOTHING_SAID}


def test_the_open_question_is_a_sentence_that_was_said_with_its_class() -> None:
    found = entry("The house stands.", "The roof leaks. I do not know whether he will stay. We wait.")
    assert found.uncertainty == "I do not know whether he will stay."
    assert found.epistemic_class == "UNCERTAIN"
    assert found.rests_on == ("R1", "R3")


def test_an_uncertainty_that_is_only_in_round_1_is_found_there() -> None:
    found = entry("I do not know whether he will stay.", "The roof leaks and the neighbours have called a builder.")
    assert found.uncertainty == "I do not know whether he will stay."
    assert found.movement == "The roof leaks and the neighbours have called a builder."


def test_movement_is_the_sentence_with_most_that_is_new() -> None:
    first = "I do not know whether he will stay in the house."
    assert entry(first, first).movement == NO_MOVEMENT
    moved = entry(first, f"{first} Since Autonomy spoke, leaving looks like a choice.")
    assert moved.movement == "Since Autonomy spoke, leaving looks like a choice."
