"""Migrations: once, in one transaction, never edited; two processes may arrive together."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
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


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from nma13.store import open_rw; open_rw('memory', Path({str(tmp_path)!r})).close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in started:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    numbers = [row[0] for row in open_ro("memory", tmp_path).execute("SELECT number FROM migrations ORDER BY number")]
    assert numbers == list(range(1, latest_version("memory") + 1))


def test_triggers_are_one_statement() -> None:
    script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1;\n SELECT 2;\nEND;\nCREATE TABLE b (x);"
    assert len(statements(script)) == 2
