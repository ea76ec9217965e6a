"""Real processes and real signals: what is committed is there once, whatever happens to the writer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.store import LOOPS, InstanceLock, open_ro, open_rw
from nma13.store.errors import AlreadyRunningError
from nma13.store.lock import read_holder


def start_writer(folder: Path, source: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.nma13.store.helpers", str(folder), source],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill_after_first_words(process: subprocess.Popen[str], seconds: float) -> list[str]:
    """Let it write for a moment, kill -9, and return every output it said was committed."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return [first.strip(), *(line.strip() for line in process.communicate(timeout=20)[0].splitlines())]


def assert_every_output_once(folder: Path, source: str, said: list[str]) -> None:
    loop = LOOPS[source]
    reader = open_ro(loop.database, folder)
    rows = reader.execute(
        f"SELECT cycle, round, station, count(*) AS n FROM {loop.outputs} GROUP BY 1, 2, 3"
    ).fetchall()
    there = {f"{row['cycle']} {row['round']} {row['station']}": row["n"] for row in rows}
    assert set(there.values()) <= {1}
    assert [unit for unit in said if unit.count(" ") == 2 and unit not in there] == []
    assert reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    done = reader.execute(f"SELECT count(*) FROM {loop.cycles} WHERE status = 'done'").fetchone()[0]
    assert (reader.execute("SELECT sum(cycles) FROM rollup_cycles").fetchone()[0] or 0) == done
    whole = reader.execute(
        f"SELECT count(*) FROM {loop.cycles} WHERE status = 'done' AND output_count = 21"
    ).fetchone()[0]
    assert whole == done
    reader.close()


@pytest.mark.slow
def test_kill_9_at_random_instants_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    chance = random.Random(7)
    said: list[str] = []
    for _ in range(25):
        said += kill_after_first_words(start_writer(tmp_path, "loop_a"), chance.uniform(0, 0.05))
        assert_every_output_once(tmp_path, "loop_a", said)
    assert len(said) == len(set(said)), "an output was made twice"


@pytest.mark.slow
def test_a_kill_while_a_database_is_being_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    chance = random.Random(11)
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        process = start_writer(folder, "loop_b")
        while not (folder / "prime_experiment.db").exists() and process.poll() is None:
            time.sleep(0.0005)  # from here on the file is switched to WAL and gets its tables
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
        process.communicate(timeout=20)
        open_rw("prime_experiment", folder).close()
        assert_every_output_once(folder, "loop_b", [])


@pytest.mark.slow
def test_many_writers_of_one_file_and_readers_never_meet_a_lock(tmp_path: Path) -> None:
    open_rw("memory", tmp_path).close()
    code = """
import sys, time, pathlib
from nma13.store import open_rw, transaction
connection = open_rw("memory", pathlib.Path(sys.argv[1]))
me, end, n = sys.argv[2], time.monotonic() + 2, 0
while time.monotonic() < end:
    with transaction(connection):
        seen = connection.execute("SELECT count(*) FROM settings").fetchone()[0]  # read first, write later
        connection.execute("INSERT INTO settings VALUES (?, '1', ?)", (f"{me}-{n}", seen))
    n += 1
print(n)
"""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(number)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(4)
    ]  # fmt: skip
    reader, reads = open_ro("memory", tmp_path), 0
    while any(writer.poll() is None for writer in writers):
        reader.execute("SELECT count(*) FROM settings").fetchone()
        reads += 1
        time.sleep(0.01)
    counts = []
    for writer in writers:
        printed, complaints = writer.communicate(timeout=20)
        assert writer.returncode == 0, complaints
        counts.append(int(printed))
    assert reader.execute("SELECT count(*) FROM settings").fetchone()[0] == sum(counts)
    assert min(counts) > 0
    assert reads > 10


def test_one_instance_and_the_kernel_frees_the_lock_of_the_dead(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
from nma13.store import InstanceLock
with InstanceLock("loop_a", pathlib.Path({str(tmp_path)!r})):
    print("held", flush=True); time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"):
        InstanceLock("loop_a", tmp_path).__enter__()
    holder.kill()
    holder.wait(timeout=10)
    with InstanceLock("loop_a", tmp_path):
        assert (read_holder(tmp_path / "loop_a.lock") or {}).get("pid") == os.getpid()
    assert read_holder(tmp_path / "loop_a.lock") is None


def test_looking_who_holds_a_lock_does_not_stop_anybody_from_taking_it(tmp_path: Path) -> None:
    looking = f"""
import pathlib
from nma13.store.lock import read_holder
print("looking", flush=True)
while True: read_holder(pathlib.Path({str(tmp_path / "loop_a.lock")!r}))
"""
    InstanceLock("loop_a", tmp_path).__enter__().__exit__(None, None, None)
    watcher = subprocess.Popen([sys.executable, "-c", looking], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert watcher.stdout is not None
        watcher.stdout.readline()
        for _ in range(50):
            with InstanceLock("loop_a", tmp_path):
                pass
    finally:
        watcher.kill()
        watcher.communicate()
