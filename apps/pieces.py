"""The parts pages are made of: header, cards, chips, feeds, empty states. Values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from apps.html import Child, Html, el
from apps.status import Standing

Tone = Literal["plain", "calm", "warm", "alarm"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a feed: when, what kind, the words as they are."""

    when: str
    kind: str
    words: str


def chip(words: Child, tone: Tone = "plain", meaning: str | None = None) -> Html:
    """A small label. Its tone repeats what the words say; colour is never the only sign."""
    return el("span", words, class_=f"chip chip-{tone}", title=meaning)


def card(label: Child, value: Child, note: Child = None, below: Child = None) -> Html:
    """One figure with its name."""
    shown = el("div", value, el("small", note) if note is not None else None, class_="card-value")
    return el("div", el("div", label, class_="card-label"), shown, below, class_="card", role="listitem")


def cards(*each: Html, label: str) -> Html:
    """Cards side by side, as many as fit."""
    return el("div", each, class_="cards", role="list", aria_label=label)


def feed(lines: Iterable[Line], label: str) -> Html:
    """A log that a screen reader follows and a keyboard can scroll."""
    rows = [
        el("div", el("time", line.when), " ", el("b", line.kind), " ", line.words, class_="feed-line") for line in lines
    ]
    return el("div", rows, class_="feed", role="log", aria_live="polite", tabindex=0, aria_label=label)


def facts(rows: Iterable[tuple[str, Child]], label: str) -> Html:
    """Names and values in two columns, one above the other on a phone."""
    pairs = [el("div", el("dt", name), el("dd", value)) for name, value in rows]
    return el("dl", pairs, class_="facts", aria_label=label)


def panel(title: str, *children: Child) -> Html:
    """A titled card that holds anything."""
    return el("section", el("h2", title), children, class_="panel", aria_label=title)


def table(head: Sequence[str], rows: Iterable[Sequence[Child]], label: str) -> Html:
    """A small table; on a phone it scrolls inside itself, never the page."""
    top = el("tr", [el("th", name, scope="col") for name in head])
    body = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    whole = el("table", el("caption", label), el("thead", top), el("tbody", body))
    return el("div", whole, class_="table", tabindex=0, role="region", aria_label=label)


def code(words: str) -> Html:
    """Something to type; an option of it never breaks at its own hyphens."""
    parts = [el("span", part, class_="option") if part.startswith("--") else part for part in words.split(" ")]
    return el("code", [[" ", part] if at else part for at, part in enumerate(parts)])


def empty_state(glyph: Html, title: str, purpose: str, needs: Sequence[Child], command: str | None = None) -> Html:
    """A room with nothing in it yet: what it is for, what it needs, and what to type, if anything helps."""
    typed = el("p", "To begin, type ", code(command), " in a terminal.", class_="empty-do") if command else None
    return el(
        "section",
        el("div", glyph, class_="empty-glyph", aria_hidden="true"),
        el(
            "div",
            el("h2", title),
            el("p", purpose, class_="empty-purpose"),
            typed,
            class_="empty-words",
        ),
        el(
            "div",
            el("h3", "What it needs"),
            el("ul", [el("li", need) for need in needs]),
            class_="empty-needs",
        ),
        class_="empty",
        aria_label=title,
    )


def meter(share: float, label: str) -> Html:
    """A thin bar; the figure stands beside it in words."""
    width = round(100 * min(max(share, 0.0), 1.0), 1)
    return el(
        "div",
        el("span", style=f"width:{width}%"),
        class_="meter",
        role="img",
        aria_label=f"{label}: {width:g} %",
    )


def header(title: str, model: str, standings: Iterable[Standing], here: str, host: str) -> Html:
    """Title, model, and the other pages: linked when up, otherwise with the command that starts them.

    `host` is the name this visitor used, so the links work on a phone as well as on this machine.
    """
    links = [_link(one, host) for one in standings if one.app.name != here]
    pages = el("nav", links, class_="pages", aria_label="Pages of the lab") if links else None
    mark = el("span", class_="mark", aria_hidden="true")
    named = el("div", mark, el("h1", title), el("span", model, class_="model"), class_="names")
    return el("header", named, pages, class_="top")


def _link(standing: Standing, host: str) -> Html:
    dot = el("span", class_="dot", aria_hidden="true")
    if standing.up:
        target = f"//{host}:{standing.port}/"
        return el("a", dot, standing.app.title, class_="page up", href=target)
    hint = f"not running; start it with: {standing.app.command}"
    said = el("span", f" ({hint})", class_="unseen")
    return el("span", dot, standing.app.title, said, class_="page", title=hint)


def bare_host(header_value: str) -> str:
    """The name in a Host header, without its port; brackets of an IPv6 address stay."""
    name, colon, port = header_value.rpartition(":")
    return name if colon and port.isdecimal() else header_value
