"""Loop Feed: the latest cycles of the four research loops, by loop and by type of scenario."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from nma13.store import LOOPS, open_ro
from nma13.store.errors import MissingDatabaseError

MOST = 15
ALL = "all"
LOOK_EVERY_S = 3.0
TYPES = (
    "Constraint Collision", "Capacity Collapse", "Standing Conflict", "Irreversible Threshold", "Unclear Ambiguity",
)  # fmt: skip
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build(lab: Lab) -> None:
    """Two filters over a list that keeps itself current."""
    with gr.Row():
        loops = [("every loop", ALL), *((name.replace("_", " "), name) for name in LOOPS)]
        loop = gr.Dropdown(loops, value=ALL, label="Loop", min_width=160)
        kind = gr.Dropdown([("every type", ALL), *((one, one) for one in TYPES)], value=ALL, label="Type of scenario")
    shown, place = gr.State(""), gr.HTML(lambda: feed(lab.data))

    def read(loop: str, kind: str, before: str) -> Any:
        html = feed(lab.data, loop, kind)
        stamp = str(hash(html))
        return (gr.skip(), gr.skip()) if stamp == before else (stamp, html)

    for changed in (loop.change, kind.change, gr.Timer(LOOK_EVERY_S).tick):
        changed(read, [loop, kind, shown], [shown, place], **QUIET)


def feed(folder: Path, loop: str = ALL, kind: str = ALL) -> Html:
    """The newest finished cycles, newest first, each with its lead station's last words."""
    rows = [row for name in LOOPS if loop in (ALL, name) for row in _cycles(folder, name, kind)]
    rows.sort(key=lambda row: -row["finished_ms"])
    if not rows:
        return _empty(filtered=(loop, kind) != (ALL, ALL))
    return el("ol", [_entry(row) for row in rows[:MOST]], class_="cycles", aria_label="Latest cycles")


def _cycles(folder: Path, name: str, kind: str) -> list[Any]:
    tables = LOOPS[name]
    try:
        connection = open_ro(tables.database, folder)
    except MissingDatabaseError:
        return []
    with closing(connection):
        return connection.execute(
            "SELECT c.source, c.cycle, c.scenario_type, c.friction_type, c.bof_status, c.lead_station, c.arb_note,"
            f" c.finished_ms, o.text FROM {tables.cycles} c LEFT JOIN {tables.outputs} o"
            " ON o.cycle = c.cycle AND o.source = c.source AND o.round = 'R3'"
            " AND o.station = coalesce(c.lead_station, 'S1')"
            " WHERE c.source = ? AND c.status = 'done' AND (? = 'all' OR c.scenario_type = ?)"
            " ORDER BY c.cycle DESC LIMIT ?",
            (name, kind, kind, MOST),
        ).fetchall()


def _entry(row: Any) -> Html:
    friction = row["friction_type"] or "arbitration could not be read"
    chips = el(
        "div",
        pieces.chip(f"{row['source'].replace('_', ' ')} · {row['cycle']}", "calm"),
        pieces.chip(row["scenario_type"]),
        pieces.chip(friction, "warm" if friction in ("IRREDUCIBLE", "TRAGIC FORK") else "plain"),
        class_="chips",
    )
    lead = row["lead_station"] or "S1"
    note = el("p", row["arb_note"], class_="source") if row["arb_note"] else None
    return el("li", chips, el("p", el("b", lead), " ", row["text"] or ""), note)


def _empty(*, filtered: bool) -> Html:
    if filtered:
        return pieces.panel("No finished cycle of this kind", el("p", "Choose another loop or another type above."))
    return pieces.empty_state(
        glyphs.pulse(),
        "The loops have not finished a cycle yet",
        "Here stand the latest fifteen cycles of the four research loops, as they end.",
        ["One of the loops, running in a terminal of its own.", "A few minutes: a cycle is 21 outputs."],
        "./lab loop a",
    )
