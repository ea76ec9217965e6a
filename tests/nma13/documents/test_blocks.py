"""Passages: whole sentences, with page and heading, whose places are true."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nma13.documents.blocks import Block, Cutter, Passage, clean, sentences


def cut(blocks: list[Block], most: int = 120, overlap: int = 40) -> list[Passage]:
    cutter = Cutter(most, overlap)
    out = [passage for block in blocks for passage in cutter.feed(block)]
    return [*out, *cutter.finish()]


def whole(passages: list[Passage]) -> str:
    """The document's text put together again from its passages."""
    text, end = "", 0
    for one in passages:
        gap = one.start - end
        text = text[: one.start] + " " * max(0, gap) + one.text
        end = one.end
    return text


def test_sentences_end_where_people_end_them() -> None:
    text = "Dr. Berg came at 3.15 p.m. today. She said «No.» Then? It was e.g. late...  Yes"
    assert [text[a:b] for a, b in sentences(text)] == [
        "Dr. Berg came at 3.15 p.m. today.", "She said «No.»", "Then?", "It was e.g. late...", "Yes",
    ]  # fmt: skip


def test_passages_are_whole_sentences_and_overlap_by_whole_sentences() -> None:
    text = " ".join(f"This is sentence number {i} of the text." for i in range(12))
    out = cut([Block(text)])
    assert len(out) > 3
    for one, following in pairwise(out):
        assert one.text.startswith("This is")
        assert one.text.endswith(".")
        assert len(one.text) <= 120
        assert one.end - 40 <= following.start < one.end
    assert out[-1].end == len(text)


def test_a_heading_and_a_page_begin_a_new_passage() -> None:
    out = cut([Block("One.", 1, "A"), Block("Two.", 1, "A"), Block("Three.", 2, "A"), Block("Four.", 2, "B")])
    assert [(p.page, p.heading, p.text) for p in out] == [
        (1, "A", "One.\n\nTwo."), (2, "A", "Three."), (2, "B", "Four."),
    ]  # fmt: skip
    assert whole(out) == "One.\n\nTwo.  Three.  Four."


def test_a_sentence_that_runs_over_the_page_belongs_to_the_page_it_begins_on() -> None:
    out = cut([Block("It is raining. The boat lies", 1), Block("in the harbour. The fee is due.", 2)])
    assert [(p.page, p.text) for p in out] == [
        (1, "It is raining."), (1, "The boat lies\nin the harbour."), (2, "The fee is due."),
    ]  # fmt: skip
    assert [(p.start, p.end) for p in out] == [(0, 14), (15, 44), (45, 60)]


def test_an_endless_word_is_cut() -> None:
    out = cut([Block("x" * 1_000)])
    assert "".join(p.text for p in out) == "x" * 1_000
    assert max(len(p.text) for p in out) == 120


def test_a_stream_without_headings_is_not_held() -> None:
    cutter = Cutter(120, 40)
    held = 0
    for _ in range(2_000):
        for _ in cutter.feed(Block("A short paragraph of a very long text.")):
            pass
        held = max(held, len(cutter._text))
    assert held < 40 * 120


def test_dots_do_not_cost_their_square() -> None:
    assert len(list(sentences("." * 1_000_000))) == 1


BLOCKS = st.lists(
    st.builds(Block, st.text("ab .?!\n«»Ä\u202e", max_size=200), st.none() | st.integers(1, 3), st.sampled_from("AB")),
    max_size=12,
)


@given(BLOCKS)
def test_every_passage_stands_where_it_says(blocks: list[Block]) -> None:
    out = cut(blocks, most=30, overlap=10)
    text = whole(out)
    assert all(text[one.start : one.end] == one.text for one in out)
    assert all(one.text for one in out)
    assert [one.position for one in out] == list(range(1, len(out) + 1))
    kept = "".join(text.split())
    assert kept == "".join("".join(clean(block.text) for block in blocks).split())
