"""The command `inner-house`: its words as they come, one JSON object, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from nma13.cli import inner_house as command
from nma13.config import ROOT
from nma13.inner_house import Words, look
from nma13.store import open_ro
from tests.nma13.inner_house.asked import PROBLEM, until

pytestmark = pytest.mark.slow


def lab(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "launcher", "inner-house", *words], cwd=ROOT,
        env={**os.environ, "NMA_DATA": str(folder), "LAB_PYTHON": sys.executable},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_command_gives_one_json_object(tmp_path: Path) -> None:
    process = lab(tmp_path, PROBLEM, "--json", "--no-terrain", "--model", "scripted:")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    found = json.loads(out)
    assert (found["status"], len(found["outputs"]), found["with_terrain"]) == ("done", 21, False)


def test_ctrl_c_cancels_the_session_itself(tmp_path: Path) -> None:
    process = lab(tmp_path, PROBLEM, "--model", "scripted: --pace 2")
    assert process.stderr is not None
    session = process.stderr.readline().split()[1].rstrip(".")
    until(lambda: look(session, tmp_path).status == "running")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert look(session, tmp_path).status == "cancelled"


def test_the_command_prints_the_words_as_they_come(tmp_path: Path) -> None:
    """With a pace of two seconds an output, the first words are on the screen long before the first output is whole."""
    process = lab(tmp_path, PROBLEM, "--no-terrain", "--model", "scripted: --pace 4")
    assert process.stdout is not None
    said, words = "", 0
    while words < 2:
        said += os.read(process.stdout.fileno(), 64).decode()
        words = len(said.partition(": ")[2].split())
    assert said.startswith("R1 S1 ")
    with closing(open_ro("memory", tmp_path)) as reader:
        [(done,)] = reader.execute("SELECT count(*) FROM inner_house_outputs WHERE state = 'done'").fetchall()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert done == 0


def test_what_is_taken_back_is_said_and_every_station_is_told_once(
    capsys: pytest.CaptureFixture[str], begun, tmp_path: Path
) -> None:
    session = look(begun(), tmp_path)
    teller = command._Teller()

    def told(*words: Words) -> str:
        teller.tell(replace(session, words=words))
        return capsys.readouterr().out

    first, second = (
        Words("R1", who, text, who == "S2", "passed", ()) for who, text in (("S1", "Open."), ("S2", "Mine."))
    )
    assert told(first).endswith(": Open.")
    assert told(replace(first, text="Open. And more"), second) == " And more"
    said = told(replace(first, done=True), second)
    assert said.count("[taken back]") == 1
    assert [said.count(text) for text in ("Open.", "Mine.")] == [1, 1]
    assert told(replace(first, done=True), second) == ""
