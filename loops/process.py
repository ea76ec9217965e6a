"""A loop as a process: one instance, signals, resuming, and waiting in words when the model, disk or store is away."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from loops.awake import awake
from loops.cycle import Means, next_cycle, run_cycle
from loops.heart import EVERY_S, STALL_AFTER_S, Heart, Pulse
from loops.programme import LoopProgramme
from loops.progress import OUTPUTS, Progress
from loops.search_feeder import Feeder, Search
from nma13.clock import now_ms
from nma13.deliberation import Output
from nma13.llm import ModelError
from nma13.llm.types import Cancel, Model
from nma13.store import InstanceLock, StoreError, open_ro, open_rw, path_of
from nma13.store.errors import BusyDatabaseError, DiskFullError, MissingDatabaseError, ReadOnlyFolderError, explain
from nma13.store.mirror import replay_loop_d
from nma13.store.units import Event, record_event

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
PASSING = (BusyDatabaseError, DiskFullError, ReadOnlyFolderError)
STOPPED_BY_USER = 130


@dataclass(frozen=True, slots=True)
class Settings:
    """How a loop is to run."""

    loop: LoopProgramme
    open_model: Callable[[], Model]
    cycles: int | None = None
    """How many to finish; None: until stopped."""
    reproducible: bool = False
    search: Search | None = None
    rest_s: float = 0.0
    """Pause after each cycle."""
    folder: Path | None = None
    stall_after_s: float = STALL_AFTER_S
    on_stall: str = ""
    beat_s: float = EVERY_S
    longest_wait_s: float = LONGEST_WAIT_S


class Stop:
    """Asked for once, the loop ends after the current output; asked for twice, at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.cancel = Cancel()

    def __call__(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        if self.asked.is_set():
            self.cancel.cancel()
        self.asked.set()


def run(settings: Settings, progress: Progress, stop: Stop | None = None) -> int:
    """Run until the cycles are done or somebody stops it; returns the exit status."""
    stop = stop or Stop()
    loop, pulse = settings.loop, Pulse()
    with InstanceLock(loop.source, settings.folder), _signals(stop):
        crashed = _last_heart(settings)
        work = _Work(settings, stop, pulse, progress)
        try:
            with awake() as sleep, Heart(
                loop, pulse, settings.folder,
                every=settings.beat_s, stall_after=settings.stall_after_s, on_stall=settings.on_stall,
            ):  # fmt: skip
                try:
                    work.start(crashed, sleep)
                    work.until_done()
                finally:
                    pulse.tell("stopped", "asked to stop" if stop.asked.is_set() else "")
        finally:
            work.close()
    return STOPPED_BY_USER if stop.asked.is_set() else 0


class _Work:
    """The loop's own thread: its connection, its model, its counting."""

    def __init__(self, settings: Settings, stop: Stop, pulse: Pulse, progress: Progress) -> None:
        self._settings, self._stop, self._pulse, self._progress = settings, stop, pulse, progress
        self._loop = settings.loop
        self._connection = open_rw(self._loop.tables.database, settings.folder)
        self._feeder = Feeder(settings.search) if settings.search else None
        self._model: Model | None = None
        self._delay = FIRST_WAIT_S
        self._waiting = False

    def start(self, crashed: tuple[int, int | None] | None, sleep: str) -> None:
        """Open the model (what is wrong now is told now, not waited for) and mark the start."""
        if crashed is not None:
            self._event("crash", crashed[1], f"process {crashed[0]} ended without saying so")
        self._model = self._settings.open_model()
        cycle = next_cycle(self._connection, self._loop)
        done = self._outputs_of(cycle)
        until = f"until cycle {cycle + self._settings.cycles - 1}; " if self._settings.cycles else ""
        self._event("resume" if done else "start", cycle, f"{until}{self._model.describe().model}; {sleep}")
        again = f"going on with cycle {cycle} at output {done + 1} of {OUTPUTS}" if done else f"begins cycle {cycle}"
        self._progress.say(f"({self._loop.title}) {again}; {self._model.describe().model}; {sleep}.")

    def until_done(self) -> None:
        while not self._over():
            try:
                self._one_cycle()
            except ModelError as error:
                self._give_model_back()
                self._wait(str(error))
            except sqlite3.Error as error:
                self._wait_or_raise(explain(error, path_of(self._connection)), error)
            except StoreError as error:
                self._wait_or_raise(error, error)

    def close(self) -> None:
        """Say goodbye; a store that cannot be written any more must not hide why."""
        with suppress(StoreError, sqlite3.Error):
            self._event("stop", None, f"{self._progress.finished} cycles finished")
        done = self._progress.finished
        what = "1 cycle" if done == 1 else f"{done} cycles"
        self._progress.say(f"stopped: {what} finished in this run; the record is {path_of(self._connection)}")
        self._give_model_back()
        self._connection.close()

    def _over(self) -> bool:
        wanted = self._settings.cycles
        return self._stop.asked.is_set() or (wanted is not None and self._progress.finished >= wanted)

    def _one_cycle(self) -> None:
        cycle = next_cycle(self._connection, self._loop)
        self._progress.begin(cycle, self._outputs_of(cycle))
        if self._model is None:
            self._model = self._settings.open_model()
        means = Means(
            self._model,
            self._model.describe().model,
            "sequential" if self._settings.reproducible else "batched",
            self._feeder,
        )
        if not self._waiting:
            self._pulse.tell("running", "", cycle)

        def tell(output: Output) -> None:
            self._goes_on(cycle, f"{output.round} {output.station}")
            self._progress.output(cycle, output.round, output.station)

        finished = run_cycle(
            self._connection, self._loop, cycle, means,
            stop=self._stop.asked.is_set, cancel=self._stop.cancel, tell=tell,
        )  # fmt: skip
        if finished:
            self._goes_on(cycle, "finished")
            self._mirror()
            self._progress.cycle(cycle, *self._summary(cycle))
            if self._settings.rest_s and not self._over():
                self._stop.asked.wait(self._settings.rest_s)

    def _goes_on(self, cycle: int, detail: str) -> None:
        self._pulse.moved()
        self._pulse.tell("running", detail, cycle)
        if self._waiting:
            self._progress.say("goes on.")
        self._delay, self._waiting = FIRST_WAIT_S, False

    def _mirror(self) -> None:
        """Loop D's cycle for the rooms that read memory.db; what fails now is filled in after the next cycle."""
        if self._loop.source != "loop_d":
            return
        try:
            memory = open_rw("memory", self._settings.folder)
            try:
                replay_loop_d(self._connection, memory)
            finally:
                memory.close()
        except (StoreError, sqlite3.Error) as error:
            self._progress.say(f"memory.db did not get this cycle yet; it will with the next one ({error})")

    def _wait_or_raise(self, error: StoreError, cause: Exception) -> None:
        if type(error) in PASSING or type(error) is StoreError:  # the last: the disk itself refused
            self._wait(str(error))
        else:
            raise error from cause

    def _wait(self, why: str) -> None:
        """Back off, and say so where people look: in the heartbeat, among the events, on the screen."""
        if self._stop.cancel.cancelled:
            return
        self._pulse.tell("waiting", why)
        if not self._waiting:
            self._progress.say(f"waits: {why}")
            with suppress(StoreError, sqlite3.Error):  # the very thing we wait for may be the store
                self._event("wait", None, why)
        self._waiting = True
        self._stop.asked.wait(min(self._delay, self._settings.longest_wait_s))
        self._delay = min(self._delay * 2, self._settings.longest_wait_s)

    def _give_model_back(self) -> None:
        """Closed and opened anew before the next try: a server may have come back under another address."""
        model, self._model = self._model, None
        if model is not None:
            with suppress(ModelError):
                model.close()

    def _event(self, event: Event, cycle: int | None, detail: str) -> None:
        record_event(self._connection, self._loop.source, event, os.getpid(), cycle, now_ms(), detail)

    def _outputs_of(self, cycle: int) -> int:
        row = self._connection.execute(
            f"SELECT count(*) FROM {self._loop.tables.outputs} WHERE cycle = ? AND source = ?",  # noqa: S608
            (cycle, self._loop.source),
        ).fetchone()
        return int(row[0])

    def _summary(self, cycle: int) -> tuple[str, float]:
        row = self._connection.execute(
            f"SELECT * FROM {self._loop.tables.cycles} WHERE cycle = ? AND source = ?",  # noqa: S608
            (cycle, self._loop.source),
        ).fetchone()
        friction = row["friction_type"] or "arbitration not readable"
        what = f"{row['scenario_type']}, {friction}"
        if self._loop.tables.asks_can:
            blocking = row["blocking_stations"].count("S")
            what += ", CAN resolved" if row["can_resolved"] else f", CAN blocked by {blocking}"
        return what, row["working_seconds"]


def _last_heart(settings: Settings) -> tuple[int, int | None] | None:
    """The process that last ran this loop, if it ended without saying so; we hold the lock, so it is gone."""
    try:
        reader = open_ro(settings.loop.tables.database, settings.folder)
    except MissingDatabaseError:
        return None
    try:
        row = reader.execute(
            "SELECT pid, state, cycle FROM heartbeat WHERE source = ?", (settings.loop.source,)
        ).fetchone()
    except sqlite3.Error as error:
        raise explain(error, path_of(reader)) from error
    finally:
        reader.close()
    return None if row is None or row["state"] == "stopped" else (row["pid"], row["cycle"])


@contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """SIGTERM and Ctrl-C ask the loop to stop; outside the main thread nobody can ask that way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
