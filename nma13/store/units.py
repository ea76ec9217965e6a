"""What a loop writes, as values, and the functions that write each as one short transaction.

The unit of commit is one station's output: after a kill at any instant every finished output is
there once, and `missing_outputs` says where to go on.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nma13.store.catalog import ROUNDS, STATIONS, LoopTables
from nma13.store.connect import storable, transaction
from nma13.store.rollups import roll_up

HeartState = Literal["starting", "running", "waiting", "stopped"]
Event = Literal["start", "resume", "stop", "crash", "wait", "stall"]


@dataclass(frozen=True, slots=True)
class CycleStart:
    """A cycle that begins."""

    cycle: int
    scenario_id: str
    scenario_type: str
    seed: int
    model: str
    started_ms: int
    extra: dict[str, Any] = field(default_factory=dict)  # columns only this loop has, e.g. bare_station


@dataclass(frozen=True, slots=True)
class StationOutput:
    """One station's words in one round."""

    cycle: int
    round: str
    station: str
    text: str
    seed: int
    model: str
    made: Literal["batched", "sequential"]
    created_ms: int
    confab: bool = False
    closure: bool = False
    overreach: bool = False
    findings: str = "[]"
    audit: Literal["not audited", "passed", "withheld"] = "not audited"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What the arbitration made of a cycle. A parse error has no friction type: it is a status of its own."""

    cycle: int
    finished_ms: int
    bof_status: Literal["ok", "parse_error"]
    bof_text: str
    friction_type: str | None = None
    friction_source: str | None = None
    lead_station: str | None = None
    arb_note: str | None = None
    g2_passed: bool = True
    model_seconds: float = 0.0
    can_resolved: bool | None = None
    blocking_stations: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one station still does not know after a cycle."""

    cycle: int
    station: str
    uncertainty: str
    movement: str
    epistemic_class: str
    rests_on: tuple[str, ...]
    created_ms: int


def begin_cycle(connection: sqlite3.Connection, loop: LoopTables, start: CycleStart) -> bool:
    """Write the cycle's row; False when it was there already (a resumed cycle)."""
    columns = {
        "cycle": start.cycle, "source": loop.source, "scenario_id": start.scenario_id,
        "scenario_type": start.scenario_type, "seed": start.seed, "model": start.model,
        "started_ms": start.started_ms, **start.extra,
    }  # fmt: skip
    with transaction(connection):
        return _insert(connection, loop.cycles, columns, or_ignore=True) == 1


def write_output(connection: sqlite3.Connection, loop: LoopTables, output: StationOutput) -> int:
    """Commit one output and return its id. The same (cycle, round, station) twice is an IntegrityError."""
    columns = {
        "cycle": output.cycle, "source": loop.source, "round": output.round, "station": output.station,
        "text": output.text, "confab": int(output.confab), "closure": int(output.closure),
        "overreach": int(output.overreach), "findings": output.findings, "audit": output.audit,
        "seed": output.seed, "model": output.model, "made": output.made,
        "prompt_tokens": output.prompt_tokens, "completion_tokens": output.completion_tokens,
        "seconds": output.seconds, "created_ms": output.created_ms, **output.extra,
    }  # fmt: skip
    with transaction(connection):
        _insert(connection, loop.outputs, columns)
        return int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])


def missing_outputs(connection: sqlite3.Connection, loop: LoopTables, cycle: int) -> list[tuple[str, str]]:
    """(round, station) still to be made, in the order in which they are made."""
    rows = connection.execute(
        f"SELECT round, station FROM {loop.outputs} WHERE cycle = ? AND source = ?",  # noqa: S608
        (cycle, loop.source),
    )
    there = {(row["round"], row["station"]) for row in rows}
    return [(r, s) for r in ROUNDS for s in STATIONS if (r, s) not in there]


