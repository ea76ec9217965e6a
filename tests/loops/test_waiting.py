"""What a loop does when model, disk or store are away: it waits, says so, and goes on."""

from __future__ import annotations

import io
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import loops.process
from loops.process import Settings, run
from loops.progress import Progress
from loops.registry import PROGRAMMES
from nma13.config import ROOT
from nma13.llm.scripted import ScriptedModel
from nma13.store import StoreError, connect, open_rw
from nma13.store.errors import NewerDatabaseError
from tests.loops.helpers import ask, eventually, outputs, start


class Overheard(Progress):
    """A progress line that reacts to what it is told, on the loop's own thread."""

    def __init__(self, react: Callable[[str], None] = lambda line: None) -> None:
        super().__init__("loop_a", 1, io.StringIO())
        self.lines: list[str] = []
        self._react = react

    def say(self, line: str) -> None:
        self.lines.append(line)
        self._react(line)


def settings(folder: Path, **changes) -> Settings:
    values = {"cycles": 1, "folder": folder, "beat_s": 0.05, "longest_wait_s": 0.1}
    return Settings(PROGRAMMES["a"], lambda: ScriptedModel(), **{**values, **changes})


def hearts(folder: Path) -> list[tuple[str, str]]:
    return [(row["state"], row["detail"]) for row in ask(folder, "loop_a", "SELECT state, detail FROM heartbeat")]


def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself says «full», in the middle of a cycle, and has room again later."""
    held: list[sqlite3.Connection] = []

    def small(name: str, folder: Path | None) -> sqlite3.Connection:
        connection = open_rw(name, folder)
        if threading.current_thread() is threading.main_thread():
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
            held.append(connection)
        return connection

    def make_room(line: str) -> None:
        if line.startswith("waits:"):
            eventually(lambda: (hearts(tmp_path) or [("not yet", "")])[0][0] == "waiting")
            assert "no room" in hearts(tmp_path)[0][1]
            held[0].execute("PRAGMA max_page_count = 1000000")

    monkeypatch.setattr(loops.process, "open_rw", small)
    progress = Overheard(make_room)
    assert run(settings(tmp_path), progress) == 0
    assert any(line.startswith("waits: There is no room to write memory.db") for line in progress.lines)
    assert "goes on." in progress.lines
    assert outputs(tmp_path, "loop_a") == 21
    assert hearts(tmp_path)[0][0] == "stopped"


def test_a_store_that_another_process_holds_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "BUSY_TIMEOUT_MS", 100)
    open_rw("memory", tmp_path).close()
    other = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)

    def take_and_give(line: str) -> None:
        if "begins cycle 1" in line:
            other.execute("BEGIN IMMEDIATE")
        if line.startswith("waits:"):
            other.execute("ROLLBACK")

    progress = Overheard(take_and_give)
    assert run(settings(tmp_path, beat_s=5.0), progress) == 0
    assert any("is being written by another process" in line for line in progress.lines)
    assert outputs(tmp_path, "loop_a") == 21


def test_what_will_not_pass_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def newer(*_: object, **__: object) -> bool:
        raise NewerDatabaseError("a newer lab wrote this")

    monkeypatch.setattr(loops.process, "run_cycle", newer)
    with pytest.raises(StoreError, match="a newer lab"):
        run(settings(tmp_path), Overheard())
    assert hearts(tmp_path)[0][0] == "stopped"


@pytest.fixture
def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def serve(tmp_path: Path, port: int) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """A real model server on one port, started as often as asked."""
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nma13.llm.serve", "--model", "scripted: --pace 0.02", "--port", str(port)]
        environment = {**os.environ, "NMA_DATA": str(tmp_path / "server")}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        eventually(lambda: (tmp_path / "server" / "serve.json").exists() and _answers(port))
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(timeout=20)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_a_model_that_goes_away_and_comes_back(tmp_path: Path, port: int, serve) -> None:
    first = serve()
    process = start(tmp_path, "a", "--model", f"openai:http://127.0.0.1:{port}/v1", "--cycles", "2")
    try:
        eventually(lambda: outputs(tmp_path, "loop_a") >= 9)
        first.kill()
        first.wait(timeout=20)
        eventually(lambda: (hearts(tmp_path) or [("not yet", "")])[0][0] == "waiting")
        assert hearts(tmp_path)[0][1]
        stood = outputs(tmp_path, "loop_a")
        assert stood < 42
        serve()
        _, said = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "waits:" in said
    assert "goes on." in said
    assert outputs(tmp_path, "loop_a") == 42
    assert "wait" in [row[0] for row in ask(tmp_path, "loop_a", "SELECT event FROM process_events")]
