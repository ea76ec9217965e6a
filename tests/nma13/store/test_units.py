"""Units: each is there once, sums are never off, a replay ends in the same rows."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nma13.store import LOOPS, STATIONS, open_ro, open_rw, transaction
from nma13.store.mirror import replay_loop_d
from nma13.store.records import append_record, canonical, verify_database
from nma13.store.rollups import OWN, SHARED, duration_bin, rebuild
from nma13.store.units import (
    begin_cycle,
    finish_cycle,
    missing_outputs,
    record_event,
    unfinished_cycle,
    write_output,
)
from tests.nma13.store.helpers import ALL_OUTPUTS, START_MS, ledger, output, result, start, write_cycle


@pytest.mark.parametrize("source", LOOPS)
def test_a_whole_cycle_in_every_loop(source: str, tmp_path: Path) -> None:
    loop = LOOPS[source]
    connection = open_rw(loop.database, tmp_path)
    write_cycle(connection, loop, 1, can_resolved=True if loop.asks_can else None)
    row = connection.execute(f"SELECT * FROM {loop.cycles}").fetchone()
    assert (row["status"], row["output_count"], row["friction_type"]) == ("done", 21, "PRODUCTIVE")
    assert connection.execute("SELECT count(*) FROM knowledge_ledger").fetchone()[0] == 7
    assert missing_outputs(connection, loop, 1) == []
    assert unfinished_cycle(connection, loop) is None


def test_the_same_output_twice_is_refused(tmp_path: Path) -> None:
    loop = LOOPS["loop_a"]
    connection = open_rw("memory", tmp_path)
    begin_cycle(connection, loop, start(1))
    write_output(connection, loop, output(1, "R1", "S1"))
    with pytest.raises(sqlite3.IntegrityError):
        write_output(connection, loop, output(1, "R1", "S1", "another text"))
    assert missing_outputs(connection, loop, 1) == ALL_OUTPUTS[1:]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters() | st.sampled_from("\ud83d\ude00\0"), max_size=30))
def test_whatever_a_model_writes_can_be_stored(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    loop = LOOPS["loop_a"]
    connection = open_rw("memory", tmp_path_factory.mktemp("words"))
    begin_cycle(connection, loop, start(1))
    write_output(connection, loop, replace(output(1, "R1", "S1"), text=text))
    stored = connection.execute("SELECT text FROM autonomous_loop").fetchone()[0]
    assert stored == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    append_record(connection, {"said": text}, 0)
    assert verify_database(connection) == []
    body = connection.execute("SELECT body FROM decision_records").fetchone()[0]
    assert canonical(json.loads(body)) == body


def test_an_output_needs_its_cycle(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    with pytest.raises(sqlite3.IntegrityError):
        write_output(connection, LOOPS["loop_a"], output(1, "R1", "S1"))


def test_finishing_twice_counts_once(tmp_path: Path) -> None:
    loop = LOOPS["loop_b"]
    connection = open_rw(loop.database, tmp_path)
    write_cycle(connection, loop, 1, can_resolved=True)
    assert finish_cycle(connection, loop, result(1, can_resolved=True), ledger(1)) is False
    assert tuple(connection.execute("SELECT cycles, resolved FROM rollup_cycles").fetchone()) == (1, 1)


def test_a_parse_error_never_has_a_friction(tmp_path: Path) -> None:
    loop = LOOPS["loop_a"]
    connection = open_rw("memory", tmp_path)
    begin_cycle(connection, loop, start(1))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE autonomous_loop_cycles SET bof_status = 'parse_error', friction_type = 'NONE'")


def test_roll_ups_equal_a_count_from_scratch(tmp_path: Path) -> None:
    loop = LOOPS["loop_c"]
    connection = open_rw(loop.database, tmp_path)
    for cycle in range(95, 106):  # across a bucket's edge
        write_cycle(
            connection, loop, cycle, can_resolved=cycle % 3 == 0, blocking_stations=("S1",) if cycle % 3 else ()
        )
    summed = connection.execute("SELECT sum(cycles), sum(resolved), sum(tokens) FROM rollup_cycles").fetchone()
    assert tuple(summed) == (11, 4, 11 * 21 * 10)
    leads = connection.execute("SELECT sum(cycles) FROM rollup_leads").fetchone()[0]
    assert leads == 10  # every neighbouring pair
    stations = dict(connection.execute("SELECT station, sum(blocked) FROM rollup_stations GROUP BY station").fetchall())
    assert stations == {s: 7 if s == "S1" else 0 for s in STATIONS}
    assert connection.execute("SELECT sum(cycles) FROM rollup_durations").fetchone()[0] == 11


def sums_of(connection: sqlite3.Connection, source: str) -> dict[str, list[tuple[object, ...]]]:
    tables = (*SHARED, *OWN.get(source, ()))
    return {
        table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")]
        for table in tables
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([97, 98, 99, 100, 101]), source=st.sampled_from(list(LOOPS)))
def test_sums_kept_one_by_one_in_any_order_equal_sums_made_again(
    order: list[int], source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loop = LOOPS[source]
    connection = open_rw(loop.database, tmp_path_factory.mktemp("sums"))
    for cycle in order:
        write_cycle(connection, loop, cycle, **({"can_resolved": cycle % 2 == 0} if loop.asks_can else {}))
    kept = sums_of(connection, source)
    assert rebuild(connection, loop) == 5
    assert sums_of(connection, source) == kept
    assert sum(row[-1] for row in kept["rollup_leads"]) == 4


def test_what_only_one_loop_asks_is_summed_too(tmp_path: Path) -> None:
    c, d = (open_rw(LOOPS[source].database, tmp_path) for source in ("loop_c", "loop_d"))
    begin_cycle(c, LOOPS["loop_c"], replace(start(1), extra={"bare_station": "S3"}))
    begin_cycle(d, LOOPS["loop_d"], start(1))
    for station in STATIONS:
        bare = {"bare": int(station == "S3"), "can_confirmed": int(station != "S3")}
        write_output(c, LOOPS["loop_c"], replace(output(1, "R3", station), extra=bare))
        place = {"can_sequence": "SENSE CAN", "can_position": 1, "can_length": 2, "can_confirmed": 1}
        write_output(d, LOOPS["loop_d"], replace(output(1, "R3", station), extra=place if station != "S7" else {}))
    finish_cycle(c, LOOPS["loop_c"], result(1, can_resolved=False, blocking_stations=("S3",)))
    finish_cycle(d, LOOPS["loop_d"], result(1, can_resolved=True))
    bare = {tuple(row) for row in c.execute("SELECT station, bare, outputs, confirmed FROM rollup_bare")}
    assert bare == {(s, int(s == "S3"), 1, int(s != "S3")) for s in STATIONS}
    places = d.execute("SELECT length, position, outputs, confirmed FROM rollup_positions").fetchall()
    assert [tuple(row) for row in places] == [(2, 1, 6, 6)]
    assert d.execute("SELECT sum(confirmed) FROM rollup_stations").fetchone()[0] == 6


def test_search_finds_what_was_committed_and_not_what_was_rolled_back(tmp_path: Path) -> None:
    loop = LOOPS["loop_a"]
    connection = open_rw("memory", tmp_path)
    begin_cycle(connection, loop, start(1))
    write_output(connection, loop, output(1, "R1", "S1", "the lighthouse keeper hesitates"))
    with pytest.raises(RuntimeError), transaction(connection):
        write_output(connection, loop, output(1, "R1", "S2", "the lighthouse burns"))
        raise RuntimeError
    found = connection.execute("SELECT rowid FROM autonomous_loop_text WHERE autonomous_loop_text MATCH 'lighthouse'")
    assert len(found.fetchall()) == 1
    connection.execute("UPDATE autonomous_loop SET text = 'redacted'")
    connection.execute("INSERT INTO autonomous_loop_text (autonomous_loop_text) VALUES ('integrity-check')")


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(min_value=0, max_value=6), min_size=1, max_size=4))
def test_a_replay_interrupted_anywhere_ends_in_the_same_rows(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("replay")
    loop = LOOPS["loop_d"]
    record, memory = open_rw(loop.database, folder), open_rw("memory", folder)
    cycle = 0
    for more in cuts:
        for _ in range(more):
            cycle += 1
            write_cycle(record, loop, cycle, can_resolved=True)
        begin_cycle(record, loop, start(cycle + 1))  # an unfinished one is never copied
        replay_loop_d(record, memory)
        replay_loop_d(record, memory)
        record.execute("DELETE FROM loop_d_cycles WHERE status = 'running'")
    assert memory.execute("SELECT count(*) FROM autonomous_loop_cycles WHERE source = 'loop_d'").fetchone()[0] == cycle
    assert memory.execute("SELECT count(*) FROM autonomous_loop WHERE source = 'loop_d'").fetchone()[0] == 21 * cycle


def test_a_replay_fills_a_gap_wherever_it_lies(tmp_path: Path) -> None:
    loop = LOOPS["loop_d"]
    record, memory = open_rw(loop.database, tmp_path), open_rw("memory", tmp_path)
    for cycle in (1, 3, 150):
        write_cycle(record, loop, cycle, can_resolved=True)
    assert replay_loop_d(record, memory) == 3
    write_cycle(record, loop, 2, can_resolved=True)  # finished after a later one
    memory.execute("DELETE FROM autonomous_loop_cycles WHERE cycle = 150")
    assert replay_loop_d(record, memory) == 2
    assert replay_loop_d(record, memory) == 0
    assert memory.execute("SELECT count(*) FROM autonomous_loop").fetchone()[0] == 4 * 21


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        ("autonomous_loop WHERE source = 'loop_a' AND id > 5 ORDER BY id LIMIT 100", "autonomous_loop_feed"),
        ("autonomous_loop WHERE cycle = 5 AND source = 'loop_a'", "autonomous_loop_natural"),
        (
            "autonomous_loop_cycles WHERE source = 'loop_a' AND cycle < 5 ORDER BY cycle DESC LIMIT 50",
            "autonomous_loop_cycles_by_source",
        ),
        (
            "autonomous_loop_cycles WHERE source = 'loop_a' AND scenario_type = 'Capacity Collapse' AND id > 9"
            " ORDER BY id",
            "autonomous_loop_cycles_by_type",
        ),
        (
            "knowledge_ledger WHERE source = 'loop_a' AND station = 'S1' AND id > 3 ORDER BY id",
            "knowledge_ledger_by_station",
        ),
        ("autonomous_loop_cycles WHERE source = 'loop_a' AND status = 'running'", "autonomous_loop_cycles_open"),
        ("autonomous_loop_cycles WHERE source = 'loop_a' ORDER BY seconds DESC, cycle DESC", "_by_duration"),
        (
            "autonomous_loop_cycles WHERE source = 'loop_a' AND friction_type = 'PRODUCTIVE' ORDER BY cycle DESC",
            "_by_friction",
        ),
        ("autonomous_loop_cycles WHERE source = 'loop_a' AND lead_station = 'S4' ORDER BY cycle DESC", "_by_lead"),
        ("process_events WHERE source = 'loop_a' AND id > 3 ORDER BY id", "process_events_by_source"),
        ("rollup_stations WHERE source = 'loop_a' AND bucket BETWEEN 1 AND 9", "PRIMARY KEY"),
    ],
)
def test_what_the_monitors_ask_is_served_by_an_index(ask: str, index: str, tmp_path: Path) -> None:
    open_rw("memory", tmp_path).close()
    plan = " ".join(
        row["detail"] for row in open_ro("memory", tmp_path).execute(f"EXPLAIN QUERY PLAN SELECT * FROM {ask}")
    )
    assert index in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_pause_between_processes_is_no_part_of_a_cycles_length(tmp_path: Path) -> None:
    loop = LOOPS["loop_a"]
    connection = open_rw("memory", tmp_path)
    begin_cycle(connection, loop, start(1))  # starts at START_MS + 1, ends 60 s later
    write_output(connection, loop, replace(output(1, "R1", "S1"), created_ms=START_MS + 10_000))
    for at_ms, event in ((START_MS, "start"), (START_MS + 30_000, "resume"), (START_MS + 45_000, "resume")):
        record_event(connection, "loop_a", event, 1, None, at_ms)  # the second one kept nothing
    write_output(connection, loop, replace(output(1, "R1", "S2"), created_ms=START_MS + 50_000))
    write_cycle(connection, loop, 1)
    row = connection.execute("SELECT seconds, working_seconds FROM autonomous_loop_cycles").fetchone()
    assert tuple(row) == (60.0, 25.0)
    assert connection.execute("SELECT seconds FROM rollup_cycles").fetchone()[0] == 25.0
    assert connection.execute("SELECT bin FROM rollup_durations").fetchone()[0] == duration_bin(25.0)


def test_duration_bins_grow_with_the_duration() -> None:
    assert duration_bin(318) < duration_bin(2985)
    assert duration_bin(0) == -60
