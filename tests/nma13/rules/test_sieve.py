"""The sieve may say «perhaps» too often and must never say «no» wrongly: findings are the same with it and without."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nma13.rules import load_rules
from nma13.rules.engine import RuleEngine
from nma13.rules.sieve import Sieve, relaxed
from nma13.text import read

EVERYTHING = (1 << 2000) - 1
RULES = load_rules()
EXAMPLES = sorted({text for rule in RULES for text in (*rule.hits, *rule.misses)})
WITH = RuleEngine(RULES, outputs=False)
WITHOUT = RuleEngine(RULES, outputs=False)


@pytest.fixture(autouse=True)
def no_sieve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WITHOUT._index, "sift", lambda lower: EVERYTHING)


def test_every_example_reads_the_same() -> None:
    for text in EXAMPLES:
        assert WITH.scan(read(text)).findings == WITHOUT.scan(read(text)).findings, text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(EXAMPLES), st.text(max_size=20)), min_size=1, max_size=6), st.sampled_from(" \n")
)
def test_texts_put_together_read_the_same(parts: list[str], between: str) -> None:
    document = read(between.join(parts) or "x")
    assert WITH.scan(document).findings == WITHOUT.scan(document).findings


def test_most_rules_are_let_rest() -> None:
    bits = Sieve([[rule.body] for rule in RULES if rule.body and not rule.cased])("a short walk by the river")
    assert bits.bit_count() < 20


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<!very )good\b", "so good"),
        (r"na\w+ve", "so naïve of me"),
        (r"\d{2} km", "it is ٣٤ km"),
        (r"^should i", "well, should i"),
        (r"[\w'-]+ me", "don't-pück me"),
        (r"a(?=b)b?", "say ab now"),
        (r"one\stwo", "one\u2003two"),
    ],
)
def test_whatever_python_matches_is_let_through(pattern: str, text: str) -> None:
    assert re.search(pattern.removeprefix("^"), text)
    assert Sieve([[pattern]])(text) == 1


def test_all_needed_patterns_are_asked_for() -> None:
    sieve = Sieve([["one", "two"], ["two"]])
    assert [sieve(text) for text in ("one", "two", "one two", "three")] == [0, 2, 3, 0]


def test_half_a_surrogate_pair_is_no_error() -> None:
    assert Sieve([["a.b"]])("a\ud800b") == 1


def test_look_around_and_edges_are_left_out() -> None:
    assert relaxed(r"(?<!no )doubt(?! it)|\bsure\b") == "doubt|sure"


def test_two_first_texts_at_once_find_one_whole_automaton() -> None:
    """Filled by two threads together, one automaton numbered its patterns wrongly for as long as the process lived."""
    needed = [[rule.body] for rule in RULES if rule.body and not rule.cased]
    text = " ".join(EXAMPLES[:40])
    expected = Sieve(needed)(text)
    for _ in range(3):
        sieve, together = Sieve(needed), Barrier(6)

        def first(sieve: Sieve = sieve, together: Barrier = together) -> int:
            together.wait()
            return sieve(text)

        with ThreadPoolExecutor(6) as threads:
            assert {future.result() for future in [threads.submit(first) for _ in range(6)]} == {expected}
        assert sieve(text) == expected
