"""What moved from R1 to R3; the texts stay letter for letter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitors.boards import drawn
from monitors.difference import difference


def joined(pieces: tuple) -> str:
    return "".join(piece.text for piece in pieces)


def test_what_is_new_is_marked_and_nothing_else() -> None:
    found = difference("The door is closed.", "The door is open now.")
    assert [piece.text.strip() for piece in found.last if piece.moved] == ["open now"]
    assert [piece.text.strip() for piece in found.first if piece.moved] == ["closed"]
    assert found.new_share == 2 / 5


def test_case_and_spacing_are_no_movement() -> None:
    assert difference("The  Door", "the door").new_share == 0


@given(st.text(max_size=80), st.text(max_size=80))
def test_both_texts_come_back_whole(first: str, last: str) -> None:
    found = difference(first, last)
    assert (joined(found.first), joined(found.last)) == (first, last)


def test_flags_and_movement_are_drawn_over_the_words() -> None:
    found = difference("I hold.", "I <b>settle</b> it.")
    findings = [{"start": 5, "end": 11, "fault": "CLOSURE", "reason": "declared settled"}]
    made = drawn("I <b>settle</b> it.", found.last, findings, gone=False)
    assert '<mark class="premise" title="CLOSURE: declared settled">' in made
    assert "<b>" not in made
    assert "&lt;b&gt;" in made.replace('<span class="come">', "").replace("</span>", "")
