"""Live Feed: each output within two seconds of its commit, whole, as it was written."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import stations
from monitors.kit import Part, Room, script
from monitors.read.feed import Piece, Said, since
from monitors.read.pulse import Pulse

WISHES = (
    ("R1", "hide-R1", "off"),
    ("R2", "hide-R2", "off"),
    ("R3", "hide-R3", "off"),
    ("Flagged only", "hide-unflagged", "on"),
)


def build(room: Room) -> Part:
    """An empty log; rows arrive as data and are written in by the page, so that no text is ever taken for markup."""
    log = gr.HTML(
        {"rows": [], "skipped": 0},
        html_template=_frame(),
        js_on_load=script("feed", "open"),
        apply_default_css=False,
        elem_classes="live-block",
    )

    def refresh(connection: sqlite3.Connection, pulse: Pulse, seen: int | None) -> tuple[int, list[Any]] | None:
        if seen == pulse.newest_output:
            return None
        return pulse.newest_output, [payload(since(connection, room.loop, seen or 0))]

    return Part([log], refresh, opens=[log], follows=lambda pulse: pulse.newest_output)


def payload(piece: Piece) -> dict[str, Any]:
    """What goes to the page."""
    return {"rows": [_row(said) for said in piece.rows], "skipped": piece.skipped}


def _row(said: Said) -> dict[str, Any]:
    return {
        "id": said.id,
        "cycle": said.cycle,
        "scenario": said.scenario,
        "round": said.round,
        "station": said.station,
        "name": stations.NAMES[said.station],
        "text": said.text,
        "flags": list(said.flags),
        "at": said.created_ms,
        "confirmed": said.confirmed,
        "bare": said.bare,
        "sequence": said.sequence,
    }


def _frame() -> Html:
    wishes = [
        el("button", words, type="button", class_="live-wish", aria_pressed="true" if when == "off" else "false",
           data_hides=hides, data_when=when)
        for words, hides, when in WISHES
    ]  # fmt: skip
    bar = el(
        "div",
        el("button", "Pause", type="button", class_="live-pause", aria_pressed="false"),
        el("span", class_="live-note"),
        el("span", wishes, class_="live-wishes", role="group", aria_label="Show"),
        class_="live-bar",
    )
    log = el("div", class_="live-log", role="log", aria_live="polite", tabindex=0, aria_label="Live Feed")
    return el("div", bar, log, el("button", type="button", class_="live-jump", hidden=True), class_="live")
