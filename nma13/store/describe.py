"""The schema as a page a stranger can read, made from the databases themselves: `python -m nma13.store.describe`."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from pathlib import Path

from nma13.store.catalog import DATABASES, OWN_TABLES
from nma13.store.connect import open_rw

PURPOSE = re.compile(r"\(\s*--\s*(.+)")
COLUMN_BEHIND = re.compile(r"^\s*\"?(\w+)\"? .*?--\s*(.+)$", re.M)  # in CREATE TABLE: behind the column
COLUMN_INSIDE = re.compile(r"(\w+) /\*\s*(.+?)\s*\*/")  # in ADD COLUMN, where SQLite keeps no line comments


def markdown() -> str:
    """Every table of every database with its purpose and columns; what four files share is told once."""
    lines: list[str] = []
    told: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for database in DATABASES.values():
            connection = open_rw(database.name, Path(folder))
            lines += ["", f"### {database.file} ({database.owner})", ""]
            shared = []
            for name, sql in connection.execute(OWN_TABLES).fetchall():
                if name in told:
                    shared.append(f"`{name}`")
                    continue
                told.add(name)
                lines += [f"- **{name}**: {_purpose(sql)}. {_columns(connection, name, sql)}"]
            if shared:
                lines += [f"- as above: {', '.join(shared)}"]
            connection.close()
    return "\n".join(lines).strip() + "\n"


def _purpose(sql: str) -> str:
    found = PURPOSE.search(sql)
    assert found, f"a table does not say what it is for: {sql[:60]}"
    return found.group(1).strip()


def _columns(connection: sqlite3.Connection, table: str, sql: str) -> str:
    """The columns in their order, each with what its schema says about it."""
    said = dict(COLUMN_BEHIND.findall(sql)) | dict(COLUMN_INSIDE.findall(sql))
    names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    return ", ".join(f"`{name}` ({said[name]})" if name in said else f"`{name}`" for name in names)


if __name__ == "__main__":
    print(markdown(), end="")
