"""Two ways in: readers create and change nothing, writers get a private, migrated file, bad files a sentence."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.errors import LabError
from nma13.store import DATABASES, database_path, newest_id, open_ro, open_rw, transaction
from nma13.store.errors import (
    BrokenDatabaseError,
    BusyDatabaseError,
    DiskFullError,
    ForeignDatabaseError,
    MissingDatabaseError,
    NewerDatabaseError,
    OlderDatabaseError,
)


def test_a_reader_creates_nothing(tmp_path: Path) -> None:
    for name in DATABASES:
        with pytest.raises(MissingDatabaseError, match="does not exist yet"):
            open_ro(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_as_good_as_none(tmp_path: Path) -> None:
    database_path("memory", tmp_path).touch()
    with pytest.raises(MissingDatabaseError):
        open_ro("memory", tmp_path)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    open_rw("memory", tmp_path).close()
    reader = open_ro("memory", tmp_path)
    with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"):
        reader.execute("INSERT INTO settings VALUES ('a', '1', 0)")


def test_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0)  # the most careless setting there is
    try:
        connection = open_rw("memory", tmp_path / "data")
        connection.execute("INSERT INTO settings VALUES ('a', '1', 0)")
    finally:
        os.umask(before)
    for file in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_failed_transaction_leaves_nothing_and_a_nested_one_only_itself(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    with transaction(connection):
        connection.execute("INSERT INTO settings VALUES ('kept', '1', 0)")
        with pytest.raises(RuntimeError), transaction(connection):
            connection.execute("INSERT INTO settings VALUES ('lost', '1', 0)")
            raise RuntimeError
    with pytest.raises(RuntimeError), transaction(connection):
        connection.execute("INSERT INTO settings VALUES ('lost too', '1', 0)")
        raise RuntimeError
    assert [row["key"] for row in connection.execute("SELECT key FROM settings")] == ["kept"]


@pytest.mark.parametrize("content", [b"this is no database, it only lies where one should" * 40, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = database_path("memory", tmp_path)
    path.write_bytes(content)
    for opened in (open_ro, open_rw):
        with pytest.raises(BrokenDatabaseError, match="left as it is"):
            opened("memory", tmp_path).execute("SELECT count(*) FROM settings")
    assert path.read_bytes() == content


def test_a_truncated_database_is_reported(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    connection.close()
    path = database_path("memory", tmp_path)
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(BrokenDatabaseError, match="restore"):
        open_rw("memory", tmp_path)


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    connection.execute("PRAGMA user_version = 99")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path = database_path("memory", tmp_path)
    before = path.read_bytes()
    for opened in (open_ro, open_rw):
        with pytest.raises(NewerDatabaseError, match="newer version of the lab"):
            opened("memory", tmp_path)
    assert path.read_bytes() == before


def test_a_newer_file_is_not_even_switched_to_another_journal(tmp_path: Path) -> None:
    path = database_path("memory", tmp_path)
    newer = sqlite3.connect(path)  # as a backup leaves it: no WAL
    newer.executescript("CREATE TABLE migrations (number); CREATE TABLE unheard_of (a); PRAGMA user_version = 99;")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(NewerDatabaseError):
        open_rw("memory", tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 3])
def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, version: int) -> None:
    path = database_path("memory", tmp_path)
    other = sqlite3.connect(path)
    other.executescript(f"CREATE TABLE recipes (name); PRAGMA user_version = {version};")
    other.close()
    before = path.read_bytes()
    for opened in (open_ro, open_rw):
        with pytest.raises(ForeignDatabaseError, match="not one of the lab's"):
            opened("memory", tmp_path)
    assert path.read_bytes() == before


def test_a_file_whose_maker_was_killed_before_its_first_table_is_none_yet(tmp_path: Path) -> None:
    begun = sqlite3.connect(database_path("memory", tmp_path))
    begun.execute("PRAGMA journal_mode = WAL").fetchone()
    begun.close()
    with pytest.raises(MissingDatabaseError):
        open_ro("memory", tmp_path)
    open_rw("memory", tmp_path).close()
    open_ro("memory", tmp_path).close()


def test_opening_a_file_again_keeps_the_locks_of_who_has_it_open(tmp_path: Path) -> None:
    """Closing any handle of a file drops this process's POSIX locks on it; another process would then take the WAL."""
    mine = open_rw("memory", tmp_path)
    again = open_rw("memory", tmp_path)  # stays open: SQLite holds handles back, ours must not exist at all
    visit = (
        f"from pathlib import Path; from nma13.store import open_rw; open_rw('memory', Path({str(tmp_path)!r})).close()"
    )
    subprocess.run([sys.executable, "-c", visit], cwd=ROOT, check=True, timeout=30)
    mine.execute("INSERT INTO settings VALUES ('written after the visit', '1', 0)")
    look = (
        f"from pathlib import Path; from nma13.store import open_ro;"
        f"print(len(open_ro('memory', Path({str(tmp_path)!r})).execute('SELECT * FROM settings').fetchall()))"
    )
    seen = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, check=True, timeout=30, capture_output=True, text=True
    )
    assert seen.stdout == "1\n"
    again.close()


