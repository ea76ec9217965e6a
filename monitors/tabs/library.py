"""Component Library: the parts of a cognitive architecture that the stations named, and how often."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import stations, tables
from monitors.kit import Part, Room, script
from monitors.read.architecture import components, newest_component
from monitors.read.pulse import Pulse
from nma13.store import STATIONS

MOST = 300  # on one page; the search reaches the rest
REST_S = 2.0
ORDERS = [("Most used first", "uses"), ("Last used first", "newest"), ("By name", "name")]


def build(room: Room) -> Part:
    """Redrawn only when the library changed or another wish is made."""
    with gr.Row(elem_classes="wishes"):
        words = gr.Textbox(label="Search", placeholder="words in name or description", scale=2, min_width=200)
        station = gr.Dropdown(
            [("any", ""), *((stations.label(s), s) for s in STATIONS)], value="", label="Named by", filterable=False
        )
        order = gr.Dropdown(ORDERS, value="uses", label="Sort", filterable=False)
    shown = gr.HTML(js_on_load=script("open"), apply_default_css=False)

    def refresh(connection: sqlite3.Connection, _: Pulse, seen: Any, words: str, station: str, order: Any) -> Any:
        now = (words, station, order, newest_component(connection, room.loop))
        return (
            None if seen == now else (now, [_library(components(connection, room.loop, station, words or "", order))])
        )

    wishes = [words, station, order]
    return Part([shown], refresh, wishes, wishes, opens=[shown], rest_s=REST_S)


def _library(rows: list[sqlite3.Row]) -> Html:
    if not rows:
        return tables.nothing("No part fits. Each finished cycle may name one; the library grows by itself.")
    most = max(row["uses"] for row in rows)
    more = tables.nothing(f"{len(rows) - MOST:,} more; search for them.") if len(rows) > MOST else None
    head = el("p", f"{len(rows):,} parts", class_="note")
    return el("div", head, el("div", [_part(row, most) for row in rows[:MOST]], class_="parts", role="list"), more)


def _part(row: sqlite3.Row, most: int) -> Html:
    times = "once" if row["uses"] == 1 else f"{row['uses']:,} times"
    first, last = tables.cycle_link(row["first_cycle"]), tables.cycle_link(row["last_cycle"])
    span = ["cycle ", first] if first == last else ["cycles ", first, " to ", last]
    return el(
        "div", el("header", stations.badge(row["station"]), el("b", row["name"])),
        el("p", row["description"], class_="words"),
        pieces.meter(row["uses"] / most, f"{row['name']}, uses"), el("p", f"named {times} · ", span, class_="note"),
        class_="panel part", role="listitem",
    )  # fmt: skip
