"""Research Report: one click to a file; beneath, the same report to read."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

from apps.gradio_setup import gr
from apps.html import Html, el
from apps.registry import QUIET
from monitors import tables
from monitors.export import fetched, new_file
from monitors.kit import Part, Room, read
from monitors.range import ALL, controls, span_of
from monitors.read.place import look
from monitors.read.pulse import Pulse
from monitors.report.contents import report
from monitors.report.parts import Report
from monitors.report.write import WRITERS, body
from nma13.errors import LabError

NOTHING = "There is no finished cycle in this range yet; a report needs at least one."


def build(room: Room) -> Part:
    """A report is made when it is asked for: it is of one moment and does not change under the reader."""
    with gr.Row(elem_classes="wishes"):
        choice, first, last = controls(ALL)
    with gr.Row(elem_classes="pager"):
        anew = gr.Button("Read it here", variant="primary", elem_classes="quiet")
        begins = {name: gr.Button(name, elem_classes="quiet") for name in WRITERS}
    shown = gr.HTML(apply_default_css=False, elem_classes="report")
    wishes = [choice, first, last]

    for name, (ending, write) in WRITERS.items():

        def made(*values: Any, ending: str = ending, write: Any = write) -> str:
            with look(room.place) as connection:
                found = _report(connection, room, *values)
            if found is None:
                raise LabError(NOTHING)
            path = new_file(f"{room.loop.source}-report.{ending}")
            path.write_bytes(write(found))
            return str(path)

        fetched(begins[name], made, wishes, f"fetch-report-{ending}")

    def reading(*values: Any) -> Html:
        return read(room, lambda c: _page(_report(c, room, *values)), tables.nothing(NOTHING))

    anew.click(reading, wishes, shown, **QUIET)

    def refresh(connection: sqlite3.Connection, _: Pulse, seen: Any, *values: Any) -> Any:
        return None if seen == values else (values, [_page(_report(connection, room, *values))])

    return Part([shown], refresh, wishes, wishes)


def _report(
    connection: sqlite3.Connection, room: Room, choice: str, first: str | None, last: str | None
) -> Report | None:
    span = span_of(connection, room.loop, choice, first, last)
    return None if span is None else report(connection, room, span, datetime.fromtimestamp(room.clock(), UTC))


def _page(found: Report | None) -> Html:
    return tables.nothing(NOTHING) if found is None else el("article", Html(body(found)), class_="panel paper")
