"""Everything at once for an hour, every process killed in turn: `python -m benchmarks.soak [--minutes N] [--save]`.

Two loops and an Inner House on the bundled model, the web app, four monitors with five clients each and two open
browsers, a navigation every few seconds, a document a minute. `--short` takes five minutes. What counts is that
nothing is lost, nothing is there twice and nothing is locked; times and memory are told with the machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._everything import Kept, Weights, loop, monitors, web
from benchmarks._monitor_client import Client
from benchmarks.monitors import CLIENTS, CROWD_BAR_MS, MONITORS, browsers
from benchmarks.table import Row, machine, output, output_options
from nma13.config import ROOT
from nma13.errors import UsageError
from nma13.inner_house import Asked, Started, look, resume, start
from nma13.store import LOOPS, open_ro, open_rw
from nma13.store.doctor import diagnose

TABS = ("feed", "dashboard", "history", "detail", "feed")
QUESTIONS = (
    "Should I tell my sister about letter number {n}? I may not be able to take it back.",
    "My doctor says plan {n} is best, end of discussion. I am not sure I can carry it.",
    "I want to plant tulips along fence {n} this weekend.",
)
PROBLEM = "My mother's will keeps the house for my brother; my sister needs her share now. I promised both of them."
BY_THE_MODEL = 4  # every fourth question is answered by the model, the others by the engine


@dataclass
class Met:
    """What the actors met; written by many threads."""

    ticks_ms: list[float] = field(default_factory=list)
    answers_s: list[float] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    house_restarts: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unreachable: int = 0
    """Asked while the process was down; told apart from failures, since a killed process cannot answer."""
    died: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Actors that ended by an error of their own: what they would have met is missing."""


@dataclass
class Stage:
    """What every actor needs: where, until when, and the processes."""

    folder: Path
    until: float
    met: Met
    web: Kept
    address: str
    monitors: Kept
    ports: dict[str, int]
    loops: tuple[Kept, ...]

    def over(self) -> bool:
        return time.monotonic() >= self.until

    def rest(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self.until - time.monotonic())))


# — actors, a thread each —


def watch(stage: Stage, name: str, tab: str) -> None:
    """A page of a monitor: it asks once a second and finds its server again after a kill."""
    client: Client | None = None
    while not stage.over():
        began, was_up = time.monotonic(), stage.monitors.ready
        try:
            if client is None:
                client = Client(stage.ports[name])
                client.open(tab)
            else:
                answer = client.follow()
                stage.met.ticks_ms.append(answer.ms)
                if answer.failure:
                    stage.met.failures.append(f"{name}: {answer.failure}")
        except (OSError, http.client.HTTPException, ValueError, StopIteration) as error:
            client = None
            _note(stage, stage.monitors, was_up, f"{name}: {type(error).__name__} {error}")
        stage.rest(1.0 - (time.monotonic() - began))


