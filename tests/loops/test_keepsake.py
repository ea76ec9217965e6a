"""The shipped record, how one is packed, and the demo that opens a copy of it."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from apps.lab import make_lab
from apps.shell import open_pages
from apps.status import Board
from launcher.demo import demo
from loops import keepsake
from loops.registry import PROGRAMMES
from nma13.errors import LabError, UsageError
from nma13.llm.scripted import ScriptedModel
from nma13.store import open_ro, open_rw
from nma13.store.catalog import DATABASES, LOOPS
from nma13.store.mirror import replay_loop_d
from tests.loops.helpers import cycles
from tests.served import WEB, free_port
from tests.wire import ask

PACKED = [*(database.file for database in DATABASES.values()), keepsake.MARK, keepsake.README, keepsake.SUMS]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which loops a, b and d have run, and c never has."""
    folder = tmp_path_factory.mktemp("lived-in")
    for letter in "abd":
        loop = PROGRAMMES[letter]
        with closing(open_rw(loop.tables.database, folder)) as connection:
            cycles(connection, loop, ScriptedModel(), [1, 2])
    with closing(open_rw("loop_d_experiment", folder)) as record, closing(open_rw("memory", folder)) as memory:
        replay_loop_d(record, memory)
    return folder


@pytest.fixture(scope="module")
def packed(lived_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packed")
    lines = keepsake.pack(lived_in, target)
    assert [line.split(" | ")[:3] for line in lines] == [
        ["| a", "2", "42"], ["| b", "2", "42"], ["| c", "0", "0"], ["| d", "2", "42"],
    ]  # fmt: skip
    return target


def exactly_once(folder: Path) -> int:
    """How many outputs there are, each (cycle, source, round, station) once and whole cycles only where done."""
    found = 0
    for loop in LOOPS.values():
        with closing(open_ro(loop.database, folder, immutable=True)) as reader:
            rows, distinct = reader.execute(
                "SELECT count(*), count(DISTINCT cycle || ' ' || round || ' ' || station)"
                f" FROM {loop.outputs} WHERE source = ?",
                (loop.source,),
            ).fetchone()
            halved = reader.execute(
                f"SELECT count(*) FROM {loop.cycles} WHERE source = ? AND status = 'done' AND output_count <> 21",
                (loop.source,),
            ).fetchone()[0]
        assert (rows, halved) == (distinct, 0)
        found += rows
    return found


def test_the_shipped_record_is_whole_small_and_tells_nothing_of_where_it_was_made() -> None:
    files = {file.name: file.read_bytes() for file in keepsake.SHIPPED.iterdir()}
    assert sorted(files) == sorted(PACKED)
    assert sum(map(len, files.values())) < 8_000_000
    assert exactly_once(keepsake.SHIPPED) >= 21
    for name, held in files.items():
        if name.endswith(".db"):
            assert held[18:20] == b"\x01\x01", f"{name} wants a write-ahead log beside it"
        for trace in (b"/home/", b"/Users/", b"/root", b"/tmp/", b"/work/"):
            assert trace not in held, f"{name} holds {trace!r}"
    assert b"Made by a 135M model" in files[keepsake.README]
    for line in files[keepsake.SUMS].decode().splitlines():
        digest, name = line.split()
        assert keepsake._hash(keepsake.SHIPPED / name) == digest


def test_the_shipped_table_says_what_the_record_holds() -> None:
    text = (keepsake.SHIPPED / keepsake.README).read_text(encoding="utf-8")
    for loop in LOOPS.values():
        assert keepsake._row(loop, keepsake.SHIPPED) in text


def test_a_packed_record_holds_every_output_once(packed: Path) -> None:
    assert exactly_once(packed) == 6 * 21
    assert sorted(file.name for file in packed.iterdir()) == sorted(PACKED)


def test_a_record_that_tells_of_this_machine_is_not_packed(lived_in: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    keepsake.pack(lived_in, told)
    with closing(sqlite3.connect(told / "memory.db")) as connection, connection:
        connection.execute(
            "INSERT INTO process_events (source, event, pid, at_ms, detail) VALUES ('loop_a', 'wait', 1, 1, ?)",
            (f"the disk under {told} is full",),
        )
    with pytest.raises(LabError, match="tells of this machine"):
        keepsake.pack(told, tmp_path / "packed")
    assert list((tmp_path / "packed").iterdir()) == []


def test_a_copy_is_made_once_and_what_was_done_in_it_stays(packed: Path, tmp_path: Path) -> None:
    folder = keepsake.lay_out(tmp_path / "demo", packed)
    with closing(open_rw("memory", folder)) as connection:
        cycles(connection, PROGRAMMES["a"], ScriptedModel(), [3])
    keepsake.lay_out(folder, packed)
    with closing(open_ro("memory", folder)) as reader:
        assert reader.execute("SELECT max(cycle) FROM autonomous_loop_cycles").fetchone()[0] == 3
    keepsake.lay_out(folder, packed, fresh=True)
    with closing(open_ro("memory", folder)) as reader:
        assert reader.execute("SELECT max(cycle) FROM autonomous_loop_cycles").fetchone()[0] == 2
    (aside,) = tmp_path.glob("demo-until-*")
    with closing(open_ro("memory", aside)) as reader:
        assert reader.execute("SELECT max(cycle) FROM autonomous_loop_cycles").fetchone()[0] == 3


def test_a_folder_of_somebodys_own_is_never_written(packed: Path, tmp_path: Path) -> None:
    own = tmp_path / "demo"
    open_rw("memory", own).close()
    before = (own / "memory.db").read_bytes()
    with pytest.raises(LabError, match="no copy of the demo"):
        keepsake.lay_out(own, packed)
    assert (own / "memory.db").read_bytes() == before


def test_a_record_that_was_altered_is_not_opened(packed: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered"
    altered.mkdir()
    for file in packed.iterdir():
        (altered / file.name).write_bytes(file.read_bytes())
    with (altered / "prime_experiment.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(LabError, match="not the file that was shipped"):
        keepsake.lay_out(tmp_path / "demo", altered)


def test_the_word_opens_the_lab_on_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[list[str], str]] = []
    monkeypatch.setattr("launcher.pages.web", lambda words, _: opened.append((words, os.environ["NMA_DATA"])) or 0)
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    assert demo(["--no-model", "--fresh"]) == 0
    assert opened == [(["--no-model"], str(tmp_path / "demo"))]
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo"]
    with pytest.raises(UsageError, match="data folder of its own"):
        demo(["--data", str(tmp_path)])


def test_every_page_says_who_wrote_it_and_only_there(packed: Path, tmp_path: Path) -> None:
    keepsake.lay_out(tmp_path / "demo", packed)
    (tmp_path / "own").mkdir()
    shown = [first_words(tmp_path / "demo"), first_words(tmp_path / "own")]
    assert "made by a 135M model" in shown[0]
    assert "135M" not in shown[1]


def first_words(data: Path) -> str:
    """What stands first on the page of a lab on this data folder."""
    port = free_port()
    lab = make_lab(data=data, ports={"web": port}, use_model=False)
    servers, _ = open_pages((WEB,), replace(lab, board=Board((WEB,), {"web": port})))
    try:
        config = json.loads(ask(port, "/config").body)
    finally:
        servers.stop()
    first = config["layout"]["children"][0]["id"]
    return str(next(part["props"].get("value") for part in config["components"] if part["id"] == first))
