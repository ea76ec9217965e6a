"""How a loop stands, and what deserves an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks._cycles import Kind
from monitors.read.pulse import Heart, Pulse, alerts, burst, chance_of_at_least, read_pulse, standing
from nma13.store import LOOPS, open_ro
from tests.monitors.stores import NOW_MS, Running, grown

LOOP = LOOPS["loop_b"]


def pulse(state: str, beat_s: float, wrote_s: float = 1, detail: str = "") -> Pulse:
    heart = Heart(42, state, detail, 7, NOW_MS - int(beat_s * 1000))  # type: ignore[arg-type]
    return Pulse(100, NOW_MS - int(wrote_s * 1000), 7, 3, 6, 1, heart)


def test_the_pulse_moves_with_each_output(tmp_path: Path) -> None:
    running = Running(tmp_path, "loop_b", 1)
    connection = open_ro(LOOP.database, tmp_path)
    assert read_pulse(connection, LOOP).empty
    before = Pulse()
    for _ in range(22):
        running.say()
        now = read_pulse(connection, LOOP)
        assert now != before
        before = now
    assert (before.newest_cycle, before.said, before.finished) == (2, 1, 1)
    assert read_pulse(connection, LOOP) == before
    running.close()
    connection.close()


@pytest.mark.parametrize(
    ("now", "title"),
    [
        (pulse("running", 3), None),
        (pulse("running", 31), "Loop silent"),
        (pulse("running", 3, wrote_s=901), "Loop stalled"),
        (pulse("waiting", 3, detail="the disk is full"), "Loop waits"),
        (pulse("stopped", 90_000, wrote_s=90_000), None),
        (Pulse(), None),
    ],
)
def test_only_trouble_is_told(now: Pulse, title: str | None) -> None:
    alert = standing(now, NOW_MS)
    assert (alert.title if alert else None) == title


def test_a_waiting_loop_says_why() -> None:
    alert = standing(pulse("waiting", 3, detail="the disk is full"), NOW_MS)
    assert alert is not None
    assert alert.words == "the disk is full"


def test_the_tail_of_a_binomial() -> None:
    assert chance_of_at_least(0, 10, 0.5) == 1
    assert chance_of_at_least(10, 10, 0.5) == pytest.approx(1 / 1024)
    assert chance_of_at_least(8, 10, 0.5) == pytest.approx(56 / 1024)


def test_a_burst_of_flags_is_told_and_an_ordinary_stretch_is_not(tmp_path: Path) -> None:
    grown(tmp_path, "loop_b", 60, Kind(flag_rate=0.02))
    connection = open_ro(LOOP.database, tmp_path)
    assert alerts(connection, LOOP, read_pulse(connection, LOOP), NOW_MS) == ()
    connection.close()
    many = Running(tmp_path, "loop_b", 61)
    many.invented.kind = Kind(flag_rate=0.5)
    many.say(60)
    many.close()
    connection = open_ro(LOOP.database, tmp_path)
    found = alerts(connection, LOOP, read_pulse(connection, LOOP), NOW_MS)
    assert {alert.title for alert in found} == {"CONFAB burst", "CLOSURE burst", "OVERREACH burst"}
    connection.close()


def test_two_flags_are_no_burst() -> None:
    assert burst("confab", 2, 105, 0, 5000) is None
    assert burst("confab", 12, 105, 10, 5000) is not None
