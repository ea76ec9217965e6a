"""Damaged indexes, damaged vectors, a full disk, two at once, a person who is to be gone: what then."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from nma13 import encoder
from nma13.config import ROOT
from nma13.forgetting import forget_name
from nma13.kit import default_kit
from nma13.learning import learn
from nma13.memory import embed_missing, give_feedback, recall, recent
from nma13.memory.ranking import RecallError
from nma13.navigation_loop import Asked, Turn, navigate
from nma13.store import DATABASES, LOOPS, database_path, open_ro, open_rw, transaction
from nma13.store.doctor import diagnose
from nma13.store.mend import mend
from nma13.store.units import CycleStart, StationOutput, begin_cycle, write_output
from tests.nma13.memory.helpers import NOW, RANK, keep, memory

pytestmark = pytest.mark.slow

ZITHER = "My aunt Zerlina wants her zither back before the winter, and I promised it to the school."
OTHER = "The allotment lies fallow and the society asks for it."


def turn(text: str) -> Turn:
    *_, last = navigate(text, default_kit(None), asked=Asked(session="hostile"))
    assert isinstance(last, Turn)
    return last


def damage_index(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT id, length(block) FROM episodic_memory_text_data WHERE id >= 10").fetchall()
    for number, length in rows:  # always the same rubbish, so that the test does not hang on luck
        rubbish = bytes((7 * place + number) % 251 for place in range(length))
        connection.execute("UPDATE episodic_memory_text_data SET block = ? WHERE id = ?", (rubbish, number))


def test_a_damaged_index_is_told_mended_and_loses_nothing(data_folder: Path) -> None:
    with memory() as connection:
        keep(connection, ZITHER, OTHER)
        damage_index(connection)
    with memory() as connection, pytest.raises(RecallError, match="doctor --mend"):
        recall(connection, "zither", means="lexical")
    mend(data_folder)
    with memory() as connection:
        assert [hit.id for hit in recall(connection, "zither", means="lexical")] == [1]
        assert [one.text for one in recent(connection)] == [OTHER, ZITHER]
    assert diagnose(data_folder, thorough=True).healthy


def test_a_run_over_a_damaged_index_is_answered_and_told(data_folder: Path) -> None:
    turn(ZITHER)
    with memory() as connection:
        damage_index(connection)
    last = turn(OTHER)
    assert last.state.interpretation is not None
    assert last.episode is None
    told = [notice.text for notice in last.state.notices if notice.code == "memory"]
    assert "The run went on without it" in told[0]
    assert "was not stored" in told[1]
    mend(data_folder)
    assert turn(OTHER).episode == 2


def test_damaged_vectors_are_not_compared_and_not_fatal() -> None:
    with memory() as connection:
        keep(connection, ZITHER, OTHER, vectors=True)
        with transaction(connection):
            connection.execute("UPDATE embeddings SET vector = x'0102' WHERE owner_id = 1")
        hits = recall(connection, ZITHER)
    assert hits[0].id == 1
    assert hits[0].meaning is None  # found by its words alone


def test_a_forgotten_person_is_in_no_byte_of_any_database(data_folder: Path) -> None:
    """Rows, indexes, vectors, sums, rules, logs; in the person's own memory and in every loop's store."""
    with memory() as connection:
        ids = keep(connection, ZITHER, *[f"{RANK} Zerlina agrees." for _ in range(5)])
        give_feedback(connection, ids[0], "override", "I asked Zerlina.", NOW)
        learn(connection, NOW)
        if encoder.available():
            embed_missing(connection)
    for loop in LOOPS.values():
        with closing(open_rw(loop.database)) as connection:
            begin_cycle(connection, loop, CycleStart(1, "CC-01", "Constraint Collision", 1, "scripted", NOW))
            said = StationOutput(1, "R1", "S1", "Zerlina and the zither", 1, "scripted", "sequential", NOW)
            write_output(connection, loop, said)
    forget_name("Zerlina")
    files = [path for name in DATABASES for path in data_folder.glob(f"{database_path(name).name}*")]
    assert len(files) >= len(DATABASES)
    for path in files:
        held = path.read_bytes().lower()
        assert b"zerlina" not in held, path.name
        assert "zerlina".encode("utf-16-le") not in held, path.name
    with memory() as connection:
        assert recall(connection, "Zerlina", means="lexical") == []
        assert recall(connection, "zither for the school", means="lexical")[0].id == ids[0]
    assert diagnose(data_folder, thorough=True).healthy


def test_a_full_disk_costs_the_run_its_place_in_memory_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own page limit gives the very error a full disk gives."""
    turn(OTHER)

    def full(*words: object) -> sqlite3.Connection:
        connection = open_rw("memory")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr("nma13.navigation_loop.open_rw", full)
        last = turn(ZITHER + " and more of it" * 2_000)
    assert last.episode is None
    assert last.state.interpretation is not None
    assert any("There is no room to write memory.db" in notice.text for notice in last.state.notices)
    with closing(open_ro("memory")) as reader:
        assert [one.text for one in recent(reader)] == [OTHER]
        assert reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    again = turn(ZITHER)
    assert (again.episode, again.loop.cycle) == (2, 2)


def test_two_processes_in_one_session_lose_no_run_and_share_no_cycle() -> None:
    work = (
        "from nma13.kit import default_kit\n"
        "from nma13.navigation_loop import Asked, navigate\n"
        "for n in range(6):\n"
        "    *_, last = navigate(f'I want to paint fence {n}.', default_kit(None), asked=Asked(session='shared'))\n"
        "    print(last.episode, last.loop.cycle)\n"
    )
    command = [sys.executable, "-c", work]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lines = [line.split() for one in both for line in one.communicate(timeout=100)[0].splitlines()]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(int(episode) for episode, _ in lines) == list(range(1, 13))
    assert sorted(int(cycle) for _, cycle in lines) == list(range(1, 13))
