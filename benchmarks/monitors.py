"""The monitors under measure: ticks on a large store, bytes, pages at depth, a crowd while loops write.

python -m benchmarks.monitors [--json] [--short] [--part ticks|pages|crowd]. The short form uses 2,000 cycles, 20,000
rows and 15 seconds; the full form 100,000 cycles (2.1 million outputs), 1,000,000 rows and two minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._cycles import BORN, FRICTION, Invented, write
from benchmarks._measuring import median_ms
from benchmarks._monitor_client import Answer, Client
from benchmarks.store import _grow
from benchmarks.table import Row, machine, output, output_options
from nma13.config import ROOT
from nma13.store import LOOPS, open_ro, open_rw, transaction

MONITORS = ("loop_monitor", "prime_monitor", "cognition_monitor", "loop_d_monitor")
CLIENTS = 5  # on each monitor
TICK_BAR_MS, CROWD_BAR_MS, QUIET_BAR_BYTES = 50, 300, 1000
PACE_S = 0.05  # between outputs of a scripted loop


def parts(short: bool) -> dict[str, Callable[[Path], Iterator[Row]]]:
    """What is measured; each part can be run by itself, because the first takes minutes to write its store."""
    return {
        "ticks": lambda place: ticks(place, 2_000 if short else 100_000),
        "pages": lambda place: pages(place, 20_000 if short else 1_000_000),
        "crowd": lambda place: crowd(place, 15 if short else 120),
    }


def measure(short: bool, names: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            rows += parts(short)[name](Path(folder))
    return rows


# — ticks on a store that has been growing for years —


def ticks(folder: Path, cycles: int) -> Iterator[Row]:
    """What one tick costs the server: the function alone, then whole requests."""
    _grow(folder, cycles)
    size = f"bar {TICK_BAR_MS} ms; {cycles:,} cycles, {21 * cycles:,} outputs"
    quiet, moving = _ticks_of(folder, cycles)
    yield Row("tick_nothing_new", quiet, "ms", size, TICK_BAR_MS / quiet)
    for name, (median, worked) in moving.items():
        yield Row(f"tick_after_a_cycle: {name}", median, "ms", size, TICK_BAR_MS / median)
        yield Row(f"tick_after_a_cycle: {name}, processor time", worked, "ms", size, TICK_BAR_MS / worked)
    with served(folder) as ports:
        client = Client(ports["loop_monitor"])
        client.open("dashboard")
        answers = [client.tick() for _ in range(60)]
        length = statistics.median(answer.length for answer in answers[10:])
        taken = statistics.median(answer.ms for answer in answers[10:])
        before = _cpu_s(ports["pid"])
        for _ in range(200):
            client.tick()
        cpu = (_cpu_s(ports["pid"]) - before) * 1000 / 200
        yield Row(
            "request_nothing_new, processor time", cpu, "ms", "of the server; does not hang on what else runs here"
        )
        yield Row("request_nothing_new", taken, "ms", "bar 50 ms, the client's own time included", TICK_BAR_MS / taken)
        yield Row("bytes_nothing_new", length, "bytes", f"bar {QUIET_BAR_BYTES} bytes", QUIET_BAR_BYTES / length)
        yield Row("bytes_of_its_headers", answers[-1].headers, "bytes", "said beside it: security headers, mostly")


def _ticks_of(folder: Path, cycles: int) -> tuple[float, dict[str, tuple[float, float]]]:
    from monitors.kit import Room, glance, refreshed
    from monitors.loop_monitor import MONITOR
    from monitors.range import ALL
    from monitors.read.feed import since
    from monitors.read.place import Place
    from monitors.tabs import dashboard
    from monitors.tabs.feed import payload

    room = Room(MONITOR, Place(MONITOR.loop, folder))

    def feed(connection: Any, pulse: Any, seen: Any) -> Any:
        return pulse.newest_output, payload(since(connection, room.loop, seen or 0))

    def board(choice: str) -> Callable[..., Any]:
        def refresh(connection: Any, pulse: Any, _: Any) -> Any:
            return pulse.finished, json.dumps(dashboard._shown(connection, room, choice, None, None, 50)[1])

        return refresh

    writer, invented = open_rw(MONITOR.loop.database, folder), Invented(MONITOR.loop)
    numbers = itertools.count(cycles)
    quiet: list[float] = []
    moving: dict[str, tuple[float, float]] = {}
    for name, refresh in (
        ("Live Feed", feed),
        ("Dashboard, last 1,000", board("last 1,000")),
        ("Dashboard, all", board(ALL)),
    ):
        seen, spent, worked = None, [], []
        for _ in range(25):
            write(writer, invented, range(number := next(numbers), number + 1))
            began, busy = time.perf_counter(), time.process_time()
            assert glance(room).trouble is None
            quiet.append((time.perf_counter() - began) * 1000)
            found = refreshed(room, refresh, seen, ())
            spent.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - busy) * 1000)
            assert found is not None
            seen = found[0]
        moving[name] = statistics.median(spent[3:]), statistics.median(worked[3:])
    writer.close()
    return statistics.median(quiet), moving


# — pages by key —


def pages(folder: Path, rows: int) -> Iterator[Row]:
    """A page of Cycle History among very many rows, against the same among a thousand."""
    from monitors.read.history import Filter, Key, page

    loop = LOOPS["loop_b"]
    for many in (1_000, rows):
        _rows(folder / str(many), many)
    few, lots = (open_ro(loop.database, folder / str(many)) for many in (1_000, rows))
    for name, wish, deep in (
        ("newest first", Filter(), Key(None, 500)),
        ("longest first", Filter(sort="seconds"), Key(150.0, 500)),
        ("one friction, oldest first", Filter(friction="IRREDUCIBLE", ascending=True), Key(None, 500)),
    ):
        small = median_ms(lambda wish=wish, deep=deep: page(few, loop, wish, deep), 41)
        there = Key(deep.value, rows // 2)
        large = median_ms(lambda wish=wish, there=there: page(lots, loop, wish, there), 41)
        yield Row(f"page of {rows:,} rows, {name}", large, "ms", "among 1,000 rows: equal is the aim", small / large)
    few.close()
    lots.close()


def _rows(folder: Path, many: int) -> None:
    """Cycles without their outputs: what a page of the history is read from."""
    connection = open_rw("prime_experiment", folder)
    connection.execute("PRAGMA synchronous = OFF")
    choose = " ".join(f"WHEN {at} THEN '{name}'" for at, name in enumerate(FRICTION))
    with transaction(connection):
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO prime_cycles"
            " (cycle, source, scenario_id, scenario_type, seed, model, status, started_ms, finished_ms, seconds,"
            " bof_status, friction_type, lead_station, g2_passed, can_resolved, blocking_stations) SELECT i, 'loop_b',"
            f" 'X', 'Capacity Collapse', i, 'scripted', 'done', {BORN} + i, {BORN} + i,"
            " 20 + (i * 7919) % 3000 / 10.0, 'ok',"
            f" CASE i % 5 {choose} END, 'S' || (1 + i % 7), 1, i % 2, '[]' FROM n",
            (many,),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


# — a crowd while loops write —


@dataclass
class Seen:
    """What the clients met."""

    ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, answer: Answer) -> None:
        with self.lock:
            self.ms.append(answer.ms)
            if answer.failure:
                self.failures.append(answer.failure)


def crowd(folder: Path, seconds: int) -> Iterator[Row]:
    """Five clients on each of four monitors, two browsers beside them, two scripted loops that write."""
    for source, loop in LOOPS.items():
        writer = open_rw(loop.database, folder)
        writer.execute("PRAGMA synchronous = OFF")
        with transaction(writer):
            write(writer, Invented(loop, started_ms=BORN), range(1, 121))
        writer.close()
        assert source == loop.source
    tabs = {
        "loop_monitor": ("feed", "dashboard", "history", "detail", "ledger"),
        "prime_monitor": ("feed", "dashboard", "history", "detail", "feed"),
        "cognition_monitor": ("feed", "dashboard", "history", "library", "architecture"),
        "loop_d_monitor": ("feed", "dashboard", "sequences", "history", "detail"),
    }
    with served(folder) as ports, browsers(ports) as many:
        loops = [_loop(letter, folder) for letter in ("b", "c")]
        seen, until = Seen(), time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS * len(MONITORS)) as pool:
            watched = [pool.submit(_watch, ports[name], tab, until, seen) for name in MONITORS for tab in tabs[name]]
        for loop in loops:
            loop.terminate()  # they write as long as anybody looks, and end after their current output
        told = [loop.communicate(timeout=60)[0] for loop in loops]
    for one in watched:
        one.result()  # a client that broke down has measured nothing, and says so here
    written, lost, twice = _count(folder)
    locked = sum(len(re.findall(r"\blocked\b", words)) for words in (*told, *seen.failures))
    against = f"{CLIENTS} clients on each of {len(MONITORS)} monitors, {many} browsers, 2 scripted loops, {seconds} s"
    rank = sorted(seen.ms)
    yield Row("crowd_tick_median", statistics.median(rank), "ms", against, CROWD_BAR_MS / statistics.median(rank))
    yield Row(
        "crowd_tick_99th",
        rank[int(0.99 * len(rank))],
        "ms",
        f"bar {CROWD_BAR_MS} ms",
        CROWD_BAR_MS / rank[int(0.99 * len(rank))],
    )
    yield Row("crowd_tick_slowest", rank[-1], "ms", f"of {len(rank):,} requests", CROWD_BAR_MS / rank[-1])
    yield Row("crowd_outputs_written", written, "outputs", "by both loops together, meanwhile")
    yield Row("crowd_lost", lost, "outputs", "0 is the bar")
    yield Row("crowd_twice", twice, "outputs", "0 is the bar")
    yield Row("crowd_locked", locked, "times", "0 is the bar")
    yield Row("crowd_requests_failed", len(seen.failures), "requests", "0 is the bar")


def _watch(port: int, tab: str, until: float, seen: Seen) -> None:
    client = Client(port)
    client.open(tab)
    while time.monotonic() < until:
        began = time.monotonic()
        seen.take(client.follow())
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


def _loop(letter: str, folder: Path) -> subprocess.Popen[str]:
    """A real loop's process that would run for weeks; only its model is scripted."""
    command = [sys.executable, "-m", "launcher", "loop", letter, "--model", "scripted:", "--pace", str(PACE_S)]
    return subprocess.Popen(
        [*command, "--cycles", "100000", "--data", str(folder)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "NMA_DATA": str(folder)},
    )  # fmt: skip


