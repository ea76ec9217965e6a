"""The lexicon: whole numbers added up, quoted from the text, silenced like rules, switched off like rules."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nma13.rules import load_rules, shipped, vocabulary
from nma13.rules.engine import RuleEngine
from nma13.rules.lexicon import PASSAGE_WORDS, PREFIX, UNKNOWN, features, lexicon, passages
from nma13.rules.loader import Overlay
from nma13.rules.model import RuleError
from nma13.terms import Origin
from nma13.text import read

DANGER = "The pills are lined up on the sill and I have said goodbye to the cat. Tonight I won't wake up again."


def test_a_clause_offers_words_beginnings_and_pairs() -> None:
    assert list(features(["he", "stopped", "eating", "12"])) == [
        "he", "stopped", "stopp*", "he stopped", "eating", "eatin*", "stopped eating", "#", "eating #",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_passages_leave_no_sentence_out(lengths: list[int]) -> None:
    document = read(" ".join("Word " * length + "ends." for length in lengths))
    found = passages(document)
    assert {s for first, last in found for s in range(first, last)} == set(range(len(document.sentences)))
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found))


def test_a_short_text_is_weighed_as_a_whole() -> None:
    assert passages(read("One. Two. Three.")) == [(0, 3)]
    assert len(passages(read("Word " * (3 * PASSAGE_WORDS)))) == 1, "one endless sentence stays one passage"


def test_every_column_may_be_set() -> None:
    columns = lexicon().columns
    assert len({(column.sets, column.kind) for column in columns}) == len(columns)
    for column in columns:
        assert vocabulary.check(column.sets, column.kind) is None
        assert column.rule.startswith(PREFIX)


def test_a_finding_quotes_the_words_that_weighed_most() -> None:
    finding = next(f for f, _ in lexicon().findings(read(DANGER)) if f.sets == "FLAG=CRISIS")
    assert finding.origin is Origin.LEXICON
    assert finding.counts
    assert finding.spans
    for span in (*finding.spans, finding.clause):
        assert DANGER[span.start : span.end] == span.text


def test_a_story_is_silenced_as_it_is_for_rules() -> None:
    told = f"In the novel I am writing: {DANGER.replace('. Tonight', ' and tonight')}"
    seen = [f for f in shipped().scan(read(told)).findings if f.sets == "FLAG=CRISIS" and f.origin is Origin.LEXICON]
    assert seen
    assert not any(f.counts for f in seen)


def test_one_value_per_variable() -> None:
    for text in (
        DANGER,
        "I could stay, or leave, or wait until Friday; my sister and I must both sign, and who decides?",
    ):
        variables = [f.sets if f.variable == "FLAG" else f.variable for f, _ in lexicon().findings(read(text))]
        assert len(variables) == len(set(variables))


def test_the_overlay_switches_a_column_off() -> None:
    rules = [rule for rule in load_rules() if not rule.sets.startswith("OUTPUT=")]
    quiet = RuleEngine(rules, Overlay("mine", off=("LEX-FLAG-CRISIS",)), outputs=False)
    assert not [f for f in quiet.scan(read(DANGER)).findings if f.rule == "LEX-FLAG-CRISIS"]
    with pytest.raises(RuleError, match="LEX-NONSENSE"):
        RuleEngine(rules, Overlay("mine", off=("LEX-NONSENSE",)), outputs=False)


def test_generated_texts_and_single_rules_are_not_weighed() -> None:
    for outputs in (True, None):
        found = RuleEngine(load_rules()[:3], outputs=outputs).scan(read(DANGER)).findings
        assert not [f for f in found if f.origin is Origin.LEXICON]


def test_words_nobody_knows_say_nothing() -> None:
    assert lexicon().findings(read("Zxqv wrtl! Blorp, mgnf?")) == []


WORDS = ["i", "he", "want", "to", "die", "stopped", "taking", "pills", "12", "never", "3rd", "don't", "tonight", "the"]


@given(st.lists(st.sampled_from(WORDS)))
def test_looking_up_and_offering_agree(words: list[str]) -> None:
    clause = read(" ".join(words) or "x").clauses
    rows = {number for c in clause for f in features(c.tokens) if (number := lexicon()._place.get(f)) is not None}
    assert lexicon().known(clause) == rows | ({UNKNOWN} if clause else set())


def test_an_allowed_phrase_holds_the_words_it_quotes() -> None:
    flag = "FLAG=CRISIS"
    (plain,) = [f for f in shipped().scan(read(DANGER)).findings if f.origin is Origin.LEXICON and f.sets == flag]
    assert plain.counts
    whole = RuleEngine(load_rules(), Overlay("mine", (), (DANGER.lower(),)), outputs=False)
    part = RuleEngine(load_rules(), Overlay("mine", (), (plain.spans[0].text.lower(),)), outputs=False)
    (held,) = [f for f in whole.scan(read(DANGER)).findings if f.origin is Origin.LEXICON and f.sets == flag]
    (not_held,) = [f for f in part.scan(read(DANGER)).findings if f.origin is Origin.LEXICON and f.sets == flag]
    assert held.suppressed_by.startswith("ALLOWED@")
    assert not_held.counts
