"""Loops as real processes: killed, stopped, started twice, and going on where they were."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from loops.command import NICENESS
from nma13.config import ROOT
from tests.loops.helpers import ask, eventually, lab, outputs, start, start_command

pytestmark = pytest.mark.slow

EVERYTHING = (
    "SELECT o.cycle, o.round, o.station, o.text, o.seed, o.made, o.findings, c.friction_type, c.lead_station,"
    " c.bof_text, c.context FROM {outputs} o JOIN {cycles} c USING (cycle, source) ORDER BY 1, 2, 3"
)


def events(folder: Path, source: str) -> list[str]:
    return [row["event"] for row in ask(folder, source, "SELECT event FROM process_events ORDER BY id")]


def kill_after(process, folder: Path, source: str, more: int) -> None:
    """kill -9 when so many more outputs are there."""
    before = outputs(folder, source)
    eventually(lambda: outputs(folder, source) >= before + more or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["a", "d"])
def test_kill_9_mid_cycle_and_every_output_is_there_exactly_once(letter: str, tmp_path: Path) -> None:
    source = f"loop_{letter}"
    chance = random.Random(letter)
    for _ in range(4):
        kill_after(start(tmp_path, letter, pace=0.02), tmp_path, source, chance.randint(1, 20))
    process = start(tmp_path, letter, "--cycles", "2")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    rows = ask(
        tmp_path, source, "SELECT cycle, source, round, station, count(*) AS n FROM {outputs} GROUP BY 1, 2, 3, 4"
    )
    assert {row["n"] for row in rows} == {1}
    done = ask(tmp_path, source, "SELECT cycle, output_count FROM {cycles} WHERE status = 'done' ORDER BY 1")
    assert [row["cycle"] for row in done] == list(range(1, len(done) + 1))
    assert {row["output_count"] for row in done} == {21}
    assert len(rows) == 21 * len(done)
    assert ask(tmp_path, source, "SELECT sum(cycles) FROM rollup_cycles")[0][0] == len(done)
    assert events(tmp_path, source).count("crash") == 4
    assert "resume" in events(tmp_path, source)
    if letter == "d":
        mirrored = ask(tmp_path, "loop_a", "SELECT count(*) FROM autonomous_loop WHERE source = 'loop_d'")
        assert mirrored[0][0] == len(rows)


@pytest.mark.slow
def test_a_reproducible_loop_that_was_killed_says_the_same_as_one_that_was_not(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    start(whole, "b", "--reproducible", "--cycles", "3").communicate(timeout=60)
    for more in (5, 30):
        kill_after(start(cut, "b", "--reproducible", pace=0.01), cut, "loop_b", more)
    left = 3 - len(ask(cut, "loop_b", "SELECT 1 FROM {cycles} WHERE status = 'done'"))
    start(cut, "b", "--reproducible", "--cycles", str(left)).communicate(timeout=60)
    rows = [[tuple(row) for row in ask(folder, "loop_b", EVERYTHING)] for folder in (whole, cut)]
    assert len(rows[0]) == 63
    assert rows[0] == rows[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_loop_ends_after_its_output_and_says_so(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, "a", "--reproducible", pace=0.3)
    eventually(lambda: outputs(tmp_path, "loop_a") >= 2)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopped: 0 cycles finished" in said
    assert "Traceback" not in said
    heart = ask(tmp_path, "loop_a", "SELECT * FROM heartbeat")[0]
    assert (heart["state"], heart["detail"]) == ("stopped", "asked to stop")
    assert events(tmp_path, "loop_a") == ["start", "stop"]
    before = outputs(tmp_path, "loop_a")
    assert 2 <= before < 21
    _, said = start(tmp_path, "a", "--reproducible", "--cycles", "1").communicate(timeout=30)
    assert f"going on with cycle 1 at output {before + 1} of 21" in said
    assert events(tmp_path, "loop_a") == ["start", "stop", "resume", "stop"]
    assert outputs(tmp_path, "loop_a") == 21


def test_one_instance_a_loop_and_it_gives_way(tmp_path: Path) -> None:
    first = start(tmp_path, "c", pace=0.2)
    try:
        eventually(lambda: outputs(tmp_path, "loop_c") >= 1)
        assert os.getpriority(os.PRIO_PROCESS, first.pid) == NICENESS, "it gives way to whoever opens a page"
        second = start(tmp_path, "c")
        _, said = second.communicate(timeout=20)
        assert second.returncode == 1
        assert f"loop_c is already running here (process {first.pid})" in said
        other = start(tmp_path, "b", "--cycles", "1")
        other.communicate(timeout=30)
        assert other.returncode == 0
    finally:
        first.kill()
        first.communicate(timeout=20)


def test_words_that_are_off_are_told_before_anything_starts(tmp_path: Path) -> None:
    for words, said in (
        (("loop", "a", "--model", "none"), "needs a language model"),
        (("loop", "a", "--model", "gpt5"), "does not name a model"),
        (("loop", "a", "--model", "scripted:", "--cycles", "0"), "at least one cycle"),
        (("loop", "a", "--model", "scripted:", "--pace", "-1"), "not less than 0"),
        (("loop", "e"), "invalid choice"),
    ):
        answer = lab(tmp_path, *words)
        assert answer.returncode == 2, words
        assert said in answer.stderr
    missing = lab(tmp_path, "loop", "a", "--model", "llamacpp:/nowhere/model.gguf")
    assert missing.returncode == 1
    assert "/nowhere/model.gguf" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_a_stall_is_an_event_a_command_and_an_exit_status(tmp_path: Path) -> None:
    told = tmp_path / "told"
    process = start(tmp_path, "a", "--stall-after", "0.2", "--on-stall", f"sh -c 'echo \"$0\" >> {told}'", pace=300)
    try:
        eventually(lambda: told.exists() and told.read_text().strip())
        assert told.read_text().startswith("loop_a: nothing was finished for")
        eventually(lambda: "stall" in events(tmp_path, "loop_a"))
        answer = lab(tmp_path, "loop", "status", "a", "--stall-after", "0.2", "--json")
        assert answer.returncode == 1
        assert json.loads(answer.stdout)[0]["state"] == "stalled"
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)  # the second one does not wait for the output
        process.communicate(timeout=20)
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate(timeout=20)
    assert len(told.read_text().splitlines()) == 1


def test_the_shell_scripts_start_show_and_stop(tmp_path: Path) -> None:
    scripts = ROOT / "loops"
    begun = start_command(tmp_path, [str(scripts / "start.sh"), "a", "--model", "scripted:", "--pace", "0.1"])
    said, complaint = begun.communicate(timeout=30)
    assert begun.returncode == 0, complaint
    assert "Loop a runs (process" in said
    eventually(lambda: outputs(tmp_path, "loop_a") >= 2)
    status = start_command(tmp_path, [str(scripts / "status.sh"), "a"])
    shown, _ = status.communicate(timeout=30)
    assert status.returncode == 0
    assert shown.startswith("loop_a  running")
    stop = start_command(tmp_path, [str(scripts / "stop.sh"), "a"])
    _, told = stop.communicate(timeout=60)
    assert stop.returncode == 0
    assert "loop_a has stopped" in told
    log = (tmp_path / "logs" / "loop_a.log").read_text()
    assert "begins cycle 1" in log
    assert "stopped: " in log


def test_a_start_that_fails_shows_why(tmp_path: Path) -> None:
    begun = start_command(tmp_path, [str(ROOT / "loops" / "start.sh"), "a", "--model", "gpt5"])
    _, said = begun.communicate(timeout=30)
    assert begun.returncode == 2
    assert "does not name a model" in said
