"""One cycle as a board: seven stations × three rounds, with all that belongs to it."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nma13.store import LoopTables


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the store holds on one cycle."""

    cycle: Mapping[str, Any]
    outputs: Mapping[tuple[str, str], Mapping[str, Any]]
    """(station, round) → output."""
    ledger: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]
    before: int | None
    after: int | None

    @property
    def running(self) -> bool:
        return bool(self.cycle["status"] == "running")


def board(connection: sqlite3.Connection, loop: LoopTables, cycle: int) -> Board | None:
    """None when there is no such cycle."""
    of = (cycle, loop.source)
    row = connection.execute(f"SELECT * FROM {loop.cycles} WHERE cycle = ? AND source = ?", of).fetchone()
    if row is None:
        return None
    outputs = connection.execute(f"SELECT * FROM {loop.outputs} WHERE cycle = ? AND source = ?", of).fetchall()
    ledger = connection.execute(
        "SELECT * FROM knowledge_ledger WHERE cycle = ? AND source = ? ORDER BY station", of
    ).fetchall()
    events = connection.execute(
        "SELECT * FROM process_events WHERE source = ? AND at_ms BETWEEN ? AND ? ORDER BY id LIMIT 50",
        (loop.source, row["started_ms"], row["finished_ms"] or 2**62),
    ).fetchall()
    return Board(
        dict(row),
        {(one["station"], one["round"]): dict(one) for one in outputs},
        tuple(dict(one) for one in ledger),
        tuple(dict(one) for one in events),
        _neighbour(connection, loop, cycle, "<", "DESC"),
        _neighbour(connection, loop, cycle, ">", "ASC"),
    )


def moved(connection: sqlite3.Connection, loop: LoopTables, cycle: int) -> tuple[int, str] | None:
    """What changes while a cycle runs: how many outputs there are, and its status."""
    row = connection.execute(
        f"SELECT status, (SELECT count(*) FROM {loop.outputs} o WHERE o.cycle = c.cycle AND o.source = c.source)"
        f" AS said FROM {loop.cycles} c WHERE cycle = ? AND source = ?",
        (cycle, loop.source),
    ).fetchone()
    return (row["said"], row["status"]) if row else None


def blocking(cycle: Mapping[str, Any]) -> list[str]:
    """The stations that did not confirm CAN."""
    return list(json.loads(cycle.get("blocking_stations") or "[]"))


def _neighbour(connection: sqlite3.Connection, loop: LoopTables, cycle: int, than: str, way: str) -> int | None:
    row = connection.execute(
        f"SELECT cycle FROM {loop.cycles} WHERE source = ? AND cycle {than} ? ORDER BY cycle {way} LIMIT 1",
        (loop.source, cycle),
    ).fetchone()
    return row["cycle"] if row else None
