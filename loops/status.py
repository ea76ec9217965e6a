"""How a loop stands: read from its lock, its heartbeat and its rows. Writes nothing."""

from __future__ import annotations

import re
import sqlite3
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from loops.programme import LoopProgramme
from loops.progress import OUTPUTS, duration
from nma13.store import open_ro, path_of
from nma13.store.errors import MissingDatabaseError, explain
from nma13.store.lock import read_holder

State = Literal["never ran", "starting", "running", "waiting", "stalled", "died", "stopped", "not running"]
TROUBLED = ("stalled", "died")
SILENT_S = 30.0  # a heart beats every few seconds
RECENT = 20  # cycles from which the rate is taken


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """One loop, now. None where nothing is known yet."""

    source: str
    state: State
    detail: str = ""
    pid: int | None = None
    cycle: int | None = None
    outputs: int | None = None
    """Of the cycle under way."""
    cycles_finished: int = 0
    cycles_per_hour: float | None = None
    until_cycle: int | None = None
    seconds_left: float | None = None
    seconds_since_output: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_status(loop: LoopProgramme, folder: Path, stall_after_s: float, now: float | None = None) -> LoopStatus:
    """The lock tells whether it lives, the heartbeat what it says, the rows what it does."""
    holder = read_holder(folder / f"{loop.source}.lock")
    try:
        reader = open_ro(loop.tables.database, folder)
    except MissingDatabaseError:
        return LoopStatus(loop.source, "starting" if holder is not None else "never ran")
    try:
        return _read(reader, loop, holder, stall_after_s, time.time() if now is None else now)
    except sqlite3.Error as error:
        raise explain(error, path_of(reader)) from error
    finally:
        reader.close()


def _read(
    reader: sqlite3.Connection, loop: LoopProgramme, holder: dict[str, Any] | None, stall_after_s: float, now: float
) -> LoopStatus:
    heart = reader.execute("SELECT * FROM heartbeat WHERE source = ?", (loop.source,)).fetchone()
    if heart is None:
        return _without_heart(reader, loop, "starting" if holder is not None else "not running")
    tables = loop.tables
    seconds = [
        row["working_seconds"]
        for row in reader.execute(
            f"SELECT working_seconds FROM {tables.cycles} WHERE source = ? AND status = 'done'"  # noqa: S608
            " ORDER BY id DESC LIMIT ?",
            (loop.source, RECENT),
        )
    ]
    finished = _finished(reader, loop)
    last = reader.execute(
        f"SELECT cycle, created_ms FROM {tables.outputs} WHERE source = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
        (loop.source,),
    ).fetchone()
    begun_ms = _last_begin(reader, loop.source)
    quiet = (
        None
        if last is None and begun_ms is None
        else max(0.0, now - max(last["created_ms"] if last else 0, begun_ms or 0) / 1000)  # a clock may be put back
    )
    state, detail = _state(heart, holder, now - heart["at_ms"] / 1000, quiet, stall_after_s)
    done = reader.execute(
        f"SELECT count(*) FROM {tables.outputs} WHERE source = ? AND cycle = ?",  # noqa: S608
        (loop.source, heart["cycle"]),
    ).fetchone()[0]
    each = statistics.median(seconds) if seconds else None
    until = _until(reader, loop.source) if holder is not None else None
    left = None
    if each is not None and until is not None and heart["cycle"] is not None:
        left = max(0.0, (until - heart["cycle"] + 1 - done / OUTPUTS) * each)
    return LoopStatus(
        loop.source,
        state,
        detail,
        heart["pid"] if holder is not None else None,
        heart["cycle"],
        done,
        finished,
        3600 / each if each else None,
        until,
        left,
        quiet,
    )


def _without_heart(reader: sqlite3.Connection, loop: LoopProgramme, state: State) -> LoopStatus:
    """A store that no process has claimed: an empty one, or a record that was brought here, whose cycles are here."""
    newest = reader.execute(
        f"SELECT max(cycle) FROM {loop.tables.cycles} WHERE source = ?",  # noqa: S608
        (loop.source,),
    ).fetchone()[0]
    if newest is None:
        return LoopStatus(loop.source, "starting" if state == "starting" else "never ran")
    outputs = reader.execute(
        f"SELECT count(*) FROM {loop.tables.outputs} WHERE source = ? AND cycle = ?",  # noqa: S608
        (loop.source, newest),
    ).fetchone()[0]
    return LoopStatus(loop.source, state, cycle=newest, outputs=outputs, cycles_finished=_finished(reader, loop))


def _finished(reader: sqlite3.Connection, loop: LoopProgramme) -> int:
    row = reader.execute("SELECT coalesce(sum(cycles), 0) FROM rollup_cycles WHERE source = ?", (loop.source,))
    return int(row.fetchone()[0])


def _state(
    heart: sqlite3.Row, holder: dict[str, Any] | None, silent: float, quiet: float | None, stall_after_s: float
) -> tuple[State, str]:
    if holder is None:
        if heart["state"] == "stopped":
            return "stopped", heart["detail"]
        return "died", "its process ended without saying so; start it again and it goes on where it was"
    if silent > SILENT_S:
        return "stalled", f"no heartbeat for {duration(silent)}"
    if quiet is not None and quiet > stall_after_s:
        why = f" ({heart['detail']})" if heart["state"] == "waiting" else ""
        return "stalled", f"nothing was finished for {duration(quiet)}{why}"
    return heart["state"], heart["detail"]


def _last_begin(reader: sqlite3.Connection, source: str) -> int | None:
    row = reader.execute(
        "SELECT max(at_ms) FROM process_events WHERE source = ? AND event IN ('start', 'resume')", (source,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


def _until(reader: sqlite3.Connection, source: str) -> int | None:
    row = reader.execute(
        "SELECT detail FROM process_events WHERE source = ? AND event IN ('start', 'resume') ORDER BY id DESC LIMIT 1",
        (source,),
    ).fetchone()
    found = re.match(r"until cycle (\d+)", row["detail"]) if row else None
    return int(found[1]) if found else None


def render(found: Sequence[LoopStatus]) -> str:
    """One line a loop."""
    return "\n".join(_line(status) for status in found)


def _line(status: LoopStatus) -> str:
    parts = [f"{status.source}  {status.state:<9}"]
    if status.cycle is not None:
        parts.append(f"cycle {status.cycle} ({status.outputs} of {OUTPUTS} outputs)")
    if status.cycles_finished:
        parts.append(f"{status.cycles_finished} finished")
    if status.cycles_per_hour is not None:
        parts.append(f"{status.cycles_per_hour:.1f} an hour")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left until cycle {status.until_cycle}")
    if status.seconds_since_output is not None:
        parts.append(f"last output {duration(status.seconds_since_output)} ago")
    if status.pid is not None:
        parts.append(f"process {status.pid}")
    line = " · ".join(parts)
    return f"{line}\n        {status.detail}" if status.detail and status.state != "running" else line
