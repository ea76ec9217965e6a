"""Backups are whole and checked, restoring overwrites nothing, the doctor sees and never falls ill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.store import DATABASES, LOOPS, InstanceLock, StoreError, database_path, open_ro, open_rw
from nma13.store.backup import backup, restore
from nma13.store.doctor import diagnose, render
from nma13.store.errors import AlreadyRunningError, BrokenDatabaseError
from nma13.store.units import begin_cycle
from tests.nma13.store.helpers import start, write_cycle


def filled(folder: Path) -> Path:
    for loop in LOOPS.values():
        connection = open_rw(loop.database, folder)
        write_cycle(connection, loop, 1, can_resolved=True if loop.asks_can else None)
        connection.close()
    (folder / "settings.json").write_text("{}")
    return folder


def test_a_backup_made_while_a_loop_writes_is_whole(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.nma13.store.helpers", str(tmp_path / "data"), "loop_a"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.2)
    made = backup(tmp_path / "copies", tmp_path / "data")
    writer.kill()
    writer.communicate()
    assert list(made.databases) == ["memory"]
    copy = open_ro("memory", made.folder)
    assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert copy.execute("SELECT count(*) FROM autonomous_loop").fetchone()[0] > 0
    assert not list((tmp_path / "copies").glob("*.partial"))


def test_there_and_back_again(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    later = open_rw("memory", data)
    later.execute("DELETE FROM autonomous_loop_cycles")
    later.close()
    names = restore(made.folder, data)
    assert "memory.db" in names
    assert open_ro("memory", data).execute("SELECT count(*) FROM autonomous_loop").fetchone()[0] == 21
    aside = next(data.glob("before-restore-*"))
    assert open_ro("memory", aside).execute("SELECT count(*) FROM autonomous_loop").fetchone()[0] == 0


def test_a_damaged_backup_is_not_put_back(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    copy = made.folder / "memory.db"
    copy.write_bytes(copy.read_bytes()[:20_000])
    before = database_path("memory", data).read_bytes()
    with pytest.raises(BrokenDatabaseError):
        restore(made.folder, data)
    assert database_path("memory", data).read_bytes() == before


def test_nothing_is_restored_under_a_running_loop(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    with InstanceLock("loop_a", data), pytest.raises(AlreadyRunningError, match="loop_a is running"):
        restore(made.folder, data)


def test_nothing_is_restored_under_somebody_who_has_a_file_open(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    page = open_rw("memory", data)
    before = sorted(file.name for file in data.iterdir())
    with pytest.raises(AlreadyRunningError, match=r"memory\.db open"):
        restore(made.folder, data)
    assert sorted(file.name for file in data.iterdir()) == before
    page.close()
    restore(made.folder, data)


def test_a_damaged_database_does_not_stop_its_own_restoring(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    database_path("memory", data).write_bytes(b"no database any more" * 1000)
    restore(made.folder, data)
    assert open_ro("memory", data).execute("SELECT count(*) FROM autonomous_loop").fetchone()[0] == 21


@pytest.mark.parametrize("listed", ["../../elsewhere.txt", "next_year.db"])
def test_a_manifest_cannot_name_what_it_likes(tmp_path: Path, listed: str) -> None:
    data = filled(tmp_path / "data")
    made = backup(tmp_path / "copies", data)
    manifest = json.loads((made.folder / "backup.json").read_text())
    (made.folder / "backup.json").write_text(json.dumps(manifest | {"files": [listed]}))
    with pytest.raises(StoreError, match="does not know"):
        restore(made.folder, data)


def test_no_backup_of_nothing_and_no_restore_from_anything(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing"):
        backup(tmp_path / "copies", tmp_path / "data")
    with pytest.raises(StoreError, match="not a backup"):
        restore(tmp_path, tmp_path / "data")


def test_the_doctor_of_a_healthy_house(tmp_path: Path) -> None:
    report = diagnose(filled(tmp_path), thorough=True)
    assert report.healthy
    assert [database.present for database in report.databases] == [True] * 4
    assert json.loads(json.dumps(report.to_dict()))["databases"][0]["rows"]["autonomous_loop"] == 21
    assert "Everything is in order" in render(report)


def test_the_doctor_of_an_empty_house(tmp_path: Path) -> None:
    report = diagnose(tmp_path / "nothing" / "here")
    assert report.healthy
    assert "not made yet" in render(report)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "middle"])
def test_the_doctor_sees_damage_and_never_raises(tmp_path: Path, damage: str) -> None:
    filled(tmp_path)
    path = database_path("memory", tmp_path)
    whole = path.read_bytes()
    hole = whole[:8192] + b"\xff" * 65536 + whole[8192 + 65536 :]
    path.write_bytes({"garbage": b"x" * 9000, "truncated": whole[:5000], "middle": hole}[damage])
    report = diagnose(tmp_path)
    assert not report.healthy
    assert any(finding.severity == "error" and finding.where == "memory.db" for finding in report.findings)
    assert "restore" in render(report)


def test_the_doctor_names_what_is_odd(tmp_path: Path) -> None:
    filled(tmp_path)
    database_path("memory", tmp_path).chmod(0o644)
    connection = open_rw("memory", tmp_path)
    for cycle in (2, 3):
        begin_cycle(connection, LOOPS["loop_a"], start(cycle))
    with InstanceLock("loop_a", tmp_path):
        report = diagnose(tmp_path)
    said = " ".join(finding.what for finding in report.findings)
    assert "other users of this machine can read it" in said
    assert "2 unfinished cycles of loop_a" in said
    assert set(report.running) == {"loop_a"}
    assert len(report.databases) == len(DATABASES)
