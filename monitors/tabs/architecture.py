"""Architecture Log: what each cycle says about a cognitive architecture, whole, newest first."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import stations, tables
from monitors.kit import Part, Room, script
from monitors.read.architecture import architecture_log
from monitors.tabs.paging import paged


def build(room: Room) -> Part:
    shown = gr.HTML(js_on_load=script("open"), apply_default_css=False)

    def read_page(connection: sqlite3.Connection, after: Any) -> tuple[Html, Any]:
        found = architecture_log(connection, room.loop, after)
        if not found.rows:
            return tables.nothing("No note yet. Each finished cycle leaves one, where its answer could be read."), None
        return tables.entries([_note(row) for row in found.rows], "Architecture Log"), found.after

    def count(connection: sqlite3.Connection) -> int:
        row = connection.execute(
            "SELECT total(cycles) FROM rollup_cycles WHERE source = ?", (room.loop.source,)
        ).fetchone()
        return int(row[0])

    part = paged(room, shown, [], read_page, count, "cycles finished")
    return replace(part, opens=[shown])


def _note(row: sqlite3.Row) -> Html:
    ends = pieces.chip("CAN resolved", "calm") if row["can_resolved"] else pieces.chip("blocked")
    bare = pieces.chip(f"{stations.label(row['bare_station'])} was bare", "warm") if row["bare_station"] else None
    lean = (
        el("p", el("small", "the leans: "), row["collective_lean"], class_="words moved-line")
        if row["collective_lean"]
        else None
    )
    sequence = (
        el("p", el("small", "sequences: "), row["sequence_note"], class_="words moved-line")
        if row["sequence_note"]
        else None
    )
    head = el(
        "header", "cycle ", tables.cycle_link(row["cycle"]), el("span", row["scenario_type"], class_="note"), ends, bare
    )
    return el(
        "div", head, el("p", row["architecture_note"], class_="words"), lean, sequence, class_="entry", role="listitem"
    )
