"""Two ranges of cycles side by side: each figure twice, and what lies between them with its interval."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import Child, Html, el, text
from apps.registry import QUIET
from monitors import stations
from monitors.charts import UNREAD, time_of
from monitors.kit import Room, read, whole
from monitors.read.pulse import FLAGS
from monitors.read.trends import Span, Sums, extent, sums
from monitors.statistics import Share, difference, modes
from nma13.store import STATIONS

FRICTION = ("NONE", "PRODUCTIVE", "UNPRODUCTIVE", "IRREDUCIBLE", "TRAGIC FORK")
CAUTION = (
    "A difference whose interval leaves out zero is marked. With this many rows one in twenty is marked by chance "
    "alone, and cycles that remember each other are not independent: take a mark as a place to look, not as a finding."
)


def comparison(room: Room) -> None:
    """Folded away until wanted; computed only when asked."""
    with gr.Accordion("Compare two ranges of cycles", open=False), gr.Row(elem_classes="wishes"):
        fields = [
            gr.Textbox("", placeholder="cycle", label=name, max_lines=1, min_width=110)
            for name in ("First range from", "to", "Second range from", "to ")
        ]
        halves = gr.Button("First half and second half", min_width=180, elem_classes="quiet")
        go = gr.Button("Compare", variant="primary", min_width=120, elem_classes="quiet")
    shown = gr.HTML(elem_classes="compared")

    def compare(*cycles: str) -> Html:
        return read(room, lambda connection: _compare(connection, room, cycles), _nothing())

    def split() -> Any:
        span = read(room, lambda connection: extent(connection, room.loop), None)
        if span is None or len(span) < 2:
            return [gr.skip()] * 4 + [_nothing()]
        middle = (span.first + span.last) // 2
        cycles = tuple(map(str, (span.first, middle, middle + 1, span.last)))
        return [*cycles, compare(*cycles)]

    go.click(compare, fields, shown, **QUIET)
    halves.click(split, None, [*fields, shown], **QUIET)


def _compare(connection: sqlite3.Connection, room: Room, cycles: tuple[str, ...]) -> Html:
    numbers = [number for one in cycles if (number := whole(one)) is not None]
    if len(numbers) < len(cycles):
        return el("p", "Say for both ranges where they begin and where they end.", class_="note")
    a, b, c, d = numbers
    spans = (Span(min(a, b), max(a, b)), Span(min(c, d), max(c, d)))
    first, second = (sums(connection, room.loop, span) for span in spans)
    if not first.cycles or not second.cycles:
        empty = spans[0] if not first.cycles else spans[1]
        return el("p", f"There is no finished cycle in {empty}.", class_="note")
    return side_by_side(first, second, asks_can=room.loop.asks_can)


def side_by_side(first: Sums, second: Sums, *, asks_can: bool) -> Html:
    """The table, and how the durations look in each."""
    rows: list[list[Child]] = []
    for name, one, two in shares(first, second, asks_can=asks_can):
        gap = difference(one, two)
        if gap is None:
            rows.append([name, _share(one), _share(two), "–"])
            continue
        away = gap[1] > 0 or gap[2] < 0
        words = f"{100 * gap[0]:+.1f} points ({100 * gap[1]:+.1f} to {100 * gap[2]:+.1f})"
        rows.append([name, _share(one), _share(two), pieces.chip(words, "warm") if away else text(words)])
    times = [
        [f"cycles {one.span}", time_of(one.seconds / one.cycles), modes(one.durations).words] for one in (first, second)
    ]
    head = ["", f"Cycles {first.span}", f"Cycles {second.span}", "Second minus first (95 % CI)"]
    return el(
        "div",
        pieces.panel(
            "Side by side", pieces.table(head, rows, "Two ranges side by side"), el("p", CAUTION, class_="note")
        ),
        pieces.panel("Durations", pieces.table(["", "average", "modes"], times, "Durations of both ranges")),
    )


def shares(first: Sums, second: Sums, *, asks_can: bool) -> Iterator[tuple[Child, Share, Share]]:
    """Every share that both ranges have."""
    yield "Resolved" if asks_can else "Not stuck", first.resolution, second.resolution
    for name in FRICTION:
        yield name.capitalize(), Share(first.friction[name], first.cycles), Share(second.friction[name], second.cycles)
    yield UNREAD.capitalize(), Share(first.parse_errors, first.cycles), Share(second.parse_errors, second.cycles)
    yield "Passed Gate 2", Share(first.g2_passed, first.cycles), Share(second.g2_passed, second.cycles)
    for name in STATIONS:
        one, two = first.stations[name], second.stations[name]
        who = stations.who(name)
        yield [who, " leads"], Share(one.led, first.cycles), Share(two.led, second.cycles)
        if asks_can:
            yield [who, " confirms CAN"], first.confirmed(name), second.confirmed(name)
    for name in STATIONS:
        one, two = first.stations[name], second.stations[name]
        for flag in FLAGS:
            if getattr(one, flag) or getattr(two, flag):
                pair = (Share(getattr(one, flag), one.outputs), Share(getattr(two, flag), two.outputs))
                yield [stations.who(name), f" {flag.upper()}"], *pair


def _share(share: Share) -> str:
    return "–" if share.value is None else f"{100 * share.value:.1f} % of {share.of:,}"


def _nothing() -> Html:
    return el("p", "There are no finished cycles to compare yet.", class_="note")
