"""The only two ways into a database: `open_rw` for its writers, `open_ro` for everybody else.

A connection belongs to the thread that opened it. Writers use `transaction`, which takes the write
lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes later cannot then fail
with «database is locked» in the middle. Readers never create a file and cannot write.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from nma13.config import data_dir, ensure_data_dir
from nma13.store.catalog import DATABASES
from nma13.store.errors import BrokenDatabaseError, MissingDatabaseError, StoreError, explain

BUSY_TIMEOUT_MS = 15_000
_savepoints = count(1)


def database_path(name: str, folder: Path | None = None) -> Path:
    """Where the database of this name lies."""
    return (folder or data_dir()) / DATABASES[name].file


def open_rw(name: str, folder: Path | None = None) -> sqlite3.Connection:
    """Open for writing; creates the file and brings its schema up to date."""
    from nma13.store.migrate import migrate

    path = database_path(name, folder)
    try:
        ensure_data_dir(path.parent)
        _create_private(path)
        connection = _connect(path, "rw")
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error
    try:
        _pragmas(connection, writer=True)
        migrate(connection, DATABASES[name], path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise explain(error, path) from error
        raise
    return connection


def open_ro(name: str, folder: Path | None = None, *, immutable: bool = False) -> sqlite3.Connection:
    """Open for reading. `immutable` is for shipped demo stores that nobody writes."""
    from nma13.store.migrate import refuse_newer

    path = database_path(name, folder)
    if not path.is_file() or path.stat().st_size == 0:
        raise MissingDatabaseError(
            f"{path} does not exist yet. It is made by {DATABASES[name].owner}, the first time it writes."
        )
    try:
        connection = _connect(path, "ro", immutable=immutable)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        _pragmas(connection, writer=False)
        refuse_newer(connection, DATABASES[name], path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise explain(error, path) from error
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. A transaction inside a transaction is a savepoint."""
    if connection.in_transaction:
        name = f"nested_{next(_savepoints)}"
        begin, commit = f"SAVEPOINT {name}", f"RELEASE {name}"
        undo = [f"ROLLBACK TO {name}", f"RELEASE {name}"]
    else:
        begin, commit, undo = "BEGIN IMMEDIATE", "COMMIT", ["ROLLBACK"]
    try:
        connection.execute(begin)
        yield connection
        connection.execute(commit)
    except BaseException as error:
        if connection.in_transaction:
            for statement in undo:
                connection.execute(statement)
        if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.IntegrityError | sqlite3.ProgrammingError
        ):
            raise explain(error, path_of(connection)) from error
        raise


def path_of(connection: sqlite3.Connection) -> Path:
    """The file behind a connection."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def newest_id(connection: sqlite3.Connection, table: str) -> int:
    """«Is there anything new?», answered from the end of the index before anybody asks «what?»."""
    row = connection.execute(f'SELECT max(id) FROM "{table}"').fetchone()  # noqa: S608 (a name of ours)
    return row[0] or 0


def _connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
    connection.row_factory = sqlite3.Row
    return connection


def _pragmas(connection: sqlite3.Connection, *, writer: bool) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    if not writer:
        connection.execute("PRAGMA query_only = ON")
        return
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(
            f"{path_of(connection)} lies on a file system that SQLite cannot share between processes "
            f"(journal mode {mode}). Move the data folder to a local disk and name it with NMA_DATA."
        )
    # FULL: a committed unit survives a power cut, not only a kill. A unit takes seconds to make; a sync, milliseconds.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _create_private(path: Path) -> None:
    """SQLite gives -wal and -shm the mode of the main file, so making that one private is enough."""
    if path.is_dir():
        raise BrokenDatabaseError(f"{path} is a folder; a database file was expected there. Move it away.")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(handle)
