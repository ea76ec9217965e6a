"""Sums of any range, against the rows counted one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from monitors.read.trends import Span, extent, flag_steps, markers, rolling, steps, sums
from nma13.store import LOOPS, STATIONS, open_ro
from nma13.store.rollups import duration_bin, is_resolved
from tests.monitors.stores import Running, grown

CYCLES = 320
RANGES = [(1, 320), (1, 99), (100, 199), (100, 299), (57, 243), (42, 42), (150, 320), (1, 100), (300, 400), (0, 320)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trends")
    for source in ("loop_a", "loop_b"):
        grown(place, source, CYCLES)
    running = Running(place, "loop_b", CYCLES + 1)
    running.say(5)  # a cycle under way counts nowhere yet
    running.close()
    return place


@pytest.mark.parametrize("source", ["loop_a", "loop_b"])
@pytest.mark.parametrize(("first", "last"), RANGES)
def test_sums_are_what_the_rows_add_up_to(folder: Path, source: str, first: int, last: int) -> None:
    loop = LOOPS[source]
    connection = open_ro(loop.database, folder)
    found = sums(connection, loop, Span(first, last))
    cycles = connection.execute(
        f"SELECT * FROM {loop.cycles} WHERE source = ? AND status = 'done' ORDER BY cycle", (source,)
    ).fetchall()
    inside = [row for row in cycles if first <= row["cycle"] <= last]
    outputs = connection.execute(
        f"SELECT * FROM {loop.outputs} WHERE cycle BETWEEN ? AND ?", (max(first, 1), min(last, CYCLES))
    ).fetchall()
    assert found.cycles == len(inside)
    assert found.resolved == sum(is_resolved(loop, row) for row in inside)
    assert found.outputs == len(outputs) == 21 * len(inside)
    assert found.tokens == sum(row["completion_tokens"] for row in outputs)
    assert found.seconds == pytest.approx(sum(row["working_seconds"] for row in inside))
    assert found.friction == Counter(row["friction_type"] for row in inside if row["friction_type"])
    assert found.parse_errors == sum(row["bof_status"] == "parse_error" for row in inside)
    assert found.durations == Counter(duration_bin(row["working_seconds"]) for row in inside)
    lead = {row["cycle"]: row["lead_station"] for row in cycles}
    pairs = Counter(
        (lead[row["cycle"] - 1], row["lead_station"])
        for row in inside
        if lead.get(row["cycle"] - 1) and row["lead_station"]
    )
    assert found.leads == pairs
    for name in STATIONS:
        own = [row for row in outputs if row["station"] == name]
        station = found.stations[name]
        assert station.flagged == sum(row["confab"] + row["closure"] + row["overreach"] for row in own)
        assert station.led == sum(row["lead_station"] == name for row in inside)
        if loop.asks_can:
            assert station.confirmed == sum(row["can_confirmed"] or 0 for row in own if row["round"] == "R3")
            assert station.blocked == sum(name in json.loads(row["blocking_stations"]) for row in inside)
    connection.close()


def test_extent_leaves_out_the_cycle_under_way(folder: Path) -> None:
    connection = open_ro("prime_experiment", folder)
    assert extent(connection, LOOPS["loop_b"]) == Span(1, CYCLES)
    connection.close()


def test_the_extent_is_read_from_the_ends_and_not_from_every_cycle(folder: Path) -> None:
    connection, loop = open_ro(LOOPS["loop_b"].database, folder), LOOPS["loop_b"]
    connection.execute("SELECT 1").fetchone()  # the schema is read once
    work: list[int] = []
    connection.set_progress_handler(lambda: work.append(1), 10)
    extent(connection, loop)
    assert len(work) * 10 < CYCLES


def test_steps_lose_no_cycle(folder: Path) -> None:
    connection, loop = open_ro("prime_experiment", folder), LOOPS["loop_b"]
    found, whole = steps(connection, loop, Span(1, CYCLES)), sums(connection, loop, Span(1, CYCLES))
    assert sum(step.cycles for step in found) == whole.cycles
    assert sum(step.resolved for step in found) == whole.resolved
    assert sum((step.led for step in found), Counter()) == Counter({s: whole.stations[s].led for s in STATIONS})
    flags = flag_steps(connection, loop, Span(1, CYCLES))
    assert sum(sum(step.flagged.values()) for step in flags) == sum(one.flagged for one in whole.stations.values())
    connection.close()


def test_the_rolling_window_holds_the_cycles_that_end_there(folder: Path) -> None:
    connection, loop = open_ro("prime_experiment", folder), LOOPS["loop_b"]
    windows = list(rolling(steps(connection, loop, Span(1, CYCLES)), 50))
    assert windows
    for step, share in windows:
        exact = sums(connection, loop, Span(max(1, step.last - 49), step.last)).resolution
        assert abs(share.of - exact.of) <= 1  # steps of two cycles may end one cycle before the window does
        assert abs(share.count - exact.count) <= 1
    connection.close()


def test_markers_tell_of_starts_and_resumes(tmp_path: Path) -> None:
    grown(tmp_path, "loop_a", 3)
    running = Running(tmp_path, "loop_a", 4)
    for event, cycle in (("start", 1), ("stop", 2), ("resume", 3)):
        running.event(event, cycle, "why")
    running.close()
    connection = open_ro("memory", tmp_path)
    found = markers(connection, LOOPS["loop_a"], Span(1, 3))
    assert [(mark.event, mark.cycle, mark.detail) for mark in found] == [("start", 1, "why"), ("resume", 3, "why")]
    connection.close()