def unfinished_cycle(connection: sqlite3.Connection, loop: LoopTables) -> int | None:
    """The cycle that a crash or a stop interrupted."""
    row = connection.execute(
        f"SELECT min(cycle) FROM {loop.cycles} WHERE source = ? AND status = 'running'",  # noqa: S608
        (loop.source,),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def finish_cycle(
    connection: sqlite3.Connection, loop: LoopTables, result: CycleResult, ledger: Sequence[LedgerEntry] = ()
) -> bool:
    """Close a cycle with its ledger and roll-ups in one transaction; False when it was closed already."""
    with transaction(connection):
        row = connection.execute(
            f"SELECT status, started_ms FROM {loop.cycles} WHERE cycle = ? AND source = ?",  # noqa: S608
            (result.cycle, loop.source),
        ).fetchone()
        if row is None:
            raise LookupError(f"cycle {result.cycle} of {loop.source} was never begun")
        if row["status"] == "done":
            return False
        counted = connection.execute(
            f"SELECT count(*) AS outputs, coalesce(sum(confab), 0) AS confab FROM {loop.outputs}"  # noqa: S608
            " WHERE cycle = ? AND source = ?",
            (result.cycle, loop.source),
        ).fetchone()
        seconds = max(0.0, (result.finished_ms - row["started_ms"]) / 1000)
        paused = seconds_paused(connection, loop, result.cycle, row["started_ms"], result.finished_ms)
        times = {"seconds": seconds, "working_seconds": max(0.0, seconds - paused)}
        _close(connection, loop, result, times, counted["outputs"], counted["confab"])
        for entry in ledger:
            write_ledger(connection, loop.source, entry)
        roll_up(connection, loop, result.cycle)
    return True


def seconds_paused(
    connection: sqlite3.Connection, loop: LoopTables, cycle: int, started_ms: int, finished_ms: int
) -> float:
    """How long nobody was at work on a cycle: from the last thing kept until the next process began.

    A night without a process would otherwise stand among the durations as a second mode.
    """
    begins = connection.execute(
        "SELECT at_ms FROM process_events WHERE source = ? AND event IN ('start', 'resume')"
        " AND at_ms BETWEEN ? AND ? ORDER BY at_ms",
        (loop.source, started_ms, finished_ms),
    ).fetchall()
    paused, before = 0, started_ms
    for (at_ms,) in begins:
        kept = connection.execute(
            f"SELECT max(created_ms) FROM {loop.outputs} WHERE cycle = ? AND source = ? AND created_ms <= ?",  # noqa: S608
            (cycle, loop.source, at_ms),
        ).fetchone()[0]
        paused += at_ms - max(before, kept or 0)
        before = at_ms
    return paused / 1000


def write_ledger(connection: sqlite3.Connection, source: str, entry: LedgerEntry) -> None:
    """One line of the knowledge ledger; writing it twice changes nothing."""
    columns = {
        "cycle": entry.cycle, "source": source, "station": entry.station, "uncertainty": entry.uncertainty,
        "movement": entry.movement, "class": entry.epistemic_class, "rests_on": json.dumps(entry.rests_on),
        "created_ms": entry.created_ms,
    }  # fmt: skip
    with transaction(connection):
        _insert(connection, "knowledge_ledger", columns, or_ignore=True)


def beat(
    connection: sqlite3.Connection,
    source: str,
    pid: int,
    state: HeartState,
    cycle: int | None,
    at_ms: int,
    detail: str = "",
) -> None:
    """The heartbeat: one row per loop, rewritten."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO heartbeat (source, pid, state, detail, cycle, at_ms) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (source) DO UPDATE SET pid = excluded.pid, state = excluded.state,"
            " detail = excluded.detail, cycle = excluded.cycle, at_ms = excluded.at_ms",
            (source, pid, state, detail, cycle, at_ms),
        )


def record_event(
    connection: sqlite3.Connection,
    source: str,
    event: Event,
    pid: int,
    cycle: int | None,
    at_ms: int,
    detail: str = "",
) -> None:
    """A start, a stop, a resume …: a marker in the monitors' charts."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO process_events (source, event, pid, cycle, detail, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
            (source, event, pid, cycle, detail, at_ms),
        )


def _insert(connection: sqlite3.Connection, table: str, columns: dict[str, Any], *, or_ignore: bool = False) -> int:
    # Table and column names are ours (the catalogue and the dataclasses above), never a user's.
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    conflict = " ON CONFLICT DO NOTHING" if or_ignore else ""
    cursor = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}){conflict}",  # noqa: S608
        [storable(value) if isinstance(value, str) else value for value in columns.values()],
    )
    return cursor.rowcount


def _close(
    connection: sqlite3.Connection,
    loop: LoopTables,
    result: CycleResult,
    times: dict[str, float],
    outputs: int,
    confab: int,
) -> None:
    columns: dict[str, Any] = {
        "status": "done", "finished_ms": result.finished_ms, **times,
        "model_seconds": result.model_seconds, "bof_status": result.bof_status, "bof_text": result.bof_text,
        "friction_type": result.friction_type, "friction_source": result.friction_source,
        "lead_station": result.lead_station, "arb_note": result.arb_note, "g2_passed": int(result.g2_passed),
        "confab_count": confab, "output_count": outputs, **result.extra,
    }  # fmt: skip
    if loop.asks_can:
        columns["can_resolved"] = None if result.can_resolved is None else int(result.can_resolved)
        columns["blocking_stations"] = json.dumps(result.blocking_stations)
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"UPDATE {loop.cycles} SET {assignments} WHERE cycle = ? AND source = ?",  # noqa: S608
        [*columns.values(), result.cycle, loop.source],
    )