def ask(stage: Stage, every: float) -> None:
    """A person, or an agent, who asks the web app again and again."""
    number = 0
    while not stage.over():
        number += 1
        text = QUESTIONS[number % len(QUESTIONS)].format(n=number)
        began, was_up = time.monotonic(), stage.web.ready
        body = json.dumps({"data": [text, number % BY_THE_MODEL == 0, True, "soak"]}).encode()
        request = urllib.request.Request(
            f"{stage.address}/gradio_api/run/navigate", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                told = json.load(reply)["data"][0]
            stage.met.answers_s.append(time.monotonic() - began)
            if told["episode"] is None:
                stage.met.failures.append(f"not stored: {text} {told['notices']}")
            else:
                stage.met.answered.append(text)
        except (OSError, urllib.error.URLError, http.client.HTTPException, ValueError) as error:
            said = error.read()[:300] if isinstance(error, urllib.error.HTTPError) else b""
            _note(stage, stage.web, was_up, f"navigate: {type(error).__name__} {error} {said!r}")
        stage.rest(every - (time.monotonic() - began))


def bring(stage: Stage, every: float) -> None:
    """Somebody stores a document from a shell."""
    number = 0
    while not stage.over():
        number += 1
        file = stage.folder.parent / f"letter {number}.md"
        file.write_text(f"# Letter {number}\n\n" + "The house may not be sold while he lives in it. " * 200, "utf-8")
        command = [sys.executable, "-m", "launcher", "documents", "--data", str(stage.folder), "add", str(file)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if told.returncode == 0:
            stage.met.stored.append(file.name)
        else:
            stage.met.failures.append(f"documents add: {told.stderr[-300:]}")
        stage.rest(every)


def deliberate(stage: Stage) -> None:
    """Inner House sessions, one after the other; one that was cut off is gone on with."""
    number = 0
    while not stage.over():
        number += 1
        begun = start(PROBLEM, Asked(seed=number), stage.folder)
        if not isinstance(begun, Started):
            stage.met.failures.append(f"inner house: declined {PROBLEM}")
            return
        stage.met.sessions.append(begun.session)
        while not stage.over() and (session := look(begun.session, stage.folder)).status != "done":
            if not session.under_way:
                killed = time.monotonic()
                with suppress(UsageError):  # the dead runner's lock is not yet free
                    resume(begun.session, stage.folder)
                    while look(begun.session, stage.folder).status == "starting" and not stage.over():
                        time.sleep(0.1)
                    stage.met.house_restarts.append(time.monotonic() - killed)
            time.sleep(0.5)


def kill_in_turn(stage: Stage, every: float, chance: random.Random) -> None:
    """kill -9 for each process in turn, in an order of its own each round."""
    victims: list[Callable[[], None]] = []
    while True:
        stage.rest(every * chance.uniform(0.6, 1.4))
        stage.met.died += [one.name for one in (stage.web, stage.monitors, *stage.loops) if one.died()]
        if stage.until - time.monotonic() < 15:
            return
        if not victims:
            victims = [*(one.kill for one in (stage.web, stage.monitors, *stage.loops)), lambda: _kill_house(stage)]
            chance.shuffle(victims)
        victims.pop()()


def _kill_house(stage: Stage) -> None:
    if stage.met.sessions:
        pid = look(stage.met.sessions[-1], stage.folder).pid
        if pid:
            subprocess.run(["kill", "-9", str(pid)], capture_output=True, check=False)


def _note(stage: Stage, server: Kept, was_up: bool, words: str) -> None:
    if was_up and server.ready:
        stage.met.failures.append(words)
    else:
        stage.met.unreachable += 1


# — the run —


def measure(minutes: float, seed: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        folder.mkdir(mode=0o700)
        for loop_ in LOOPS.values():
            open_rw(loop_.database, folder).close()
        (server, address), (watched, ports) = web(folder), monitors(folder)
        loops = tuple(loop(letter, folder) for letter in "bc")
        kept = (server, watched, *loops)
        met = Met()
        try:
            for one in kept:
                one.start()
            weights = Weights(kept, every=5.0)
            stage = Stage(folder, time.monotonic() + 60 * minutes, met, server, address, watched, ports, loops)
            with browsers(ports) as many:
                _act(stage, seed)
            weights.stop()
        finally:
            for one in kept:
                one.stop()
        for session in met.sessions[-1:]:
            _until_over(session, folder)
        logs = {one.name: one.log.read_text("utf-8", "replace") for one in kept}
        for words in met.failures[:20]:
            print("failure:", words, file=sys.stderr)
        return [*_rows(stage, many, minutes), *_kept_rows(folder, met, logs), *_memory(weights, kept)]


def _act(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    actors: list[tuple[Callable[..., None], tuple[object, ...]]] = [
        *((watch, (stage, name, tab)) for name in MONITORS for tab in TABS[:CLIENTS]),
        (ask, (stage, 4.0)),
        (bring, (stage, 60.0)),
        (deliberate, (stage,)),
        (kill_in_turn, (stage, 40.0, chance)),
    ]

    def safely(work: Callable[..., None], given: tuple[object, ...]) -> None:
        try:
            work(*given)
        except BaseException as trouble:  # noqa: BLE001  it must fail the run, and neither end in silence nor end the others
            traceback.print_exc()
            stage.met.broken.append(f"{work.__name__}: {type(trouble).__name__}")

    threads = [threading.Thread(target=safely, args=actor) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _until_over(session: str, folder: Path) -> None:
    """The last session's runner may still write; it is let go, so that the folder can be read in peace."""
    from nma13.inner_house import cancel

    cancel(session, folder)
    pid = look(session, folder).pid
    for _ in range(100):
        if pid is None or subprocess.run(["kill", "-0", str(pid)], capture_output=True, check=False).returncode:
            return
        time.sleep(0.1)


# — what is told —


def _rows(stage: Stage, many: int, minutes: float) -> Iterator[Row]:
    met = stage.met
    about = (
        f"{CLIENTS} clients on each of 4 monitors, {many} browsers, 2 loops and a house on the model, {minutes:g} min"
    )
    ticks = sorted(met.ticks_ms)
    for name, rank in (("p50", 0.5), ("p95", 0.95)) if ticks else ():
        tick = ticks[int(rank * len(ticks))]
        yield Row(f"tick_{name}", tick, "ms", f"bar {CROWD_BAR_MS} ms; {about}", CROWD_BAR_MS / tick)
    yield Row("ticks", len(ticks), "requests")
    yield Row("navigations", len(met.answered), "answered", f"every {BY_THE_MODEL}th by the model")
    if met.answers_s:
        yield Row("navigation_median", statistics.median(met.answers_s), "s")
    yield Row("documents", len(met.stored), "stored")
    yield Row("inner_house_sessions", len(met.sessions), "begun")
    for one in (stage.web, stage.monitors, *stage.loops):
        yield Row(f"{one.name}: kills", len(one.restarts), "times")
        if one.restarts:
            yield Row(f"{one.name}: answers again after", statistics.median(one.restarts), "s", "median")
    yield Row("inner house: kills", len(met.house_restarts), "times")
    if met.house_restarts:
        yield Row("inner house: goes on after", statistics.median(met.house_restarts), "s", "median")
    yield Row("asked while down", met.unreachable, "requests", "a killed process cannot answer")
    yield Row("failed while up", len(met.failures), "requests", "0 is the bar")
    yield Row("actors that broke", len(met.broken), "actors", "0 is the bar")
    yield Row("died by itself", len(met.died), "processes", "0 is the bar")


def _kept_rows(folder: Path, met: Met, logs: dict[str, str]) -> Iterator[Row]:
    """What the databases say afterwards."""
    lost = twice = cycles = outputs = 0
    for source in ("loop_b", "loop_c"):
        one = LOOPS[source]
        with closing(open_ro(one.database, folder)) as reader:
            outputs += reader.execute(f"SELECT count(*) FROM {one.outputs}").fetchone()[0]
            for total, kinds in reader.execute(
                f"SELECT count(*), count(DISTINCT round || station) FROM {one.outputs} JOIN {one.cycles}"
                " USING (cycle, source) WHERE status = 'done' GROUP BY cycle"
            ):
                cycles, lost, twice = cycles + 1, lost + max(0, 21 - kinds), twice + total - kinds
    with closing(open_ro("memory", folder)) as reader:
        for text in met.answered:
            found = reader.execute("SELECT count(*) FROM episodic_memory WHERE input = ?", (text,)).fetchone()[0]
            lost, twice = lost + (found == 0), twice + max(0, found - 1)
        names = [row[0] for row in reader.execute("SELECT name FROM documents")]
        lost += sum(name not in names for name in met.stored)
        twice += len(names) - len(set(names))
        done = [s for s in met.sessions if look(s, folder).status == "done"]
        for session in done:
            count = reader.execute(
                "SELECT count(*) FROM inner_house_outputs WHERE session_id = ? AND state = 'done'", (session,)
            ).fetchone()[0]
            lost, twice = lost + max(0, 21 - count), twice + max(0, count - 21)
    yield Row("cycles", cycles, "finished", f"{outputs} outputs in all")
    yield Row("inner_house_finished", len(done), "sessions")
    yield Row("lost", lost, "units", "0 is the bar: outputs, navigations, documents")
    yield Row("twice", twice, "units", "0 is the bar")
    words = [*logs.values(), *met.failures]
    yield Row("locked", sum(len(re.findall(r"\blocked\b", word)) for word in words), "times", "0 is the bar")
    yield Row("tracebacks", sum(word.count("Traceback") for word in words), "times", "0 is the bar")
    health = diagnose(folder, thorough=True)
    errors = [finding for finding in health.findings if finding.severity == "error"]
    for finding in errors:
        print("doctor:", finding, file=sys.stderr)
    yield Row("doctor_errors", len(errors), "findings", "0 is the bar; every page and record read")


def _memory(weights: Weights, kept: Sequence[Kept]) -> Iterator[Row]:
    for one in kept:
        yield Row(f"{one.name}: memory at most", weights.most(one.name), "MiB")
        growth = weights.growth(one.name)
        if growth is not None:
            yield Row(f"{one.name}: memory growth", growth, "MiB/h", "within its longest life, its start left out")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    output_options(parser)
    parser.add_argument("--minutes", type=float, help="default 60; 5 with --short")
    parser.add_argument("--seed", type=int, default=1, help="order and times of the kills")
    given = parser.parse_args(arguments)
    where = machine()
    rows = measure(given.minutes or (5 if given.short else 60), given.seed)
    output("soak", where, rows, given, seed=str(given.seed))
    held = [row for row in rows if row.against.startswith("0 is the bar")]
    return 1 if any(row.value for row in held) else 0


if __name__ == "__main__":
    raise SystemExit(main())
