"""Migrations: once, in one transaction, never edited; two processes may arrive together."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.store import DATABASES, migrate, open_ro, open_rw
from nma13.store.errors import AlteredMigrationError
from nma13.store.migrate import Migration, latest_version, migrations_of, statements


@pytest.mark.parametrize("name", DATABASES)
def test_applied_twice_changes_nothing(name: str, tmp_path: Path) -> None:
    first = open_rw(name, tmp_path)
    schema = first.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    records = first.execute("SELECT * FROM migrations").fetchall()
    first.close()
    second = open_rw(name, tmp_path)
    assert second.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == schema
    assert second.execute("SELECT * FROM migrations").fetchall() == records
    assert second.execute("PRAGMA user_version").fetchone()[0] == latest_version(name)


def test_an_old_file_is_brought_up_to_date_and_copied_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = migrations_of("memory")
    monkeypatch.setattr(migrate, "migrations_of", lambda _: whole[:1])
    old = open_rw("memory", tmp_path)
    old.execute("INSERT INTO process_events (source, event, pid, at_ms) VALUES ('loop_a', 'start', 7, 0)")
    old.close()
    monkeypatch.undo()
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    new = open_rw("memory", tmp_path)
    assert new.execute("SELECT pid FROM process_events").fetchone()[0] == 7
    assert new.execute("SELECT count(*) FROM episodic_memory").fetchone()[0] == 0
    copy = sqlite3.connect(tmp_path / "memory.before-1.db")
    assert copy.execute("SELECT pid FROM process_events").fetchone()[0] == 7


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_rw("memory", tmp_path).close()
    whole = migrations_of("memory")
    broken = Migration(len(whole) + 1, "9999_broken", "CREATE TABLE half (a) STRICT;")  # STRICT wants a type
    good_then_bad = Migration(len(whole) + 1, "9999_broken", "CREATE TABLE first (a INTEGER);\n" + broken.sql)
    monkeypatch.setattr(migrate, "migrations_of", lambda _: (*whole, good_then_bad))
    with pytest.raises(Exception, match="half"):
        open_rw("memory", tmp_path)
    monkeypatch.undo()
    reader = open_ro("memory", tmp_path)
    assert reader.execute("PRAGMA user_version").fetchone()[0] == len(whole)
    assert reader.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'first'").fetchone()[0] == 0


def test_an_edited_migration_is_reported(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    connection.execute("UPDATE migrations SET sha256 = 'another' WHERE number = 2")
    connection.close()
    with pytest.raises(AlteredMigrationError, match="0002_navigation"):
        open_rw("memory", tmp_path)


def open_in_processes_at_once(folder: Path, processes: int = 4) -> None:
    """All wait for the same instant, which is when SQLite is most tempted to say «locked»."""
    code = f"""
import sys, time
from pathlib import Path
from nma13.store import open_rw
time.sleep(max(0, float(sys.argv[1]) - time.time()))
open_rw("memory", Path({str(folder)!r})).close()
"""
    instant = str(time.time() + 0.5)
    started = [
        subprocess.Popen([sys.executable, "-c", code, instant], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(5))
def test_processes_that_start_at_once_migrate_once(tmp_path: Path, attempt: int) -> None:
    open_in_processes_at_once(tmp_path)
    numbers = [row[0] for row in open_ro("memory", tmp_path).execute("SELECT number FROM migrations ORDER BY number")]
    assert numbers == list(range(1, latest_version("memory") + 1))


def test_the_copy_is_of_the_old_file_also_when_several_bring_it_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = migrations_of("memory")
    monkeypatch.setattr(migrate, "migrations_of", lambda _: whole[:1])
    old = open_rw("memory", tmp_path)
    old.execute("INSERT INTO process_events (source, event, pid, at_ms) VALUES ('loop_a', 'start', 7, 0)")
    old.close()
    monkeypatch.undo()
    open_in_processes_at_once(tmp_path, 3)
    copy = sqlite3.connect(tmp_path / "memory.before-1.db")
    assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
    assert copy.execute("SELECT pid FROM process_events").fetchall() == [(7,)]
    assert stat.S_IMODE((tmp_path / "memory.before-1.db").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.partial"))


def test_an_edited_migration_is_reported_before_newer_ones_are_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = migrations_of("memory")
    edited = Migration(1, whole[0].name, whole[0].sql + "\n-- edited")
    monkeypatch.setattr(migrate, "migrations_of", lambda _: (edited,))
    open_rw("memory", tmp_path).close()
    monkeypatch.undo()
    with pytest.raises(AlteredMigrationError, match="0001_loop"):
        open_rw("memory", tmp_path)
    assert open_ro("memory", tmp_path).execute("PRAGMA user_version").fetchone()[0] == 1


def test_triggers_are_one_statement() -> None:
    script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1;\n SELECT 2;\nEND;\nCREATE TABLE b (x);"
    assert len(statements(script)) == 2
