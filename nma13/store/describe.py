"""The schema as a page a stranger can read, made from the databases themselves: `python -m nma13.store.describe`."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from pathlib import Path

from nma13.store.catalog import DATABASES
from nma13.store.connect import open_rw

PURPOSE = re.compile(r"\(\s*--\s*(.+)")
TABLES = (
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    " AND name NOT LIKE '%\\_text%' ESCAPE '\\' ORDER BY rowid"
)


def markdown() -> str:
    """Every table of every database with its purpose and columns; what four files share is told once."""
    lines: list[str] = []
    told: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for database in DATABASES.values():
            connection = open_rw(database.name, Path(folder))
            lines += ["", f"### {database.file} ({database.owner})", ""]
            shared = []
            for name, sql in connection.execute(TABLES).fetchall():
                if name in told:
                    shared.append(f"`{name}`")
                    continue
                told.add(name)
                lines += [f"- **{name}**: {_purpose(sql)}. {_columns(connection, name)}"]
            if shared:
                lines += [f"- as above: {', '.join(shared)}"]
            connection.close()
    return "\n".join(lines).strip() + "\n"


def _purpose(sql: str) -> str:
    found = PURPOSE.search(sql)
    assert found, f"a table does not say what it is for: {sql[:60]}"
    return found.group(1).strip()


def _columns(connection: sqlite3.Connection, table: str) -> str:
    return ", ".join(f"`{row['name']}`" for row in connection.execute(f"PRAGMA table_info({table})"))


if __name__ == "__main__":
    print(markdown(), end="")
