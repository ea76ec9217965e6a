"""The only two ways into a database: `open_rw` for its writers, `open_ro` for everybody else.

A connection belongs to the thread that opened it. Writers use `transaction`, which takes the write
lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes later cannot then fail
with «database is locked» in the middle. Readers never create a file and cannot write.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from nma13.config import data_dir, ensure_data_dir
from nma13.store.catalog import DATABASES
from nma13.store.errors import BrokenDatabaseError, MissingDatabaseError, StoreError, explain
from nma13.store.lock import turn
from nma13.store.migrate import latest_version, migrate, refuse_altered, refuse_strange, version_of

BUSY_TIMEOUT_MS = 15_000
_savepoints = count(1)


def database_path(name: str, folder: Path | None = None) -> Path:
    """Where the database of this name lies."""
    return (folder or data_dir()) / DATABASES[name].file


def open_rw(name: str, folder: Path | None = None) -> sqlite3.Connection:
    """Open for writing; creates the file and brings its schema up to date."""
    path = database_path(name, folder)
    connection = None
    try:
        ensure_data_dir(path.parent)
        _create_private(path)
        connection = _connect(path, "rw")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        refuse_strange(connection, DATABASES[name], path)  # before the first byte of it is changed
        if not _is_ready(connection, name):
            # Processes that start together take turns: SQLite does not wait when two of them switch a file to WAL.
            with turn(path.with_name("schema.turn")):
                _switch_to_wal(connection, path)
                migrate(connection, DATABASES[name], path)
        refuse_altered(connection, name, path)
        _prepare_writer(connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise explain(error, path) from error
        raise
    return connection


def open_ro(
    name: str, folder: Path | None = None, *, immutable: bool = False, patience_ms: int = BUSY_TIMEOUT_MS
) -> sqlite3.Connection:
    """Open for reading. `immutable` is for shipped demo stores that nobody writes; a page that is asked again every
    second has less `patience_ms` with a locked file."""
    path = database_path(name, folder)
    connection = None
    try:
        if not path.is_file() or path.stat().st_size == 0:
            raise _missing(name, path)
        connection = _connect(path, "ro", immutable=immutable)
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
        connection.execute("PRAGMA query_only = ON")
        refuse_strange(connection, DATABASES[name], path)
        if version_of(connection) == 0:
            raise _missing(name, path)  # created a moment ago, or by a process that was killed right then
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error | OSError):
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


def storable(text: str) -> str:
    """The text as SQLite can hold it: pairs that a stream cut in two are joined, a lone half becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class _Connection(sqlite3.Connection):
    """SQLite quotes a damaged schema in its message, and Python fails to read the message: that is damage too."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*arguments)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError(f"malformed database schema: {error}") from error


def _connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000, factory=_Connection
    )
    connection.row_factory = sqlite3.Row
    return connection


def _is_ready(connection: sqlite3.Connection, name: str) -> bool:
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return bool(mode == "wal" and version_of(connection) == latest_version(name))


def _switch_to_wal(connection: sqlite3.Connection, path: Path) -> None:
    """WAL lets readers go on while somebody writes. The switch needs the file to itself for a moment."""
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise StoreError(
            f"{path} lies on a file system that SQLite cannot share between processes "
            f"(journal mode {mode}). Move the data folder to a local disk and name it with NMA_DATA."
        )


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # FULL: a committed unit survives a power cut, not only a kill. A unit takes seconds to make; a sync, milliseconds.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what a person has forgotten does not linger in free pages
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _create_private(path: Path) -> None:
    """Make the file before SQLite would, with our mode; -wal and -shm take theirs from it.

    A file that exists is never opened here: closing it would drop every lock that this process holds on it
    (POSIX locks belong to the process, not to the handle), and another process could then remove the WAL
    under a connection of ours.
    """
    if path.is_dir():
        raise BrokenDatabaseError(f"{path} is a folder; a database file was expected there. Move it away.")
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise PermissionError(f"no right to write in {path.parent}")  # SQLite would open it for reading, in silence


def _missing(name: str, path: Path) -> MissingDatabaseError:
    return MissingDatabaseError(
        f"{path} does not exist yet. Nothing is lost: it is made by {DATABASES[name].owner}, the first time it writes."
    )
