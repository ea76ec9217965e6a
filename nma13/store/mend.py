"""What can be made again from the rows is made again: sums, full-text indexes, vectors of texts that are gone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from nma13.store.catalog import DATABASES, LOOPS
from nma13.store.connect import database_path, open_rw, transaction
from nma13.store.rollups import rebuild

INDEXES = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
ORPHAN_VECTORS = (
    "FROM embeddings WHERE"
    " (owner = 'episode' AND owner_id NOT IN (SELECT id FROM episodic_memory WHERE input IS NOT NULL))"
    " OR (owner = 'chunk' AND owner_id NOT IN (SELECT id FROM document_chunks))"
)


def mend(folder: Path) -> list[str]:
    """Mend every database there is; returns what was done, in words. Rows a person or a loop wrote stay as they are."""
    done: list[str] = []
    for name, database in DATABASES.items():
        if not database_path(name, folder).is_file():
            continue
        with closing(open_rw(name, folder)) as connection:
            for loop in LOOPS.values():
                if loop.database == name:
                    done.append(f"{database.file}: sums of {rebuild(connection, loop)} cycles of {loop.source}")
            indexes = [row[0] for row in connection.execute(INDEXES)]
        for index in indexes:
            with closing(open_rw(name, folder)) as connection:
                _empty(connection, index)
            with closing(open_rw(name, folder)) as connection:  # what the one before knew of the index is outdated
                _fill(connection, index)
                done.append(f"{database.file}: full-text index {index}")
        if name == "memory":
            with closing(open_rw(name, folder)) as connection:
                done.append(f"{database.file}: {_drop_orphans(connection)} vectors of texts that are gone")
    return done


def scrub(connection: sqlite3.Connection) -> bool:
    """After something was forgotten: leave no trace of its words in the file, its indexes or its log.

    Freed pages are overwritten as they are freed (secure_delete). A full-text index only notes that a text is
    gone until its parts are merged, so they are; then the log is emptied, which still held the pages as they
    were. False when a reader was in the way of that: ask again later.
    """
    for (index,) in connection.execute(INDEXES).fetchall():
        connection.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")  # noqa: S608
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def texts_of(connection: sqlite3.Connection, index: str) -> str:
    """What a full-text index should hold, as «FROM … WHERE …»; redacted texts are NULL and not in it."""
    return f"FROM {index.removesuffix('_text')} WHERE {_column(connection, index)} IS NOT NULL"


def _column(connection: sqlite3.Connection, index: str) -> str:
    """From the schema's own words: asking the index itself fails when it is badly damaged."""
    made = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).fetchone()["sql"]
    return made.partition("(")[2].partition(",")[0].strip()  # type: ignore[no-any-return]


def _empty(connection: sqlite3.Connection, index: str) -> None:
    """Put the parts of an empty index in place of this one's: a badly damaged one cannot be opened to be emptied."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.execute(f"CREATE VIRTUAL TABLE empty USING fts5 ({_column(connection, index)})")
        blocks = fresh.execute("SELECT id, block FROM empty_data").fetchall()
    with transaction(connection):
        for part in ("data", "idx", "docsize"):
            connection.execute(f"DELETE FROM {index}_{part}")  # noqa: S608  a name from the schema
        connection.executemany(f"INSERT INTO {index}_data (id, block) VALUES (?, ?)", blocks)  # noqa: S608


def _fill(connection: sqlite3.Connection, index: str) -> None:
    column = _column(connection, index)
    with transaction(connection):
        connection.execute(f"INSERT INTO {index} (rowid, {column}) SELECT id, {column} {texts_of(connection, index)}")


def _drop_orphans(connection: sqlite3.Connection) -> int:
    with transaction(connection):
        return connection.execute(f"DELETE {ORPHAN_VECTORS}").rowcount
