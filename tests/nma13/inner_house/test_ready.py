"""A process that stands ready before there is a problem: taken, let go, dead, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.inner_house import Declined, Started, look, prepare, process, start, wait
from nma13.inner_house import coordinator as house
from tests.nma13.inner_house.asked import DANGER, PROBLEM, SCRIPTED, until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    process.let_go()


def ready() -> process.Runner:
    runner = process._PLACE._runner
    assert runner is not None
    return runner


def test_a_process_that_stands_ready_is_given_the_session(tmp_path: Path) -> None:
    prepare("scripted:", tmp_path)
    pid = ready().pid
    prepare("scripted:", tmp_path)
    assert ready().pid == pid, "a second wish only renews the wait"
    assert house.read_holder(tmp_path / "inner_house.lock") is None
    assert not (tmp_path / "memory.db").exists()
    found = start(PROBLEM, SCRIPTED, tmp_path)
    assert isinstance(found, Started)
    assert look(found.session, tmp_path).pid == pid
    assert wait(found.session, tmp_path).status == "done"
    until(lambda: not house._is_there(pid))


def test_one_that_stands_ready_with_another_model_is_let_go(tmp_path: Path) -> None:
    prepare("scripted: --pace 1", tmp_path)
    pid = ready().pid
    found = start(PROBLEM, SCRIPTED, tmp_path)
    assert isinstance(found, Started)
    assert look(found.session, tmp_path).pid != pid
    assert wait(found.session, tmp_path).status == "done"
    until(lambda: not house._is_there(pid))


def test_one_that_died_while_it_stood_ready_costs_nothing(tmp_path: Path) -> None:
    prepare("scripted:", tmp_path)
    os.kill(ready().pid, signal.SIGKILL)
    found = start(PROBLEM, SCRIPTED, tmp_path)
    assert isinstance(found, Started)
    assert wait(found.session, tmp_path).status == "done"


def test_a_crisis_begins_nothing_in_a_process_that_stands_ready(tmp_path: Path) -> None:
    prepare("scripted:", tmp_path)
    assert isinstance(start(DANGER, SCRIPTED, tmp_path), Declined)
    assert ready().alive
    assert not (tmp_path / "memory.db").exists()


def test_one_that_stands_ready_ends_with_whoever_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from nma13.inner_house import prepare, process;"
        "prepare('scripted:', Path(sys.argv[1])); print(process._PLACE._runner.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert house._is_there(pid)
    starter.kill()
    starter.wait()
    until(lambda: not house._is_there(pid))


def test_the_death_of_one_that_never_took_the_order_is_no_end_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, ends = process.Runner("scripted:", tmp_path), []

    def too_late(words: bytes) -> None:
        os.kill(runner.pid, signal.SIGKILL)
        until(lambda: runner._how is not None)
        raise BrokenPipeError

    monkeypatch.setattr(runner, "_write", too_late)
    assert not runner.give("a session", house.decide(PROBLEM), 60, ends.append)
    assert ends == []


def test_one_that_dies_as_it_takes_the_order_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, ends = process.Runner("scripted:", tmp_path), []

    def at_once(words: bytes) -> None:
        os.kill(runner.pid, signal.SIGKILL)
        until(lambda: runner._how is not None)

    monkeypatch.setattr(runner, "_write", at_once)
    assert runner.give("a session", house.decide(PROBLEM), 60, ends.append)
    assert len(ends) == 1
