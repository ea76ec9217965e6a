"""HTML is built in one place, and whatever comes in as words stays words."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps import glyphs, pieces
from apps.html import Html, el, text
from apps.registry import ALL
from apps.status import Standing

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"))).filter(str.strip)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(WORDS)
def test_words_come_back_as_they_went_in(words: str) -> None:
    reader = read(el("p", words, title=words))
    assert reader.tags == ["p"]
    assert "".join(reader.words) == words
    assert reader.attributes == [("title", words)]


@given(WORDS)
def test_no_piece_lets_words_become_markup(words: str) -> None:
    plain = _pieces("x")
    hostile = _pieces(words)
    for ours, theirs in zip(plain, hostile, strict=True):
        assert read(ours).tags == read(theirs).tags


def _pieces(words: str) -> list[Html]:
    standings = [Standing(app, 1, up) for app, up in zip(ALL, (True, False) * 4, strict=False)]
    return [
        pieces.chip(words, meaning=words),
        pieces.cards(pieces.card(words, words, words), label=words),
        pieces.feed([pieces.Line(words, words, words)], words),
        pieces.facts([(words, words)], words),
        pieces.table([words], [[words]], words),
        pieces.panel(words, words),
        pieces.empty_state(glyphs.house(), words, words, [words], words),
        pieces.header(words, words, standings, "web", "lab.test"),
    ]


@pytest.mark.parametrize("target", ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "/\\evil", ""])
def test_links_lead_only_to_places(target: str) -> None:
    with pytest.raises(ValueError, match="may not lead"):
        el("a", "x", href=target)


def test_attributes_are_not_for_scripts() -> None:
    for name in ("onclick", "on_click", "a b", 'x"y'):
        with pytest.raises(ValueError, match="attribute"):
            el("p", **{name: "x"})


def test_built_markup_is_not_escaped_twice_and_nothing_is_nothing() -> None:
    assert el("p", el("b", "&"), None, 0) == "<p><b>&amp;</b>0</p>"
    assert text("<") == "&lt;"
    assert text(text("<")) == "&lt;"


def test_the_header_links_what_is_up_by_the_name_the_visitor_used() -> None:
    web, loop, prime = ALL[0], ALL[1], ALL[2]
    standings = [Standing(web, 7860, True), Standing(loop, 9001, True), Standing(prime, 9002, False)]
    shown = pieces.header("NMA Lab", "a model", standings, "web", "box.tail.ts.net")
    assert 'href="//box.tail.ts.net:9001/"' in shown
    assert "9002" not in shown
    assert "not running; start it with: python -m monitors.prime_monitor" in shown
    assert shown.count('class="page up"') == shown.count('class="page"') == 1


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.b:80", "a.b"),
        ("a.b", "a.b"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:1", "127.0.0.1"),
    ],
)
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert pieces.bare_host(header) == name
