"""The dashboards' sums: kept in the transaction that finishes a cycle, so that none is ever off by one.

A monitor reads a few thousand sums instead of two million outputs. `rebuild` makes them again from the
rows, which is also how the doctor's finding «the sums do not fit the cycles» is mended.
"""

from __future__ import annotations

import json
import math
import sqlite3
from typing import Any

from nma13.store.catalog import ROLLUP_BUCKET, LoopTables
from nma13.store.connect import transaction

SHARED = (
    "rollup_cycles",
    "rollup_friction",
    "rollup_scenarios",
    "rollup_stations",
    "rollup_leads",
    "rollup_durations",
)
OWN = {"loop_c": ("rollup_bare",), "loop_d": ("rollup_positions",)}
PARTS = {
    "rollup_bare": "station, bare",
    "rollup_positions": "can_length AS length, can_position AS position",
}
BINS_PER_DECADE = 20  # fine enough to show two modes, coarse enough to sum


def roll_up(connection: sqlite3.Connection, loop: LoopTables, cycle: int, *, in_order: bool = False) -> None:
    """Add one finished cycle to the sums; belongs into the transaction that finishes it.

    A cycle is paired with the leads of both its neighbours, so that the order in which cycles finish does
    not matter; `in_order` pairs it with the one before only.
    """
    row = connection.execute(
        f"SELECT * FROM {loop.cycles} WHERE cycle = ? AND source = ?",  # noqa: S608
        (cycle, loop.source),
    ).fetchone()
    key = {"source": loop.source, "bucket": cycle // ROLLUP_BUCKET}
    ends = {"cycles": 1, "resolved": int(is_resolved(loop, row)), "seconds": row["working_seconds"]}
    tokens = _add_stations(connection, loop, row, key)
    _add(connection, "rollup_cycles", key, {
        **ends, "parse_errors": int(row["bof_status"] == "parse_error"), "g2_passed": row["g2_passed"],
        "tokens": tokens,
    })  # fmt: skip
    _add(connection, "rollup_scenarios", {**key, "scenario_type": row["scenario_type"]}, ends)
    if row["friction_type"]:
        _add(connection, "rollup_friction", {**key, "friction_type": row["friction_type"]}, {"cycles": 1})
    _add(connection, "rollup_durations", {**key, "bin": duration_bin(row["working_seconds"])}, {"cycles": 1})
    _add_pair(connection, loop, cycle - 1, cycle)
    if not in_order:
        _add_pair(connection, loop, cycle, cycle + 1)
    for table in OWN.get(loop.source, ()):
        _add_own(connection, loop, table, key, cycle)


def rebuild(connection: sqlite3.Connection, loop: LoopTables) -> int:
    """Make the sums of one loop again from its finished cycles, in one transaction; returns how many there are."""
    with transaction(connection):
        for table in (*SHARED, *OWN.get(loop.source, ())):
            connection.execute(f"DELETE FROM {table} WHERE source = ?", (loop.source,))  # noqa: S608
        cycles = connection.execute(
            f"SELECT cycle FROM {loop.cycles} WHERE source = ? AND status = 'done' ORDER BY cycle",  # noqa: S608
            (loop.source,),
        ).fetchall()
        for row in cycles:
            roll_up(connection, loop, row["cycle"], in_order=True)
    return len(cycles)


def is_resolved(loop: LoopTables, row: sqlite3.Row) -> bool:
    """CAN confirmed where it is asked; elsewhere a tension that is not stuck."""
    if loop.asks_can:
        return bool(row["can_resolved"])
    return row["friction_type"] in ("NONE", "PRODUCTIVE")


def duration_bin(seconds: float) -> int:
    """Where a duration lies on a logarithmic scale."""
    return math.floor(BINS_PER_DECADE * math.log10(max(seconds, 0.001)))


def _add_stations(connection: sqlite3.Connection, loop: LoopTables, row: sqlite3.Row, key: dict[str, Any]) -> int:
    """Each station's profile; returns the tokens of the whole cycle."""
    confirmed = "coalesce(sum(can_confirmed) FILTER (WHERE round = 'R3'), 0)" if loop.asks_can else "0"
    stations = connection.execute(
        f"SELECT station, count(*) AS outputs, sum(confab) AS confab, sum(closure) AS closure,"  # noqa: S608
        f" sum(overreach) AS overreach, sum(completion_tokens) AS tokens, {confirmed} AS confirmed"
        f" FROM {loop.outputs} WHERE cycle = ? AND source = ? GROUP BY station",
        (row["cycle"], loop.source),
    ).fetchall()
    blocking = json.loads(row["blocking_stations"] or "[]") if loop.asks_can else []
    for station in stations:
        name, *_ = station
        sums = {column: station[column] for column in station.keys() if column != "station"}  # noqa: SIM118 (a Row)
        sums |= {"led": int(name == row["lead_station"]), "blocked": int(name in blocking)}
        _add(connection, "rollup_stations", {**key, "station": name}, sums)
    return sum(station["tokens"] for station in stations)


def _add_pair(connection: sqlite3.Connection, loop: LoopTables, first: int, second: int) -> None:
    """Who leads after whom, once both are known; the pair belongs to the later cycle's bucket."""
    leads = [
        row[0]
        for row in connection.execute(
            f"SELECT lead_station FROM {loop.cycles} WHERE source = ? AND cycle IN (?, ?)"  # noqa: S608
            " AND lead_station IS NOT NULL ORDER BY cycle",
            (loop.source, first, second),
        )
    ]
    if len(leads) == 2:
        key = {"source": loop.source, "bucket": second // ROLLUP_BUCKET, "before": leads[0], "after": leads[1]}
        _add(connection, "rollup_leads", key, {"cycles": 1})


def _add_own(connection: sqlite3.Connection, loop: LoopTables, table: str, key: dict[str, Any], cycle: int) -> None:
    """What only one loop asks: C, whether a bare station answers otherwise; D, what CAN's place does."""
    rows = connection.execute(
        f"SELECT {PARTS[table]}, count(*) AS outputs, coalesce(sum(can_confirmed), 0) AS confirmed"  # noqa: S608
        f" FROM {loop.outputs} WHERE cycle = ? AND source = ? AND round = 'R3' GROUP BY 1, 2",
        (cycle, loop.source),
    )
    for row in rows.fetchall():
        part = dict(row)
        sums = {name: part.pop(name) for name in ("outputs", "confirmed")}
        if None not in part.values():  # an output whose sequence was not recorded tells nothing about its place
            _add(connection, table, {**key, **part}, sums)


def _add(connection: sqlite3.Connection, table: str, key: dict[str, Any], sums: dict[str, float]) -> None:
    names, marks = ", ".join([*key, *sums]), ", ".join("?" * (len(key) + len(sums)))
    raised = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {raised}",  # noqa: S608
        [*key.values(), *sums.values()],
    )
