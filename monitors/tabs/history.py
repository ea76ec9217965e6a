"""Cycle History: sorted, filtered, searched, exported; the millionth row as near as the first."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

from apps.gradio_setup import gr
from apps.html import Html, el
from loops.scenarios import TYPES
from monitors import export, stations, tables
from monitors.kit import Part, Room, script, whole
from monitors.read.history import PARSE_ERROR, Filter, Key, page
from monitors.tabs.paging import paged
from nma13.store import STATIONS

ANY = "any"
FRICTION = ["NONE", "PRODUCTIVE", "UNPRODUCTIVE", "IRREDUCIBLE", "TRAGIC FORK", PARSE_ERROR]
SORTS = [
    ("newest first", "cycle down"), ("oldest first", "cycle up"), ("longest first", "seconds down"),
    ("shortest first", "seconds up"), ("by friction", "friction_type up"), ("by lead", "lead_station up"),
]  # fmt: skip
NOTHING = (
    "No cycle fits. Take back a wish above, or search for fewer words; a search looks for whole words, and with word* "
    "for beginnings."
)


def build(room: Room) -> Part:
    """Wishes above, the table, and the pager beneath it."""
    wishes = _wishes(room)
    shown = gr.HTML(js_on_load=script("open"), apply_default_css=False)

    def read_page(connection: sqlite3.Connection, after: Key | None, *values: Any) -> tuple[Html, Key | None]:
        wish = filter_of(*values)
        found = page(connection, room.loop, wish, after)
        if not found.rows:
            return tables.nothing(NOTHING), None
        table = tables.cycles(found.rows, room.loop, found.passages, wish.words)
        return el("div", table, el("p", found.note, class_="note") if found.note else None), found.after

    def count(connection: sqlite3.Connection) -> int:
        return int(
            connection.execute(
                "SELECT total(cycles) FROM rollup_cycles WHERE source = ?", (room.loop.source,)
            ).fetchone()[0]
        )

    part = paged(room, shown, wishes, read_page, count, "cycles finished")
    export.buttons(room, wishes, filter_of)
    return replace(part, opens=[shown])


def filter_of(
    words: str, kind: str, friction: str, lead: str, ends: str, gate2: str, more: list[str], sort: str,
    first: str | None, last: str | None,
) -> Filter:  # fmt: skip
    """The wishes of the page as the question they mean."""
    column, way = sort.split()
    return Filter(
        scenario_type="" if kind == ANY else kind,
        friction="" if friction == ANY else friction,
        lead="" if lead == ANY else lead,
        can="" if ends == ANY else ends,  # type: ignore[arg-type]
        gate2="" if gate2 == ANY else gate2,  # type: ignore[arg-type]
        flagged="flagged" in more,
        bare="bare" in more,
        first=whole(first),
        last=whole(last),
        words=words or "",
        sort=column,  # type: ignore[arg-type]
        ascending=way == "up",
    )


def _wishes(room: Room) -> list[Any]:
    with gr.Row(elem_classes="wishes"):
        words = gr.Textbox(
            label="Search in all that was said", placeholder='words, "words together", begin*', scale=3, min_width=240
        )
        sort = gr.Dropdown(SORTS, value="cycle down", label="Sort", filterable=False, scale=1, min_width=170)
        first = gr.Textbox("", placeholder="first", label="From cycle", max_lines=1, min_width=100, scale=1)
        last = gr.Textbox("", placeholder="last", label="To cycle", max_lines=1, min_width=100, scale=1)
    with gr.Row(elem_classes="wishes"):
        kind = _choice("Scenario", [ANY, *TYPES])
        friction = _choice("Friction", [ANY, *FRICTION])
        lead = _choice("Lead", [(ANY, ANY), *((stations.label(s), s) for s in STATIONS)])
        ends = gr.Dropdown(
            [ANY, "resolved", "blocked"],
            value=ANY,
            label="CAN",
            filterable=False,
            min_width=120,
            visible=room.loop.asks_can,
        )
        gate2 = _choice("Gate 2", [ANY, "passed", "kept out"])
        more = gr.CheckboxGroup(
            [("with a flag", "flagged"), *([("with a bare station", "bare")] if room.loop.source == "loop_c" else [])],
            label="Only", min_width=150, value=[],
        )  # fmt: skip
    return [words, kind, friction, lead, ends, gate2, more, sort, first, last]


def _choice(label: str, choices: list[Any]) -> Any:
    return gr.Dropdown(choices, value=ANY, label=label, filterable=False, min_width=140)
