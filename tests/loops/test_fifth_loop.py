"""The fifth loop on the docs' page is built from that page and runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from loops.cycle import run_cycle
from nma13.config import ROOT
from nma13.llm.scripted import ScriptedModel
from nma13.store import DATABASES, LOOPS, Database, LoopTables, migrate, open_rw
from tests.loops.helpers import means

PAGE = (ROOT / "docs" / "loops.md").read_text(encoding="utf-8").split("## A fifth loop")[1]
CODE = {kind: re.findall(rf"```{kind}\n(.+?)```", PAGE, re.S) for kind in ("toml", "python", "sql")}


def test_the_fifth_loop_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop_e.toml").write_text(CODE["toml"][0])
    monkeypatch.setattr("loops.programme.TEXTS", tmp_path)
    shutil.copytree(migrate.SQL, tmp_path / "sql")
    (tmp_path / "sql" / "silence_experiment").mkdir()
    (tmp_path / "sql" / "silence_experiment" / "0002_silence.sql").write_text(CODE["sql"][0])
    monkeypatch.setattr(migrate, "SQL", tmp_path / "sql")
    names: dict[str, object] = {}
    exec(CODE["python"][0], names)
    database, entry = (eval(line) for line in CODE["python"][1].strip().splitlines())
    assert isinstance(database, Database)
    source, name, asks_can = entry
    assert name == database.name
    tables = LoopTables(source, name, database.outputs, database.cycles, asks_can)
    monkeypatch.setitem(DATABASES, database.name, database)
    monkeypatch.setitem(LOOPS, tables.source, tables)
    loop = names["LOOP"]
    connection = open_rw(database.name, tmp_path / "data")
    model = ScriptedModel(replies=["I see."] * 14 + ["Silence."] * 3 + ["more"] * 4 + ["{}"])
    assert run_cycle(connection, loop, 1, means(model))
    row = connection.execute("SELECT * FROM silence_cycles").fetchone()
    assert row["silent_stations"] == "S1 S2 S3"
    assert row["source"] == "loop_e"
    assert "breaths." in model.calls[14].messages[-1].content


def test_it_takes_about_forty_lines() -> None:
    lines = "\n".join(block for blocks in CODE.values() for block in blocks).splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
