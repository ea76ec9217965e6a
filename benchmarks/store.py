"""The store under measure: commits, pages, dashboards, kills, writers in a crowd. `python -m benchmarks.store`.

`--short` uses 2,000 cycles and 25 kills; the full form 100,000 cycles (2.1 million outputs) and 200 kills.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks._cycles import BORN, FRICTION, TYPES
from benchmarks._measuring import beside, median_ms
from benchmarks.table import Row, run
from nma13.store import LOOPS, ROUNDS, STATIONS, open_ro, open_rw, transaction
from nma13.store.rollups import rebuild
from nma13.store.units import (
    CycleResult,
    CycleStart,
    StationOutput,
    begin_cycle,
    finish_cycle,
    missing_outputs,
    unfinished_cycle,
    write_output,
)

LOOP = LOOPS["loop_a"]
SAID = "from my station the promise holds but its cost is not yet seen by those who carry it now"

# What one tick of a dashboard asks, from the sums and, for comparison, from the rows.
DASHBOARD = {
    "resolution over time": (
        "SELECT bucket, cycles, resolved, seconds FROM rollup_cycles WHERE source = 'loop_a' ORDER BY bucket",
        "SELECT cycle / 100, count(*), sum(friction_type IN ('NONE', 'PRODUCTIVE')), sum(seconds)"
        " FROM autonomous_loop_cycles WHERE source = 'loop_a' AND status = 'done' GROUP BY 1",
    ),
    "station profiles": (
        "SELECT station, sum(outputs), sum(confab), sum(closure), sum(overreach) FROM rollup_stations"
        " WHERE source = 'loop_a' GROUP BY 1",
        "SELECT station, count(*), sum(confab), sum(closure), sum(overreach) FROM autonomous_loop"
        " WHERE source = 'loop_a' GROUP BY 1",
    ),
    "friction mix": (
        "SELECT friction_type, sum(cycles) FROM rollup_friction WHERE source = 'loop_a' GROUP BY 1",
        "SELECT friction_type, count(*) FROM autonomous_loop_cycles WHERE source = 'loop_a' GROUP BY 1",
    ),
    "who leads after whom": (
        "SELECT before, after, sum(cycles) FROM rollup_leads WHERE source = 'loop_a' GROUP BY 1, 2",
        "SELECT before, lead_station, count(*) FROM (SELECT lead_station, lag(lead_station) OVER (ORDER BY cycle)"
        " AS before FROM autonomous_loop_cycles WHERE source = 'loop_a') GROUP BY 1, 2",
    ),
    "durations": (
        "SELECT bin, sum(cycles) FROM rollup_durations WHERE source = 'loop_a' GROUP BY 1",
        "SELECT cast(seconds / 10 AS INTEGER), count(*) FROM autonomous_loop_cycles WHERE source = 'loop_a' GROUP BY 1",
    ),
}


def measure(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [
            *commits(place / "commits", 20 if short else 200),
            *big_store(place / "big", 2_000 if short else 100_000),
            *kills(place / "kills", 25 if short else 200),
            *crowd(place / "crowd", 4 if short else 60),
        ]


# — commits —


def commits(folder: Path, cycles: int) -> Iterator[Row]:
    """What it costs that each output is safe the moment it is finished. The three ways take turns, cycle by cycle."""
    ours, whole, naive = open_rw("memory", folder / "ours"), open_rw("memory", folder / "whole"), _naive(folder)
    spent = dict.fromkeys((_one_transaction_an_output, _one_transaction_a_cycle, _naive_autocommit), 0.0)
    for cycle in range(cycles):
        for (write, _), connection in zip(spent.items(), (ours, whole, naive), strict=True):
            began = time.perf_counter()
            write(connection, cycle)
            spent[write] += time.perf_counter() - began
    one, all_, theirs = (21 * cycles / seconds for seconds in spent.values())
    yield Row("commit_one_output", one, "outputs/s", "autocommit, DELETE journal, no full text", one / theirs)
    yield Row("commit_whole_cycle", all_, "outputs/s", "one output at a time: what a kill may cost", one / all_)


def _one_transaction_an_output(connection: sqlite3.Connection, cycle: int) -> None:
    begin_cycle(connection, LOOP, _start(cycle))
    for round_, station in missing_outputs(connection, LOOP, cycle):
        write_output(connection, LOOP, _output(cycle, round_, station))
    finish_cycle(connection, LOOP, _result(cycle))


def _one_transaction_a_cycle(connection: sqlite3.Connection, cycle: int) -> None:
    with transaction(connection):
        _one_transaction_an_output(connection, cycle)


def _naive(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "naive.db", isolation_level=None)
    connection.execute("CREATE TABLE outputs (cycle INTEGER, round TEXT, station TEXT, text TEXT)")
    connection.execute("CREATE UNIQUE INDEX natural ON outputs (cycle, round, station)")
    return connection


def _naive_autocommit(connection: sqlite3.Connection, cycle: int) -> None:
    for round_ in ROUNDS:
        for station in STATIONS:
            row = (cycle, round_, station, _text(cycle))
            connection.execute("INSERT INTO outputs VALUES (?, ?, ?, ?)", row)


# — pages and dashboards on a store that has been growing for years —


def big_store(folder: Path, cycles: int) -> Iterator[Row]:
    _grow(folder, cycles)
    reader = open_ro("memory", folder)
    size = f"{cycles:,} cycles, {21 * cycles:,} outputs"
    yield from _pages(reader, cycles)
    yield from _dashboards(reader, size)
    tick = median_ms(lambda: reader.execute("SELECT max(id) FROM autonomous_loop").fetchone())
    yield Row("tick_nothing_new", tick, "ms", size)
    find = "SELECT rowid FROM autonomous_loop_text WHERE autonomous_loop_text MATCH ? ORDER BY rowid DESC LIMIT 50"
    ours = median_ms(lambda: reader.execute(find, ("lighthouse",)).fetchall())
    like = "SELECT id FROM autonomous_loop WHERE text LIKE '%lighthouse%' ORDER BY id DESC"
    scan = median_ms(lambda: reader.execute(like).fetchall(), 3)
    yield Row("full_text_search", ours, "ms", "LIKE over all texts", scan / ours)


def _pages(reader: sqlite3.Connection, cycles: int) -> Iterator[Row]:
    columns = "SELECT cycle, scenario_type, seconds, friction_type FROM autonomous_loop_cycles WHERE source = 'loop_a'"
    middle, deep = cycles // 10, cycles - cycles // 10
    by_key = f"{columns} AND cycle < ? ORDER BY cycle DESC LIMIT 50"
    first = median_ms(lambda: reader.execute(by_key, (cycles,)).fetchall())
    ours = median_ms(lambda: reader.execute(by_key, (middle,)).fetchall())
    offset = f"{columns} ORDER BY cycle DESC LIMIT 50 OFFSET ?"
    theirs = median_ms(lambda: reader.execute(offset, (deep,)).fetchall())
    yield Row("page_by_key_at_depth", ours, "ms", f"OFFSET {deep}", theirs / ours)
    yield Row("page_by_key_first", first, "ms", "the page at depth: equal is the aim", ours / first)


def _dashboards(reader: sqlite3.Connection, size: str) -> Iterator[Row]:
    total_ours = total_scratch = 0.0
    for what, (sums, rows) in DASHBOARD.items():
        ours = median_ms(lambda sql=sums: reader.execute(sql).fetchall())
        scratch = median_ms(lambda sql=rows: reader.execute(sql).fetchall(), 3)
        total_ours, total_scratch = total_ours + ours, total_scratch + scratch
        yield Row(f"dashboard: {what}", ours, "ms", "from the rows", scratch / ours)
    yield Row("dashboard_all", total_ours, "ms", f"from the rows; {size}", total_scratch / total_ours)


def _grow(folder: Path, cycles: int) -> None:
    """Years of a loop in minutes: the same tables, written in bulk and without waiting for the disk."""
    connection = open_rw("memory", folder)
    connection.execute("PRAGMA synchronous = OFF")
    chance = random.Random(137)
    for first in range(0, cycles, 500):
        span = range(first, min(first + 500, cycles))
        with transaction(connection):
            connection.executemany(
                "INSERT INTO autonomous_loop_cycles (cycle, source, scenario_id, scenario_type, seed, model, status,"
                " started_ms, finished_ms, seconds, working_seconds, bof_status, friction_type, lead_station,"
                " g2_passed, confab_count, output_count)"
                " VALUES (?1, 'loop_a', ?2, ?3, ?4, 'scripted', 'done', ?5, ?6, ?7, ?7, 'ok', ?8, ?9, 1, 0, 21)",
                [_grown(cycle, chance) for cycle in span],
            )
            connection.executemany(
                "INSERT INTO autonomous_loop (cycle, source, round, station, text, confab, seed, model, made,"
                " completion_tokens, seconds, created_ms) VALUES (?, 'loop_a', ?, ?, ?, ?, ?, 'scripted', 'batched',"
                " 100, 1.5, ?)",
                [
                    (cycle, round_, station, _text(cycle), int(chance.random() < 0.03), cycle, BORN + cycle)
                    for cycle in span
                    for round_ in ROUNDS
                    for station in STATIONS
                ],
            )
    rebuild(connection, LOOP)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


def _grown(cycle: int, chance: random.Random) -> tuple[object, ...]:
    seconds = chance.gauss(40, 6) if chance.random() < 0.7 else chance.gauss(300, 40)  # two modes
    began = BORN + cycle * 60_000
    return (
        cycle, f"S-{cycle % 120}", TYPES[cycle % 5], cycle * 137 + 42, began, began + int(seconds * 1000),
        max(1.0, seconds), chance.choice(FRICTION), chance.choice(STATIONS),
    )  # fmt: skip


# — kill -9 —


def kills(folder: Path, times: int) -> Iterator[Row]:
    """A writer killed at random instants: what it said was committed is there, once, and it goes on."""
    chance = random.Random(7)
    said: set[str] = set()
    twice = 0
    for _ in range(times):
        lines = _killed(folder, chance.uniform(0, 0.05))
        twice += len(said & lines)
        said |= lines
    reader = open_ro("memory", folder)
    rows = reader.execute("SELECT cycle, round, station FROM autonomous_loop").fetchall()
    there = {f"{row['cycle']} {row['round']} {row['station']}" for row in rows}
    sound = reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    yield Row("kill_9_lost_outputs", len(said - there), "outputs", f"{times} kills, {len(said)} outputs")
    yield Row("kill_9_repeated_outputs", twice + len(rows) - len(there), "outputs", f"{times} kills")
    yield Row("kill_9_integrity_ok", float(sound), "1 = yes", f"{times} kills")


def _killed(folder: Path, seconds: float) -> set[str]:
    writer = beside("store", "write-on", folder)
    assert writer.stdout is not None
    first = writer.stdout.readline()
    if not first:
        raise SystemExit("A writer ended before it was killed; what it said stands above.")
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    lines = [first, *writer.communicate(timeout=30)[0].splitlines(keepends=True)]
    return {line.strip() for line in lines if line.endswith("\n")}


# — a crowd —


def crowd(folder: Path, seconds: float) -> Iterator[Row]:
    """Two loops and a page write memory.db as fast as they can while a monitor reads."""
    open_rw("memory", folder).close()
    writers = [beside("store", "crowd", folder, str(number), str(seconds)) for number in range(3)]
    reader, slowest = open_ro("memory", folder), 0.0
    while any(writer.poll() is None for writer in writers):
        began = time.perf_counter()
        reader.execute("SELECT max(id) FROM process_events").fetchone()
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(0.02)
    ends = [writer.communicate(timeout=60) for writer in writers]
    failed = sum(writer.returncode != 0 for writer in writers)
    said = sum(int(out or 0) for out, _ in ends)
    there = reader.execute("SELECT count(*) FROM process_events").fetchone()[0]
    yield Row("crowd_commits", there / seconds, "units/s", f"3 writers, 1 reader, {seconds:.0f} s")
    yield Row("crowd_lost_or_locked", failed + abs(said - there), "units", "none is the aim")
    yield Row("crowd_slowest_read", slowest * 1000, "ms", "while all of them write")


def _write_in_a_crowd(folder: Path, me: str, seconds: float) -> None:
    connection = open_rw("memory", folder)
    end, written = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with transaction(connection):
            seen = connection.execute("SELECT count(*) FROM heartbeat").fetchone()[0]  # read first, write later
            connection.execute(
                "INSERT INTO process_events (source, event, pid, cycle, at_ms) VALUES (?, 'wait', ?, ?, 0)",
                (f"writer {me}", written, seen),
            )
        written += 1
    print(written)


def _write_on(folder: Path) -> None:
    connection = open_rw("memory", folder)
    newest = connection.execute("SELECT coalesce(max(cycle), 0) FROM autonomous_loop_cycles").fetchone()[0]
    interrupted = unfinished_cycle(connection, LOOP)
    cycle = newest + 1 if interrupted is None else interrupted
    while True:
        begin_cycle(connection, LOOP, _start(cycle))
        for round_, station in missing_outputs(connection, LOOP, cycle):
            write_output(connection, LOOP, _output(cycle, round_, station))
            print(f"{cycle} {round_} {station}", flush=True)
        finish_cycle(connection, LOOP, _result(cycle))
        cycle += 1


# — small things —


def _start(cycle: int) -> CycleStart:
    return CycleStart(cycle, "CC-01", TYPES[cycle % 5], cycle * 137 + 42, "scripted", BORN + cycle)


def _output(cycle: int, round_: str, station: str) -> StationOutput:
    return StationOutput(cycle, round_, station, _text(cycle), cycle, "scripted", "sequential", BORN)


def _result(cycle: int) -> CycleResult:
    friction, lead = FRICTION[cycle % 5], STATIONS[cycle % 7]
    return CycleResult(cycle, BORN + cycle + 60_000, "ok", "{}", friction_type=friction, lead_station=lead)


def _text(cycle: int) -> str:
    words = SAID.split()
    turned = cycle % len(words)
    rare = " lighthouse" if cycle % 500 == 7 else ""
    return f"{' '.join(words[turned:] + words[:turned])} {cycle}{rare}"


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case ["write-on", folder]:
            _write_on(Path(folder))
        case ["crowd", folder, me, seconds]:
            _write_in_a_crowd(Path(folder), me, float(seconds))
        case _:
            return run("store", measure, arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
