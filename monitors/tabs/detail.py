"""Cycle Detail: seven stations × three rounds as a board, what moved from R1 to R3, and all that goes with it."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps.gradio_setup import gr
from apps.html import Html
from apps.registry import QUIET
from monitors import boards, tables
from monitors.kit import Part, Room, read, script, whole
from monitors.read.board import board, moved
from monitors.read.pulse import Pulse

# The address always names the cycle that is shown, so that it can be sent to somebody.
ADDRESS = """(cycle) => { const url = new URL(location.href);
  if (url.searchParams.get("tab") !== "detail") return;
  if (cycle) url.searchParams.set("cycle", cycle); else url.searchParams.delete("cycle");
  history.replaceState(null, "", url); }"""


def build(room: Room) -> Part:
    """Empty, the number follows the newest cycle; the board fills while it runs."""
    with gr.Row(elem_classes="wishes"):
        number = gr.Textbox("", placeholder="newest", label="Cycle", max_lines=1, min_width=150, scale=1)
        before = gr.Button("← Cycle before", elem_classes="quiet", min_width=160)
        after = gr.Button("Next cycle →", elem_classes="quiet", min_width=130)
        marked = gr.Checkbox(True, label="Mark what moved from R1 to R3", container=False, min_width=220)
    shown = gr.HTML(js_on_load=script("open"), apply_default_css=False)

    def refresh(connection: sqlite3.Connection, pulse: Pulse, seen: Any, cycle: str | None, mark: bool) -> Any:
        chosen = whole(cycle)
        wanted = (pulse.newest_cycle or 0) if chosen is None else chosen
        now = (wanted, mark, moved(connection, room.loop, wanted))
        return None if seen == now else (now, [_board(connection, room, wanted, mark)])

    def step(cycle: str | None, way: int) -> Any:
        return read(room, lambda c: _neighbour(c, room, cycle, way), gr.skip())

    before.click(lambda cycle: step(cycle, -1), number, number, **QUIET)
    after.click(lambda cycle: step(cycle, 1), number, number, **QUIET)
    number.change(None, number, None, js=ADDRESS, api_visibility="private")
    wishes = [number, marked]
    return Part(
        [shown], refresh, wishes, wishes, opens=[shown], follows=lambda pulse: (pulse.newest_output, pulse.finished)
    )


def _board(connection: sqlite3.Connection, room: Room, cycle: int, mark: bool) -> Html:
    found = board(connection, room.loop, cycle)
    if found is None:
        return tables.nothing(f"There is no cycle {cycle:,}. Cycle History lists those there are.")
    return boards.show(found, room.loop, mark=mark)


def _neighbour(connection: sqlite3.Connection, room: Room, cycle: str | None, way: int) -> Any:
    table = room.loop.cycles
    newest = connection.execute(f"SELECT max(cycle) FROM {table} WHERE source = ?", (room.loop.source,)).fetchone()[0]  # noqa: S608
    found = board(connection, room.loop, newest or 0 if (chosen := whole(cycle)) is None else chosen)
    if found is None:
        return str(newest or "")
    there = found.before if way < 0 else found.after
    return gr.skip() if there is None else str(there)
