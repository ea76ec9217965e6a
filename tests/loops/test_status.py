"""Status, progress, service files, staying awake."""

from __future__ import annotations

import configparser
import io
import json
import plistlib
import signal
import sys
from pathlib import Path

import pytest

from loops.awake import awake, inhibitor
from loops.command import main
from loops.progress import Progress, duration
from loops.registry import PROGRAMMES
from loops.service import service_file
from loops.status import read_status, render
from nma13.llm.scripted import ScriptedModel
from nma13.store import InstanceLock, open_rw
from nma13.store.units import beat, record_event
from tests.loops.helpers import NOW, cycles, eventually, lab, outputs, start

A = PROGRAMMES["a"]


def status(folder: Path, now: float, stall: float = 900.0):
    return read_status(A, folder, stall, now)


def test_a_loop_that_never_ran(tmp_path: Path) -> None:
    assert status(tmp_path, 0).state == "never ran"
    answer = lab(tmp_path, "loop", "status", "--json")
    assert answer.returncode == 0
    assert [found["state"] for found in json.loads(answer.stdout)] == ["never ran"] * 4


def test_a_record_that_was_brought_here_ran_somewhere(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    times = iter(range(10_000))
    cycles(connection, A, ScriptedModel(), [1, 2], now_ms=lambda: NOW + 1000 * next(times))
    connection.execute("DELETE FROM heartbeat")  # as a record is packed: nobody is running where it is opened
    connection.commit()
    found = status(tmp_path, NOW / 1000)
    assert (found.state, found.cycle, found.cycles_finished) == ("not running", 2, 2)
    assert "cycle 2" in render([found])
    with InstanceLock("loop_a", tmp_path):
        assert status(tmp_path, NOW / 1000).state == "starting"


def test_running_waiting_stalled_and_what_is_left(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    times = iter(range(10_000))
    cycles(connection, A, ScriptedModel(), [1, 2], now_ms=lambda: NOW + 1000 * next(times))
    now = (NOW + 1000 * (next(times))) / 1000
    record_event(connection, "loop_a", "start", 1, 3, NOW, "until cycle 10; scripted")
    with InstanceLock("loop_a", tmp_path):
        beat(connection, "loop_a", 1, "running", 3, int(now * 1000))
        found = status(tmp_path, now)
        assert found.state == "running"
        assert found.cycles_finished == 2
        assert found.cycles_per_hour == pytest.approx(3600 / 22, rel=0.1)
        assert found.until_cycle == 10
        assert found.seconds_left == pytest.approx(8 * 22, rel=0.1)
        assert "8.0 h" not in render([found])
        assert "left until cycle 10" in render([found])
        assert status(tmp_path, now + 20, stall=5).state == "stalled"
        assert status(tmp_path, now + 60).detail.startswith("no heartbeat")
        beat(connection, "loop_a", 1, "waiting", 3, int(now * 1000), "the model is gone")
        assert (status(tmp_path, now).state, status(tmp_path, now).detail) == ("waiting", "the model is gone")
        assert "the model is gone" in status(tmp_path, now + 20, stall=5).detail
    assert status(tmp_path, now).state == "died"
    beat(connection, "loop_a", 1, "stopped", 3, int(now * 1000))
    assert status(tmp_path, now).state == "stopped"


def test_a_killed_loop_has_died_and_a_stopped_one_has_not(tmp_path: Path) -> None:
    process = start(tmp_path, "a", pace=0.05)
    eventually(lambda: outputs(tmp_path, "loop_a") >= 1)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    answer = lab(tmp_path, "loop", "status", "a")
    assert answer.returncode == 1
    assert "died" in answer.stdout
    assert "start it again" in answer.stdout


def test_stop_says_when_nothing_runs(tmp_path: Path) -> None:
    answer = lab(tmp_path, "loop", "stop", "b")
    assert answer.returncode == 0
    assert "loop_b is not running" in answer.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_log_gets_lines() -> None:
    now = [0.0]
    for stream in (Terminal(), io.StringIO()):
        progress = Progress("loop_a", 4, stream, lambda: now[0])
        progress.begin(1, 0)
        progress.output(1, "R1", "S1")
        now[0] += 60
        progress.cycle(1, "Capacity Collapse, NONE", 60)
        progress.output(2, "R1", "S1")
        text = stream.getvalue()
        assert "loop_a cycle 1: Capacity Collapse, NONE, 60.0 s · 1 of 4, 3 min left\n" in text
        assert ("▓" in text) == stream.isatty()
        assert ("\r" in text) == stream.isatty()


def test_durations_are_said_as_people_say_them() -> None:
    assert [duration(s) for s in (0, 89, 600, 7200, 200_000)] == ["0 s", "89 s", "10 min", "2.0 h", "2.3 days"]


def test_a_systemd_unit_that_systemd_can_read(data_folder: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read_string(service_file("b", "systemd", ["--model", "llamacpp:/models/a 100%.gguf"]))
    command = unit["Service"]["ExecStart"]
    assert command.endswith('"loop" "b" "--model" "llamacpp:/models/a 100%%.gguf"')
    assert f"NMA_DATA={data_folder}" in unit["Service"]["Environment"]
    assert unit["Service"]["SuccessExitStatus"] == "130"
    assert unit["Service"]["Restart"] == "on-failure"


def test_a_launchd_agent_that_launchd_can_read(data_folder: Path) -> None:
    agent = plistlib.loads(service_file("d", "launchd", ["--search"]).encode())
    assert agent["ProgramArguments"][1:] == ["loop", "d", "--search"]
    assert agent["EnvironmentVariables"]["NMA_DATA"] == str(data_folder)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"Crashed": True}


def test_the_word_prints_the_file(tmp_path: Path) -> None:
    answer = lab(tmp_path, "loop", "service", "a", "--systemd")
    assert answer.returncode == 0
    assert "Description=NMA Lab, research loop A" in answer.stdout
    assert 'lab" "loop" "a"\n' in answer.stdout, "what chose the kind of service is no option of the loop"


def test_a_service_whose_loop_would_not_start_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "b", "--systemd", "--", "--cycles", "5"]) == 0
    assert '"loop" "b" "--cycles" "5"' in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["service", "b", "--", "--circles", "5"])
    assert "Service" not in capsys.readouterr().out


def test_staying_awake_ends_with_the_loop_however_it_ends() -> None:
    """Any command that reads its input until it closes will do; ours holds the pipe."""
    with awake([sys.executable, "-c", "import sys; sys.stdin.read()"]) as said:
        assert said.startswith("sleep is prevented")
    with awake(["false"]) as said:
        assert said == "sleep is not prevented (false is here and was refused)"
    assert inhibitor("plan9") is None
