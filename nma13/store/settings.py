"""Small facts that the lab keeps beside its rows: one JSON value a name, in the table `settings`."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from nma13.store.connect import transaction


def write_setting(connection: sqlite3.Connection, key: str, value: Any, now_ms: int) -> None:
    """Keep a value under its name; the one before is replaced."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO settings (key, value, updated_ms) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET value = excluded.value, updated_ms = excluded.updated_ms",
            (key, json.dumps(value), now_ms),
        )


def read_setting(connection: sqlite3.Connection, key: str) -> Any:
    """What is kept under a name; None where nothing is."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else None
