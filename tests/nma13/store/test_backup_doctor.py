"""Backups are whole and checked, restoring overwrites nothing, the doctor sees and never falls ill."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.kit import OVERLAY_NAME
from nma13.locale import choose, chosen
from nma13.rules import load_overlay
from nma13.store import DATABASES, LOOPS, InstanceLock, StoreError, database_path, open_ro, open_rw
from nma13.store.backup import backup, restore
from nma13.store.doctor import DAY_MS, diagnose, render
from nma13.store.errors import AlreadyRunningError, BrokenDatabaseError
from nma13.store.mend import mend, scrub
from nma13.store.records import append_record
from nma13.store.units import beat, begin_cycle
from tests.nma13.store.helpers import START_MS, start, write_cycle


def filled(folder: Path) -> Path:
    for loop in LOOPS.values():
        connection = open_rw(loop.database, folder)
        write_cycle(connection, loop, 1, can_resolved=True if loop.asks_can else None)
        connection.close()
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


def test_what_was_chosen_in_settings_comes_back_too(tmp_path: Path) -> None:
    data, elsewhere = filled(tmp_path / "data"), tmp_path / "elsewhere"
    choose(data, "en-GB")
    (data / OVERLAY_NAME).write_text('allow = ["dead line"]\n', encoding="utf-8")
    restore(backup(tmp_path / "copies", data).folder, elsewhere)
    assert chosen(elsewhere) == "en-GB"
    assert load_overlay(elsewhere / OVERLAY_NAME).allow == ("dead line",)


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
    assert " 0 rows" not in render(report), "what could not be counted is not said to be none"
    assert "None" not in render(report)


def test_the_doctor_names_what_is_odd(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = open_rw("memory", tmp_path)
    database_path("memory", tmp_path).chmod(0o644)
    for cycle in (2, 3):
        begin_cycle(connection, LOOPS["loop_a"], start(cycle))
    with InstanceLock("loop_a", tmp_path):
        report = diagnose(tmp_path)
    said = " ".join(finding.what for finding in report.findings)
    assert "other users of this machine can read it" in said
    assert "2 unfinished cycles of loop_a" in said
    assert set(report.running) == {"loop_a"}
    assert len(report.databases) == len(DATABASES)
    assert all(finding.means and finding.do for finding in report.findings)


def said_by(folder: Path, **how: bool | int) -> str:
    return render(diagnose(folder, **how))  # type: ignore[arg-type]


def test_the_doctor_tells_a_killed_loop_from_a_silent_one(tmp_path: Path) -> None:
    connection = open_rw("memory", filled(tmp_path))
    beat(connection, "loop_a", 4711, "running", 1, START_MS)
    assert "ended without saying so" in said_by(tmp_path, now_ms=START_MS)
    with InstanceLock("loop_a", tmp_path):
        assert "silent for 600 s" in said_by(tmp_path, now_ms=START_MS + 600_000)
        assert "silent" not in said_by(tmp_path, now_ms=START_MS + 5_000)
    beat(connection, "loop_a", 4711, "stopped", 1, START_MS)
    assert "loop_a" not in said_by(tmp_path)


def test_what_can_be_made_again_is_found_and_mended(tmp_path: Path) -> None:
    connection = open_rw("memory", filled(tmp_path))
    connection.execute("DELETE FROM rollup_cycles")
    connection.execute("INSERT INTO autonomous_loop_text (autonomous_loop_text) VALUES ('delete-all')")
    connection.execute("INSERT INTO embeddings VALUES ('chunk', 9, 'encoder', x'00')")
    said = said_by(tmp_path)
    assert "its sums tell of 0" in said
    assert "holds 0 texts of 21" in said
    assert "1 vectors of texts that are gone" in said
    mend(tmp_path)
    assert "warning" not in said_by(tmp_path, thorough=True)
    found = connection.execute("SELECT count(*) FROM autonomous_loop_text WHERE autonomous_loop_text MATCH 'shore'")
    assert found.fetchone()[0] == 21


def test_a_thorough_visit_follows_the_chain_of_records(tmp_path: Path) -> None:
    connection = open_rw("memory", filled(tmp_path))
    for number in range(4):
        append_record(connection, {"decision": number}, START_MS)
    assert diagnose(tmp_path, thorough=True).healthy
    connection.execute("UPDATE decision_records SET body = '{}' WHERE seq = 2")
    connection.execute("DELETE FROM decision_records WHERE seq = 4")
    said = said_by(tmp_path, thorough=True)
    assert "decision record 2: its content was altered" in said
    assert "records 4 to 4 were cut off at the end" in said


def test_the_doctor_forecasts_the_disk(tmp_path: Path) -> None:
    filled(tmp_path)
    assert diagnose(tmp_path).days_until_full is None  # not a day old
    later = diagnose(tmp_path, now_ms=time.time_ns() // 1_000_000 + 10 * DAY_MS)
    assert later.bytes_per_day == pytest.approx(sum(database.bytes for database in later.databases) / 10, rel=0.01)
    assert later.days_until_full is not None


def test_the_doctor_of_somebody_elses_database(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "memory.db")
    other.executescript("CREATE TABLE recipes (name); PRAGMA user_version = 2;")
    other.close()
    assert "not one of the lab's" in said_by(tmp_path)


def test_what_was_forgotten_is_nowhere_in_the_file(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    columns = (
        "session, input, input_hash, icxatrs, override, routing, mode, friction, lead_station, trust, output_class,"
        " unlearned_trust, unlearned_class, created_ms"
    )
    for text in ("about the zanzibar letter", "about the garden", "about the other zanzibar letter"):
        connection.execute(
            f"INSERT INTO episodic_memory ({columns}) VALUES ('s', ?, '', '', '', '', '', '', '', '', '', '', '', 0)",
            (text,),
        )
    connection.execute("INSERT INTO embeddings VALUES ('episode', 1, 'encoder', x'00')")
    connection.execute("UPDATE episodic_memory SET input = NULL WHERE id = 1")
    connection.execute("DELETE FROM episodic_memory WHERE id = 3")
    assert scrub(connection)
    connection.close()
    assert b"zanzibar" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    again = open_rw("memory", tmp_path)
    assert again.execute("SELECT count(*) FROM embeddings").fetchone()[0] == 0
    found = again.execute("SELECT rowid FROM episodic_memory_text WHERE episodic_memory_text MATCH 'about'")
    assert [row[0] for row in found] == [2]
    again.close()
    mend(tmp_path)
    assert "warning" not in said_by(tmp_path)


def test_a_disk_that_is_full_within_the_day_is_told(tmp_path: Path) -> None:
    report = replace(diagnose(tmp_path), days_until_full=0)
    assert "full in about 0 days" in render(report)