def _count(folder: Path) -> tuple[int, int, int]:
    """Outputs that came, those that are missing in a finished cycle, and those that are there twice."""
    written = lost = twice = 0
    for source in ("loop_b", "loop_c"):
        loop = LOOPS[source]
        connection = open_ro(loop.database, folder)
        written += connection.execute(f"SELECT count(*) FROM {loop.outputs} WHERE cycle > 120").fetchone()[0]
        for many, kinds in connection.execute(
            f"SELECT count(*), count(DISTINCT round || station) FROM {loop.outputs} JOIN {loop.cycles}"
            " USING (cycle, source) WHERE status = 'done' GROUP BY cycle"
        ):
            lost, twice = lost + max(0, 21 - kinds), twice + many - kinds
        connection.close()
    return written, lost, twice


# — the real pages, in a process of their own, and who asks them —


@contextmanager
def served(folder: Path) -> Iterator[dict[str, int]]:
    """The four monitors in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.monitors", "serve", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


def serve(folder: Path, wanted: dict[str, int] | None = None) -> None:
    from apps.lab import make_lab
    from apps.registry import ALL
    from apps.serving import listen
    from apps.shell import host

    apps = [app for app in ALL if app.name in MONITORS]
    ports = dict(wanted or {})
    for app in apps[len(ports) :]:
        with listen("127.0.0.1", 0) as free:
            ports[app.name] = int(free.getsockname()[1])
    lines: Iterator[str] = iter([json.dumps({**ports, "pid": os.getpid()})])

    def say(words: str) -> None:
        if words.strip().startswith(apps[-1].title):  # all are up
            print(next(lines), flush=True)

    host(apps, make_lab(data=folder, use_model=False, ports=ports), say=say)


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used (Linux and macOS)."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():  # finer than ps tells
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    clock = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    parts = [float(part) for part in clock.strip().replace("-", ":").split(":")]
    return sum(part * 60**at for at, part in enumerate(reversed(parts)))


@contextmanager
def browsers(ports: dict[str, int]) -> Iterator[int]:
    """Two real pages that stay open; none where there is no Chromium."""
    from launcher.chromium import find

    path = find()
    if path is None:
        yield 0
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, rest in (("prime_monitor", "/"), ("cognition_monitor", "/?tab=dashboard")):
            chromium.new_page().goto(f"http://127.0.0.1:{ports[name]}{rest}")
        yield 2
        chromium.close()


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case ["serve", folder]:
            serve(Path(folder))
            return 0
        case ["serve", folder, ports]:
            serve(Path(folder), json.loads(ports))
            return 0
        case _:
            parser = argparse.ArgumentParser(prog="python -m benchmarks.monitors")
            output_options(parser)
            parser.add_argument("--part", choices=list(parts(short=True)), help="this part only")
            given = parser.parse_args(arguments)
            names = [given.part] if given.part else list(parts(short=True))
            where, rows = machine(), measure(given.short, names)
            output("_".join(["monitors", *([given.part] if given.part else [])]), where, rows, given)
            return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
