"""The component library of loops C and D: parts of a cognitive architecture, named by the cycles themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from nma13.deliberation import Block
from nma13.store import transaction

SHOWN = 4
HEADING = "PARTS NAMED IN EARLIER CYCLES (names only, not evidence):"


def remember_component(connection: sqlite3.Connection, source: str, cycle: int, values: Mapping[str, Any]) -> None:
    """Add a part, or count another use of one that is known by this name; inside the cycle's own transaction."""
    name = " ".join(str(values.get("component", "")).lower().split()).strip(" .,:;-_\"'")
    if not name:
        return
    with transaction(connection):
        connection.execute(
            "INSERT INTO components (source, name, station, first_cycle, last_cycle, description)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, name)"
            " DO UPDATE SET uses = uses + 1, last_cycle = excluded.last_cycle",
            (source, name, values["station"], cycle, cycle, str(values.get("description", "")).strip()),
        )


def known_components(connection: sqlite3.Connection, source: str, cycle: int) -> Block | None:
    """The parts that were named last before this cycle."""
    rows = connection.execute(
        "SELECT name, station FROM components WHERE source = ? AND last_cycle < ? ORDER BY last_cycle DESC, id LIMIT ?",
        (source, cycle, SHOWN),
    ).fetchall()
    return Block(HEADING, tuple(f"- {row['name']} ({row['station']})" for row in rows)) if rows else None
