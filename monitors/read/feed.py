"""The Live Feed: what was written, in the order of its commits, as it was written."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from monitors.read.pulse import FLAGS
from nma13.store import LoopTables

FIRST_LOOK = 40  # outputs shown when a page is opened
AT_ONCE = 200  # at most in one answer; a page that was away longer is told what it skipped
ABSENT = "NULL"


@dataclass(frozen=True, slots=True)
class Said:
    """One output, whole."""

    id: int
    cycle: int
    round: str
    station: str
    text: str
    flags: tuple[str, ...]
    audit: str
    created_ms: int
    scenario: str
    confirmed: bool | None
    bare: bool
    sequence: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """New outputs, oldest first, and how many were skipped before them."""

    rows: tuple[Said, ...]
    skipped: int


def since(connection: sqlite3.Connection, loop: LoopTables, cursor: int) -> Piece:
    """Everything after `cursor`; 0 asks for the latest few."""
    limit = AT_ONCE if cursor else FIRST_LOOK
    rows = connection.execute(
        f"{_select(loop)} WHERE o.source = ? AND o.id > ? ORDER BY o.id DESC LIMIT ?", (loop.source, cursor, limit)
    ).fetchall()
    skipped = 0
    if cursor and len(rows) == limit:
        skipped = connection.execute(
            f"SELECT count(*) FROM {loop.outputs} WHERE source = ? AND id > ? AND id < ?",
            (loop.source, cursor, rows[-1]["id"]),
        ).fetchone()[0]
    return Piece(tuple(_said(row) for row in reversed(rows)), skipped)


def before(connection: sqlite3.Connection, loop: LoopTables, cursor: int, limit: int = FIRST_LOOK) -> tuple[Said, ...]:
    """The outputs just before `cursor`, oldest first."""
    rows = connection.execute(
        f"{_select(loop)} WHERE o.source = ? AND o.id < ? ORDER BY o.id DESC LIMIT ?", (loop.source, cursor, limit)
    ).fetchall()
    return tuple(_said(row) for row in reversed(rows))


def _select(loop: LoopTables) -> str:
    can = "o.can_confirmed" if loop.asks_can else ABSENT
    bare = "o.bare" if loop.source == "loop_c" else "0"
    sequence = "o.can_sequence" if loop.source == "loop_d" else ABSENT
    return (
        "SELECT o.id, o.cycle, o.round, o.station, o.text, o.confab, o.closure, o.overreach, o.audit, o.created_ms,"
        f" c.scenario_type, {can} AS confirmed, {bare} AS bare, {sequence} AS sequence"
        f" FROM {loop.outputs} o JOIN {loop.cycles} c ON c.cycle = o.cycle AND c.source = o.source"
    )


def _said(row: sqlite3.Row) -> Said:
    return Said(
        row["id"],
        row["cycle"],
        row["round"],
        row["station"],
        row["text"],
        tuple(flag.upper() for flag in FLAGS if row[flag]),
        row["audit"],
        row["created_ms"],
        row["scenario_type"],
        bool(row["confirmed"]) if row["confirmed"] is not None and row["round"] == "R3" else None,
        bool(row["bare"]),
        row["sequence"],
    )