def test_a_file_that_lacks_something_is_told_as_older(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    with pytest.raises(OlderDatabaseError, match="brought up to date"), transaction(connection):
        connection.execute("SELECT a_column_of_next_year FROM settings")


def test_a_shipped_store_is_read_without_leaving_anything_beside_it(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    (tmp_path / "schema.turn").unlink()
    reader = open_ro("memory", tmp_path, immutable=True)
    assert reader.execute("SELECT count(*) FROM settings").fetchone()[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["memory.db"]


def test_a_writer_that_never_lets_go_is_told_in_words(tmp_path: Path) -> None:
    holder, waiter = open_rw("memory", tmp_path), open_rw("memory", tmp_path)
    waiter.execute("PRAGMA busy_timeout = 50")
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyDatabaseError, match="Try again in a moment"), transaction(waiter):
        pass


def test_a_full_disk_loses_only_the_unit_in_flight(tmp_path: Path) -> None:
    """SQLite's own page limit gives the very error a full disk gives (SQLITE_FULL)."""
    connection = open_rw("memory", tmp_path)
    connection.execute("INSERT INTO settings VALUES ('before', '1', 0)")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFullError, match="Make room"), transaction(connection):
        connection.execute("INSERT INTO settings VALUES ('big', ?, 0)", ('"' + "x" * 500_000 + '"',))
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert [row["key"] for row in connection.execute("SELECT key FROM settings")] == ["before"]


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    """Root may write anywhere, so the attempt is made as nobody."""
    folder = tmp_path / "data"
    open_rw("memory", folder).close()
    for path in (*tmp_path.parents, tmp_path):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    attempt = f"""
import os, pathlib
from nma13.store import open_rw
from nma13.store.errors import StoreError
open_rw("memory", pathlib.Path({str(tmp_path / "elsewhere")!r})).close()  # nobody cannot import; root can
if os.getuid() == 0: os.setuid(65534)
try:
    open_rw("memory", pathlib.Path({str(folder)!r}))
except StoreError as error:
    print(type(error).__name__, error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", attempt], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.stdout.startswith("ReadOnlyFolderError"), ran.stdout + ran.stderr
    assert "NMA_DATA" in ran.stdout


def test_ids_never_come_back_so_a_cursor_never_misses(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    add = "INSERT INTO process_events (source, event, pid, at_ms) VALUES ('loop_a', 'start', 1, 0)"
    for _ in range(3):
        connection.execute(add)
    cursor = newest_id(connection, "process_events")
    connection.execute("DELETE FROM process_events WHERE id = ?", (cursor,))
    connection.execute(add)
    assert newest_id(connection, "process_events") == cursor + 1


def test_a_data_folder_that_cannot_be_made_is_told_in_words() -> None:
    """Nobody, not even root, makes folders below /proc or /dev/null."""
    with pytest.raises(LabError, match="cannot be made or written"):
        open_rw("memory", Path("/dev/null/data"))
