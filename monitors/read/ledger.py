"""The knowledge ledger: what each station still does not know, and what moved."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from nma13.store import LoopTables

PAGE = 70  # ten cycles of seven stations
CLASSES = ("UNCERTAIN", "EVIDENCED", "INFERRED", "ASSUMED")


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Entries, newest first, and the id before which the next page begins."""

    rows: tuple[sqlite3.Row, ...]
    after: int | None


def ledger(
    connection: sqlite3.Connection, loop: LoopTables, station: str = "", class_: str = "", before: int | None = None
) -> LedgerPage:
    """One page by key."""
    conditions, values = ["source = ?"], [loop.source]
    for column, wish in (("station", station), ("class", class_)):
        if wish:
            conditions.append(f"{column} = ?")
            values.append(wish)
    if before is not None:
        conditions.append("id < ?")
        values.append(before)  # type: ignore[arg-type]
    rows = connection.execute(
        f"SELECT * FROM knowledge_ledger WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",
        [*values, PAGE + 1],
    ).fetchall()
    return LedgerPage(tuple(rows[:PAGE]), rows[PAGE - 1]["id"] if len(rows) > PAGE else None)


def newest_entry(connection: sqlite3.Connection, loop: LoopTables) -> int:
    """The cursor of the ledger."""
    return (
        connection.execute("SELECT max(id) FROM knowledge_ledger WHERE source = ?", (loop.source,)).fetchone()[0] or 0
    )
