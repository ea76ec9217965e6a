"""The contract follows from the state, and what small models may choose keeps it by construction."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nma13.pipeline import run
from nma13.prose.audit import audit_prose, mend
from nma13.prose.contract import Duty, contract_of
from nma13.prose.selection import slots_of
from nma13.prose.sentences import SentenceSplitter
from nma13.terms import Move

PIANIST = "The operation on my hand may end my playing for good. Research proves that 80 % of patients recover."
PLAIN = "The bakery opens at seven."


def test_what_cannot_be_undone_forbids_direction_and_identity_questions() -> None:
    contract = contract_of(run(PIANIST))
    assert {Move.DIRECTIVE, Move.IDENTITY_QUESTION, Move.CERTAINTY} <= set(contract.forbidden)
    assert {Duty.HEDGE, Duty.PREMISES} <= set(contract.duties)
    assert not contract.reviewed


def test_quotes_are_the_persons_own_words_and_do_not_overlap() -> None:
    state = run(PIANIST)
    quotes = contract_of(state).quotes
    assert quotes
    for span in quotes:
        assert state.text[span.start : span.end] == span.text
    assert all(a.end <= b.start for a, b in pairwise(quotes))


def test_a_crisis_is_answered_with_a_reviewed_text() -> None:
    assert contract_of(run("I want to die tonight.")).reviewed


@pytest.mark.parametrize("text", [PIANIST, PLAIN, "I don't know what I'm asking, only that I have to ask it."])
def test_every_sentence_on_offer_keeps_the_contract(text: str) -> None:
    state = run(text)
    contract = contract_of(state)
    options = [option for slot in slots_of(contract) for option in slot.options]
    assert options
    for option in options:
        assert audit_prose(option, state, contract, whole=False).violations == (), option


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("You should have the operation.", "DIRECTIVE"),
        ("It will definitely work.", "CERTAINTY"),
        ("Who are you without the piano?", "IDENTITY_QUESTION"),
        ("Ninety of 100 people recover.", "INVENTED_NUMBER"),
        ("You wrote «I am ready».", "INVENTED_QUOTE"),
        ("As an AI, I follow my instructions.", "MACHINERY"),
        ("Studies show that it helps.", "VERIFIED"),
    ],
)
def test_a_broken_term_is_named(sentence: str, fault: str) -> None:
    state = run(PIANIST)
    audit = audit_prose(sentence, state, contract_of(state), whole=False)
    assert fault in {violation.fault for violation in audit.violations}


def test_the_persons_own_words_are_never_held_against_the_writer() -> None:
    state = run("My sister says: you should have the operation. It may end my playing for good.")
    audit = audit_prose("«you should have the operation» stands in your text.", state, contract_of(state), whole=False)
    assert audit.passed


def test_mending_adds_what_is_owed_and_changes_nothing_else() -> None:
    state = run(PIANIST)
    contract = contract_of(state)
    text, added = mend("The pull of both sides is plain.", contract)
    assert text.startswith("The pull of both sides is plain. ")
    assert len(added) == len(contract.duties)
    assert audit_prose(text, state, contract).passed


def test_sentences_come_whole_out_of_pieces() -> None:
    splitter = SentenceSplitter()
    pieces = ["Dr. No", "el said «wait. Then", " go». It is", " open? Yes", " and so on without end"]
    found = [sentence for piece in pieces for sentence in splitter.feed(piece)] + list(splitter.finish())
    assert found == ["Dr. Noel said «wait. Then go».", "It is open?"]
