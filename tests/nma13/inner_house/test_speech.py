"""What may be shown: sentence by sentence, and the fixed words of a tragic fork."""

from __future__ import annotations

import pytest

from nma13.inner_house.sessions import Words
from nma13.inner_house.speech import Speaker, losses, precommitted, resolved, station_contract, tragic_fork
from nma13.pipeline import run

STATE = run("I must decide by Friday whether my mother moves in with us.")
IDENTITY = "Who are you really without this work?"


def speaker() -> Speaker:
    return Speaker("R1", "S1", STATE, station_contract(STATE))


def test_an_identity_question_is_withheld_with_its_reason_and_the_rest_is_shown() -> None:
    shown = speaker().whole(f"The room is small. {IDENTITY} Nothing settles this.")
    assert shown.text == "The room is small. Nothing settles this."
    assert shown.audit == "withheld"
    assert [found["text"] for found in shown.findings] == [IDENTITY]


def test_words_appear_before_their_sentence_ends_and_go_when_it_turns_out_wrong() -> None:
    one = speaker()
    one.hear("The room is sm")
    assert one.so_far().text == "The room is"
    one.hear("all. Who are you re")
    assert "Who are you" not in one.so_far().text
    one.hear("ally without this work? Nothing settles this.")
    assert one.whole(f"The room is small. {IDENTITY} Nothing settles this.").done


def test_a_text_that_its_budget_cut_off_keeps_its_tail() -> None:
    assert speaker().whole("The room is small. Nothing here says wh").text == "The room is small. Nothing here says wh"


@pytest.mark.parametrize(
    "text", ["Am I right to leave?", "Please validate this.", "I stand by my decision.", "I've already decided."]
)
def test_who_asks_to_be_confirmed_is_recognised(text: str) -> None:
    assert precommitted(text)


def test_an_open_question_is_not_taken_for_one() -> None:
    assert not precommitted("I do not know whether to leave, and the right time has not come.")


def test_a_resolution_keeps_no_identity_question() -> None:
    text, source, repairs = resolved(f"Both rooms may be too small. {IDENTITY} It is not clear whose day it is.", STATE)
    assert IDENTITY not in text
    assert source in ("repaired", "structural")
    assert any(IDENTITY in repair for repair in repairs)


def test_a_resolution_that_mostly_breaks_the_contract_gives_way_to_the_engines_own() -> None:
    text, source, _ = resolved(f"You should leave now. {IDENTITY}", STATE)
    assert source == "structural"
    assert STATE.engine is not None
    assert text == STATE.engine.text


def test_a_tragic_fork_says_its_one_sentence_with_two_losses_the_stations_named() -> None:
    words = [Words("R3", "S1", "The voice is lost on this path. The rest stays.", True, "passed", ()),
             Words("R3", "S2", "The other path ends the marriage.", True, "passed", ()),
             Words("R2", "S3", "This was lost before.", True, "passed", ())]  # fmt: skip
    first, second = losses(words)
    assert tragic_fork(first, second) == (
        "Every path here carries irreversible loss. The voice is lost on this path. The other path ends the marriage. "
        "This cannot be resolved — only carried."
    )
