"""Sequence Map: how CAN's place among the primes changes what happens in round 3."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps import pieces, vendor
from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import charts, tables
from monitors.kit import Part, Room, script
from monitors.read import own
from monitors.read.pulse import Pulse
from monitors.tabs.dashboard import REST_S, frame

ALL_SEQUENCES = 1630
PANELS = [
    ("positions", "CAN's place, by length", "Columns: where CAN stands. Share of R3 outputs that confirm it."),
    ("by_place", "First, in between, last", "The same over all lengths, with 95 % intervals."),
]


def build(room: Room) -> Part:
    """The map above, the arrangements themselves beneath."""
    drawn = gr.HTML(
        {"charts": {}, "notes": {}}, html_template=frame(PANELS), js_on_load=script("charts"),
        head=f'<script src="{vendor.plotly_address()}"></script>', apply_default_css=False,
    )  # fmt: skip
    with gr.Row(elem_classes="wishes"):
        words = gr.Textbox(label="Arrangements that hold", placeholder="e.g. CAN BODY", min_width=220)
    listed = gr.HTML()

    def refresh(connection: sqlite3.Connection, pulse: Pulse, seen: Any, words: str) -> Any:
        now = (words, pulse.finished)
        if seen == now:
            return None
        shown = room.memo.get(("sequences", words), pulse.finished, lambda: _shown(connection, room, words))
        return now, list(shown)

    return Part([drawn, listed], refresh, [words], [words], rest_s=REST_S)


def _shown(connection: sqlite3.Connection, room: Room, words: str | None) -> tuple[Any, Html]:
    found = own.positions(connection, room.loop)
    made = {"positions": charts.positions(found, "all"), "by_place": charts.by_place(found, "all")}
    sequences, many = own.sequences(connection, room.loop, words or "")
    return {"charts": made, "notes": {"positions": _note(found)}}, _table(sequences, many, words)


def _note(found: dict[tuple[int, int], Any]) -> str:
    outputs = sum(share.of for share in found.values())
    return (
        f"{outputs:,} answers of round 3. Stations of one cycle hear each other, so their answers are not independent "
        "and the true intervals are wider than drawn."
    )


def _table(sequences: list[own.Sequence], many: int, words: str | None) -> Html:
    if not sequences:
        return tables.nothing("No arrangement that holds these words was dealt yet.")
    rows = [
        [
            el("code", one.words),
            f"{one.confirmed.of:,}",
            str(one.confirmed),
            pieces.meter(one.confirmed.value or 0.0, one.words),
        ]
        for one in sequences
    ]
    title = (
        f"{many:,} of {ALL_SEQUENCES:,} arrangements met" if not (words or "").strip() else f"{many:,} arrangements fit"
    )
    note = (
        el("p", f"Shown are the {len(sequences):,} met most often.", class_="note") if many > len(sequences) else None
    )
    return pieces.panel(title, note, pieces.table(["arrangement", "met", "CAN confirmed", ""], rows, "Arrangements"))
