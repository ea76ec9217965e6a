"""Stop words in pieces: whatever the cuts, the text before the first stop word comes out, and no more."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nma13.llm.stops import StopFilter


@given(
    st.text("abc", max_size=30),
    st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_any_cut_gives_the_same_text(text: str, stops: list[str], cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    stop_filter = StopFilter(stops)
    pieces = [text[a:b] for a, b in pairwise(places)]
    shown = "".join(stop_filter.feed(piece) for piece in pieces) + stop_filter.rest()
    if not stops or not any(stop in text for stop in stops):
        assert shown == text
    else:
        assert stop_filter.hit
        assert text.startswith(shown)
        assert not any(stop in shown for stop in stops)
