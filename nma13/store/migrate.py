"""Bringing a database's schema up to date: numbered SQL files, each applied once, in one transaction.

A migration is recorded in the table `migrations` in the transaction that makes the change, so a kill
leaves either both or neither. A file from a newer lab is refused untouched, and a copy is taken before
a database that holds anything is changed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nma13.clock import now_ms
from nma13.store.catalog import DATABASES, Database
from nma13.store.errors import AlteredMigrationError, ForeignDatabaseError, NewerDatabaseError

SQL = Path(__file__).parent / "sql"
RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    -- which numbered changes this file has been through
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def migrations_of(name: str) -> tuple[Migration, ...]:
    """The migrations of one database: the loop's tables first, then its own numbered files."""
    database = DATABASES[name]
    loop = (SQL / "loop.sql").read_text(encoding="utf-8")
    loop = loop.replace("{outputs}", database.outputs).replace("{cycles}", database.cycles)
    loop = loop.replace("{sources}", ", ".join(f"'{source}'" for source in database.sources))
    found = [Migration(1, "0001_loop", loop)]
    for file in sorted((SQL / name).glob("[0-9][0-9][0-9][0-9]_*.sql")):
        found.append(Migration(int(file.stem[:4]), file.stem, file.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in found]
    assert numbers == list(range(1, len(found) + 1)), f"{name}: migrations are not numbered 1, 2, 3 …: {numbers}"
    return tuple(found)


def latest_version(name: str) -> int:
    return migrations_of(name)[-1].number


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_strange(connection: sqlite3.Connection, database: Database, path: Path) -> None:
    """A lab never touches a file that is not its own, or whose schema it does not know."""
    found, known = version_of(connection), latest_version(database.name)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if (tables or found) and "migrations" not in tables:
        raise ForeignDatabaseError(
            f"{path} is a database, but not one of the lab's. It was left as it is. "
            "Move it away, or name another data folder with NMA_DATA."
        )
    if found > known:
        raise NewerDatabaseError(
            f"{path} was written by a newer version of the lab (schema {found}; this one knows {known}). "
            "It was left as it is. Update the lab, or name another data folder with NMA_DATA."
        )


def refuse_altered(connection: sqlite3.Connection, name: str, path: Path) -> None:
    """Migrations are only ever added; an edited one would leave two kinds of files under one number."""
    recorded = dict(connection.execute("SELECT number, sha256 FROM migrations").fetchall())
    for migration in migrations_of(name)[: version_of(connection)]:
        if recorded.get(migration.number) != migration.sha256:
            raise AlteredMigrationError(
                f"{path} went through another «{migration.name}» than this lab ships. Nothing was changed. "
                "Use the version of the lab that wrote this file, or move the file away to start anew."
            )


def migrate(connection: sqlite3.Connection, database: Database, path: Path) -> list[str]:
    """Apply what is missing in one transaction under the write lock; returns the names of what was applied."""
    wanted = migrations_of(database.name)
    connection.execute("BEGIN IMMEDIATE")
    try:
        refuse_strange(connection, database, path)  # asked again under the lock, as is the version:
        before = version_of(connection)  # whoever waited finds the work done, perhaps by a newer lab
        if before > 0:
            refuse_altered(connection, database.name, path)
        if 0 < before < wanted[-1].number:
            _copy_before(path, before)
        connection.execute(RECORD)
        for migration in wanted[before:]:
            for statement in statements(migration.sql):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, ?, ?)",
                (migration.number, migration.name, migration.sha256, now_ms()),
            )
            connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return [migration.name for migration in wanted[before:]]


def statements(script: str) -> list[str]:
    """A script's statements one by one: `executescript` would commit in the middle."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    assert not _without_comments(pending), f"an unfinished statement: {pending[:80]}"
    return found


def _without_comments(sql: str) -> str:
    return "".join(line.partition("--")[0] for line in sql.splitlines()).strip()


def _copy_before(path: Path, version: int) -> None:
    """A whole copy beside the file. A reader of its own makes it: it sees the state before the open transaction."""
    copy = path.with_suffix(f".before-{version}.db")
    partial = copy.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reader,
        closing(sqlite3.connect(partial)) as target,
    ):
        reader.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    partial.replace(copy)  # under its final name it is whole
