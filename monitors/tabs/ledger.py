"""Ledger: what each station still does not know after a cycle, what moved, and what that rests on."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import stations, tables
from monitors.kit import Part, Room, script
from monitors.read.ledger import CLASSES, ledger, newest_entry
from monitors.tabs.paging import paged
from nma13.store import STATIONS

ANY = "any"
TONES = {"UNCERTAIN": "warm", "EVIDENCED": "calm"}


def build(room: Room) -> Part:
    with gr.Row(elem_classes="wishes"):
        station = gr.Dropdown(
            [(ANY, ""), *((stations.label(s), s) for s in STATIONS)], value="", label="Station", filterable=False
        )
        class_ = gr.Dropdown([(ANY, ""), *CLASSES], value="", label="Class", filterable=False)
    shown = gr.HTML(js_on_load=script("open"), apply_default_css=False)

    def read_page(connection: sqlite3.Connection, after: Any, station: str, class_: str) -> tuple[Html, Any]:
        found = ledger(connection, room.loop, station, class_, after)
        if not found.rows:
            return tables.nothing("No entry yet. Each finished cycle writes one for each station."), None
        return tables.entries([_entry(row) for row in found.rows], "Ledger"), found.after

    part = paged(room, shown, [station, class_], read_page, lambda c: newest_entry(c, room.loop), "entries written")
    return replace(part, opens=[shown])


def _entry(row: sqlite3.Row) -> Html:
    rests = ", ".join(json.loads(row["rests_on"]))
    head = el(
        "header", stations.who(row["station"]), pieces.chip(row["class"].lower(), TONES.get(row["class"], "plain")),  # type: ignore[arg-type]
        el("span", "cycle ", tables.cycle_link(row["cycle"]), f" · rests on {rests}", class_="note"),
    )  # fmt: skip
    return el(
        "div", head, el("p", row["uncertainty"], class_="words"),
        el("p", el("small", "moved from R1 to R3: "), row["movement"], class_="words moved-line"),
        class_="entry", role="listitem",
    )  # fmt: skip
