"""Reading: disguises are folded, spans quote the original, clauses fall where a reader would cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nma13.text import normalise, read
from nma13.text.document import CLAUSE_TOKENS


@pytest.mark.parametrize(
    "disguised",
    [
        "I want to die",
        "I wаnt to dіe",  # Cyrillic а, і
        "Ｉ ｗａｎｔ ｔｏ ｄｉｅ",
        "I wa\u00adnt to d\u200bie",
        "I want  \t to\u00a0die",
        "I want \u200b to dîe",
        "I\nwant to\r\ndie",
        "I want\x00 to die",
    ],
)
def test_disguises_fold_to_the_plain_words(disguised: str) -> None:
    assert normalise(disguised).lower == "i want to die"
    document = read(disguised)
    at = document.lower.index("want")
    span = document.span(at, at + 4)
    assert disguised[span.start : span.end] == span.text
    assert normalise(span.text).lower == "want"


@given(st.text(max_size=200))
def test_every_clause_quotes_the_input(text: str) -> None:
    document = read(text)
    assert len(document.lower) == len(document.norm.text)
    for clause in document.clauses:
        assert document.lower[clause.start : clause.end] == clause.text
        span = document.span(clause.start, clause.end)
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.text


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("I'm stuck. Nothing's wrong, but something has to change.", 3),
        ("Dr. Smith saw 3.5 % of them, e.g. me.", 1),
        ("I stay because she asked — it is late.", 3),
        ("apples, pears and plums", 1),
        ("First line\n\nSecond line", 2),
        ("I am tired, I cannot think", 2),
    ],
)
def test_clauses(text: str, clauses: int) -> None:
    assert len(read(text).clauses) == clauses


def test_questions_and_quotes() -> None:
    document = read('She said "go on". Will I? No.')
    assert [sentence.question for sentence in document.sentences] == [False, True, False]
    assert [document.lower[a:b] for a, b in document.quotes()] == ['"go on"']


def test_an_endless_clause_is_cut() -> None:
    document = read("word " * 5_000)
    assert document.capped
    assert max(len(clause.tokens) for clause in document.clauses) <= CLAUSE_TOKENS
    assert read("x" * 100_000).capped
