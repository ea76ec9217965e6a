"""Full text over what the stations said. Words as people type them; nothing they type is taken as syntax."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import re
import sqlite3

from nma13.store import LoopTables

PART = re.compile(r'"([^"]+)"|(\S+)')


def fts_query(words: str) -> str:
    """All words must occur; "quoted words" stand together; a word that ends in * begins others."""
    parts = []
    for quoted, bare in PART.findall(words):
        starts = bare.endswith("*")
        said = (quoted or bare.rstrip("*")).replace('"', " ").replace("\0", " ").strip()
        if any(sign.isalnum() for sign in said):
            parts.append(f'"{said}"{"*" if starts else ""}')
    return " AND ".join(parts)


def matches(
    connection: sqlite3.Connection, loop: LoopTables, words: str, before: int | None, limit: int
) -> list[sqlite3.Row]:
    """Outputs that hold the words, newest first."""
    return connection.execute(
        f"SELECT o.id, o.cycle, o.round, o.station, o.text FROM {loop.outputs}_text t"
        f" JOIN {loop.outputs} o ON o.id = t.rowid WHERE {loop.outputs}_text MATCH ? AND t.rowid < ?"
        " AND o.source = ? ORDER BY t.rowid DESC LIMIT ?",
        (fts_query(words), before if before is not None else 2**62, loop.source, limit),
    ).fetchall()
