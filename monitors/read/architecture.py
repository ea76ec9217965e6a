"""Architecture Log and Component Library: what loops C and D say about a cognitive architecture, cycle by cycle."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from nma13.store import LoopTables

PAGE = 30
Order = Literal["uses", "newest", "name"]
ORDERS: dict[Order, str] = {"uses": "uses DESC, id", "newest": "last_cycle DESC, id", "name": "name, id"}


@dataclass(frozen=True, slots=True)
class LogPage:
    """Notes, newest first, and the cycle before which the next page begins."""

    rows: tuple[sqlite3.Row, ...]
    after: int | None


def architecture_log(connection: sqlite3.Connection, loop: LoopTables, before: int | None = None) -> LogPage:
    """The notes that cycles left behind, whole."""
    sequence = ", sequence_note" if loop.source == "loop_d" else ", NULL AS sequence_note"
    bare = ", bare_station" if loop.source == "loop_c" else ", NULL AS bare_station"
    rows = connection.execute(
        f"SELECT cycle, scenario_type, architecture_note, can_resolved, collective_lean{sequence}{bare}"
        f" FROM {loop.cycles} WHERE source = ? AND cycle < ? AND architecture_note IS NOT NULL"
        " ORDER BY cycle DESC LIMIT ?",
        (loop.source, before if before is not None else 2**62, PAGE + 1),
    ).fetchall()
    return LogPage(tuple(rows[:PAGE]), rows[PAGE - 1]["cycle"] if len(rows) > PAGE else None)


def components(
    connection: sqlite3.Connection, loop: LoopTables, station: str = "", words: str = "", order: Order = "uses"
) -> list[sqlite3.Row]:
    """The parts that stations named, whole library: as many as there are names."""
    conditions, values = ["source = ?"], [loop.source]
    if station:
        conditions.append("station = ?")
        values.append(station)
    for word in words.split():
        conditions.append("(instr(lower(name), ?) OR instr(lower(description), ?))")
        values += [word.lower(), word.lower()]
    return connection.execute(
        f"SELECT * FROM components WHERE {' AND '.join(conditions)} ORDER BY {ORDERS[order]}",
        values,
    ).fetchall()


def newest_component(connection: sqlite3.Connection, loop: LoopTables) -> tuple[int, int]:
    """What tells that the library changed: its newest name and its newest use."""
    row = connection.execute(
        "SELECT max(id) AS id, max(last_cycle) AS cycle FROM components WHERE source = ?", (loop.source,)
    ).fetchone()
    return row["id"] or 0, row["cycle"] or 0
