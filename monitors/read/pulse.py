"""«Is there anything new?», asked every second before anybody asks «what?»; and whether the loop is well."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import Literal

from loops.heart import STALL_AFTER_S
from loops.progress import duration
from loops.status import SILENT_S
from nma13.store import LoopTables

RECENT_OUTPUTS = 105  # five cycles
BURST_ODDS = 1e-4  # a burst is what chance alone would show less often than this
ENOUGH_OUTPUTS = 420
FLAGS = ("confab", "closure", "overreach")


@dataclass(frozen=True, slots=True)
class Heart:
    """What a loop's process last said of itself."""

    pid: int
    state: Literal["starting", "running", "waiting", "stopped"]
    detail: str
    cycle: int | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should look at: what it is, and what to do."""

    kind: Literal["stalled", "waiting", "flags"]
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """The newest of everything; equal pulses mean that nothing has moved."""

    newest_output: int = 0
    written_ms: int | None = None
    newest_cycle: int | None = None
    said: int = 0
    """Outputs of the newest cycle so far."""
    finished: int = 0
    """Cycles that are done."""
    newest_event: int = 0
    heart: Heart | None = None

    @property
    def empty(self) -> bool:
        return self.newest_cycle is None


def read_pulse(connection: sqlite3.Connection, loop: LoopTables) -> Pulse:
    """A few rows from the ends of indexes: the same cost for ten cycles as for a million."""
    one = (loop.source,)
    newest = connection.execute(
        f"SELECT id, created_ms FROM {loop.outputs} WHERE source = ? ORDER BY id DESC LIMIT 1",
        one,
    ).fetchone()
    cycle = connection.execute(f"SELECT max(cycle) FROM {loop.cycles} WHERE source = ?", one).fetchone()[0]
    said = connection.execute(
        f"SELECT count(*) FROM {loop.outputs} WHERE cycle = ? AND source = ?",
        (cycle, loop.source),
    ).fetchone()[0]
    finished = connection.execute("SELECT total(cycles) FROM rollup_cycles WHERE source = ?", one).fetchone()[0]
    event = connection.execute("SELECT max(id) FROM process_events WHERE source = ?", one).fetchone()[0]
    heart = connection.execute(
        "SELECT pid, state, detail, cycle, at_ms FROM heartbeat WHERE source = ?", one
    ).fetchone()
    return Pulse(
        newest["id"] if newest else 0,
        newest["created_ms"] if newest else None,
        cycle,
        said,
        int(finished),
        event or 0,
        Heart(*heart) if heart else None,
    )


def alerts(connection: sqlite3.Connection, loop: LoopTables, pulse: Pulse, now_ms: int) -> tuple[Alert, ...]:
    """A loop that stands still, waits, or flags far more than it used to."""
    found = [standing(pulse, now_ms), *_bursts(connection, loop)]
    return tuple(alert for alert in found if alert is not None)


def standing(pulse: Pulse, now_ms: int) -> Alert | None:
    """Whether the process is alive and gets on; a loop that was stopped on purpose is no cause for alarm."""
    heart = pulse.heart
    if heart is None or heart.state == "stopped":
        return None
    silent = (now_ms - heart.at_ms) / 1000
    if silent > SILENT_S:
        return Alert(
            "stalled",
            "Loop silent",
            f"Process {heart.pid} last gave a sign {duration(silent)} ago, without saying that it stops. What it had "
            "written is safe. Look whether it still runs; started again, it goes on at the next missing output.",
        )
    if heart.state == "waiting":
        return Alert("waiting", "Loop waits", heart.detail or "The process says that it waits, not for what.")
    since = (now_ms - pulse.written_ms) / 1000 if pulse.written_ms else 0.0
    if since > STALL_AFTER_S:
        return Alert(
            "stalled",
            "Loop stalled",
            f"The process is alive, but the last output was written {duration(since)} ago. A large model may need as "
            "long as that; otherwise look at the loop's log.",
        )
    return None


def _bursts(connection: sqlite3.Connection, loop: LoopTables) -> list[Alert | None]:
    sums = connection.execute(
        "SELECT total(outputs) AS outputs, total(confab) AS confab, total(closure) AS closure,"
        " total(overreach) AS overreach FROM rollup_stations WHERE source = ?",
        (loop.source,),
    ).fetchone()
    if sums["outputs"] < ENOUGH_OUTPUTS:
        return []
    recent = connection.execute(
        "SELECT count(*) AS outputs, total(confab) AS confab, total(closure) AS closure,"
        f" total(overreach) AS overreach FROM (SELECT confab, closure, overreach FROM {loop.outputs}"
        " WHERE source = ? ORDER BY id DESC LIMIT ?)",
        (loop.source, RECENT_OUTPUTS),
    ).fetchone()
    return [burst(flag, recent[flag], recent["outputs"], sums[flag], sums["outputs"]) for flag in FLAGS]


def burst(flag: str, seen: float, of: int, ever: float, of_all: float) -> Alert | None:
    """More flags lately than the loop's own long run would bring about by chance."""
    usual = (ever + 1) / (of_all + 2)
    if seen < 3 or chance_of_at_least(int(seen), of, usual) >= BURST_ODDS:
        return None
    return Alert(
        "flags",
        f"{flag.upper()} burst",
        f"{int(seen)} of the last {of} outputs are flagged {flag.upper()}; over all cycles it is "
        f"{100 * usual:.1f} %. The texts stand in Live Feed and Cycle Detail as they were written.",
    )


def chance_of_at_least(seen: int, of: int, rate: float) -> float:
    """The upper tail of a binomial."""
    if seen <= 0:
        return 1.0
    if rate >= 1:
        return 1.0
    logs = (
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        + k * math.log(rate) + (of - k) * math.log1p(-rate)
        for k in range(seen, of + 1)
    )  # fmt: skip
    return min(1.0, sum(math.exp(one) for one in logs))
