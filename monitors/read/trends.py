"""What a stretch of cycles adds up to: exact sums for any range, at the price of its edges.

Whole hundreds come from the roll-ups that the loop keeps; what sticks out on either side is summed from the rows.
"""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitors.statistics import Share
from nma13.store import STATIONS, LoopTables
from nma13.store.catalog import ROLLUP_BUCKET
from nma13.store.rollups import duration_bin


@dataclass(frozen=True, slots=True)
class Span:
    """Cycles from `first` to `last`, both included."""

    first: int
    last: int

    def __len__(self) -> int:
        return max(0, self.last - self.first + 1)

    def __str__(self) -> str:
        return f"{self.first:,}–{self.last:,}" if self.first != self.last else f"{self.first:,}"


@dataclass(slots=True)
class Station:
    """One station's profile."""

    outputs: int = 0
    confab: int = 0
    closure: int = 0
    overreach: int = 0
    tokens: int = 0
    confirmed: int = 0
    led: int = 0
    blocked: int = 0

    @property
    def flagged(self) -> int:
        return self.confab + self.closure + self.overreach


@dataclass(slots=True)
class Sums:
    """Everything the dashboard and the report say about one range of cycles."""

    span: Span
    cycles: int = 0
    resolved: int = 0
    parse_errors: int = 0
    g2_passed: int = 0
    seconds: float = 0.0
    stations: dict[str, Station] = field(default_factory=lambda: {name: Station() for name in STATIONS})
    friction: Counter[str] = field(default_factory=Counter)
    scenarios: dict[str, list[int]] = field(default_factory=dict)
    """Scenario type → [cycles, resolved]."""
    leads: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(leads, leads next) → cycles."""
    durations: Counter[int] = field(default_factory=Counter)

    @property
    def outputs(self) -> int:
        return sum(station.outputs for station in self.stations.values())

    @property
    def tokens(self) -> int:
        return sum(station.tokens for station in self.stations.values())

    @property
    def resolution(self) -> Share:
        return Share(self.resolved, self.cycles)

    def confirmed(self, name: str) -> Share:
        """How often a station confirms CAN at the end of a cycle; a finished cycle has one R3 per station."""
        return Share(self.stations[name].confirmed, self.cycles)


def extent(connection: sqlite3.Connection, loop: LoopTables) -> Span | None:
    """From the first finished cycle to the last; None when none is finished."""
    first, last = connection.execute(  # two questions in one: asked together, min and max read every row
        f"SELECT (SELECT min(cycle) FROM {loop.cycles} WHERE source = ?1), (SELECT max(cycle) FROM {loop.cycles}"
        " WHERE source = ?1 AND status = 'done')",
        (loop.source,),
    ).fetchone()
    return None if last is None else Span(first, last)


def sums(connection: sqlite3.Connection, loop: LoopTables, span: Span) -> Sums:
    """Exact sums over the finished cycles of `span`."""
    found = Sums(span)
    everything = extent(connection, loop)
    if everything is None:
        return found
    buckets, edges = _split(span, everything)
    if buckets:
        _from_rollups(connection, loop, buckets, found)
    for edge in edges:
        _from_rows(connection, loop, edge, found)
    return found


def resolved_sql(loop: LoopTables) -> str:
    """What «resolved» means for this loop, as the roll-ups mean it too."""
    return "can_resolved IS 1" if loop.asks_can else "coalesce(friction_type IN ('NONE', 'PRODUCTIVE'), 0)"


def _split(span: Span, everything: Span) -> tuple[tuple[int, int] | None, tuple[Span, ...]]:
    """Whole buckets, and the edges beside them. A bucket counts as whole when all that exists of it is asked for."""
    first = span.first // ROLLUP_BUCKET
    if span.first > max(first * ROLLUP_BUCKET, everything.first):
        first += 1
    last = span.last // ROLLUP_BUCKET
    if span.last < min(last * ROLLUP_BUCKET + ROLLUP_BUCKET - 1, everything.last):
        last -= 1
    if last < first:
        return None, (span,)
    left = Span(span.first, first * ROLLUP_BUCKET - 1)
    right = Span((last + 1) * ROLLUP_BUCKET, span.last)
    return (first, last), tuple(edge for edge in (left, right) if len(edge))


def _from_rollups(connection: sqlite3.Connection, loop: LoopTables, buckets: tuple[int, int], found: Sums) -> None:
    of = (loop.source, *buckets)
    where = "WHERE source = ? AND bucket BETWEEN ? AND ?"
    row = connection.execute(
        "SELECT total(cycles) AS cycles, total(resolved) AS resolved, total(parse_errors) AS parse_errors,"
        f" total(g2_passed) AS g2_passed, total(seconds) AS seconds FROM rollup_cycles {where}",
        of,
    ).fetchone()
    _add_totals(found, row)
    for row in connection.execute(
        "SELECT station, sum(outputs) AS outputs, sum(confab) AS confab, sum(closure) AS closure, sum(overreach)"
        " AS overreach, sum(tokens) AS tokens, sum(confirmed) AS confirmed, sum(led) AS led, sum(blocked) AS blocked"
        f" FROM rollup_stations {where} GROUP BY station",
        of,
    ):
        _add_station(found, row)
    for name, cycles in connection.execute(
        f"SELECT friction_type, sum(cycles) FROM rollup_friction {where} GROUP BY 1", of
    ):
        found.friction[name] += cycles
    for name, cycles, resolved in connection.execute(
        f"SELECT scenario_type, sum(cycles), sum(resolved) FROM rollup_scenarios {where} GROUP BY 1", of
    ):
        _add_scenario(found, name, cycles, resolved)
    for before, after, cycles in connection.execute(
        f"SELECT before, after, sum(cycles) FROM rollup_leads {where} GROUP BY 1, 2", of
    ):
        found.leads[before, after] += cycles
    for bin_, cycles in connection.execute(f"SELECT bin, sum(cycles) FROM rollup_durations {where} GROUP BY 1", of):
        found.durations[bin_] += cycles


def _from_rows(connection: sqlite3.Connection, loop: LoopTables, edge: Span, found: Sums) -> None:
    lead_before = None
    blocking = ", blocking_stations" if loop.asks_can else ""
    cycles = connection.execute(
        f"SELECT cycle, status, {resolved_sql(loop)} AS resolved, bof_status, g2_passed, working_seconds,"
        f" friction_type, scenario_type, lead_station{blocking} FROM {loop.cycles}"
        " WHERE source = ? AND cycle BETWEEN ? AND ? ORDER BY cycle",
        (loop.source, edge.first - 1, edge.last),
    )
    for row in cycles:
        if row["status"] == "done" and row["cycle"] >= edge.first:
            _add_cycle(found, row, lead_before, asks_can=loop.asks_can)
        lead_before = (row["cycle"], row["lead_station"])
    confirmed = "total(o.can_confirmed) FILTER (WHERE o.round = 'R3')" if loop.asks_can else "0"
    for row in connection.execute(
        "SELECT o.station, count(*) AS outputs, total(o.confab) AS confab, total(o.closure) AS closure,"
        f" total(o.overreach) AS overreach, total(o.completion_tokens) AS tokens, {confirmed} AS confirmed,"
        f" 0 AS led, 0 AS blocked FROM {loop.outputs} o JOIN {loop.cycles} c USING (cycle, source)"
        " WHERE o.source = ? AND o.cycle BETWEEN ? AND ? AND c.status = 'done' GROUP BY o.station",
        (loop.source, edge.first, edge.last),
    ):
        _add_station(found, row)


def _add_cycle(found: Sums, row: sqlite3.Row, before: tuple[int, str | None] | None, *, asks_can: bool) -> None:
    found.cycles += 1
    found.resolved += row["resolved"]
    found.parse_errors += row["bof_status"] == "parse_error"
    found.g2_passed += row["g2_passed"] or 0
    found.seconds += row["working_seconds"] or 0.0
    found.durations[duration_bin(row["working_seconds"] or 0.0)] += 1
    if row["friction_type"]:
        found.friction[row["friction_type"]] += 1
    _add_scenario(found, row["scenario_type"], 1, row["resolved"])
    lead = row["lead_station"]
    if lead:
        found.stations[lead].led += 1
        if before and before[0] == row["cycle"] - 1 and before[1]:
            found.leads[before[1], lead] += 1
    for name in json.loads(row["blocking_stations"] or "[]") if asks_can else ():
        found.stations[name].blocked += 1


def _add_totals(found: Sums, row: sqlite3.Row) -> None:
    found.cycles += int(row["cycles"])
    found.resolved += int(row["resolved"])
    found.parse_errors += int(row["parse_errors"])
    found.g2_passed += int(row["g2_passed"])
    found.seconds += row["seconds"]


def _add_station(found: Sums, row: sqlite3.Row) -> None:
    station = found.stations[row["station"]]
    for name in Station.__slots__:
        setattr(station, name, getattr(station, name) + int(row[name]))


def _add_scenario(found: Sums, name: str, cycles: int, resolved: int) -> None:
    entry = found.scenarios.setdefault(name, [0, 0])
    entry[0] += cycles
    entry[1] += resolved


# — a range as a curve —

FINE = 2000  # up to so many cycles a curve is made from the cycles themselves
FINE_OUTPUTS = 600  # … and a station's flags from its outputs
POINTS = 200


@dataclass(slots=True)
class Step:
    """One point of a curve: a few neighbouring cycles."""

    first: int
    last: int
    cycles: int = 0
    resolved: int = 0
    friction: Counter[str] = field(default_factory=Counter)
    led: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class FlagStep:
    """One point of the stations' flag curves."""

    first: int
    last: int
    outputs: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)


def steps(connection: sqlite3.Connection, loop: LoopTables, span: Span) -> list[Step]:
    """The range in at most a few hundred steps, oldest first."""
    if len(span) <= FINE:
        return _fine_steps(connection, loop, span)
    size = _coarse(span)
    found: dict[int, Step] = {}
    of = (size, loop.source, span.first // ROLLUP_BUCKET, span.last // ROLLUP_BUCKET)
    where = "WHERE source = ? AND bucket BETWEEN ? AND ?"  # summed by SQLite: thousands of rows would cost more here
    for at, cycles, resolved in connection.execute(
        f"SELECT bucket / ?, sum(cycles), sum(resolved) FROM rollup_cycles {where} GROUP BY 1 ORDER BY 1", of
    ):
        found[at] = step = _coarse_step(at, size, span)
        step.cycles, step.resolved = cycles, resolved
    for at, name, cycles in connection.execute(
        f"SELECT bucket / ?, friction_type, sum(cycles) FROM rollup_friction {where} GROUP BY 1, 2", of
    ):
        found[at].friction[name] = cycles
    for at, name, led in connection.execute(
        f"SELECT bucket / ?, station, sum(led) FROM rollup_stations {where} GROUP BY 1, 2", of
    ):
        found[at].led[name] = led
    return list(found.values())


def flag_steps(connection: sqlite3.Connection, loop: LoopTables, span: Span) -> list[FlagStep]:
    """How often each station is flagged, over the range."""
    found: dict[int, FlagStep] = {}
    if len(span) <= FINE_OUTPUTS:
        size = max(1, -(-len(span) // 60))
        rows = connection.execute(
            f"SELECT cycle / ? AS step, station, count(*), sum(confab + closure + overreach) FROM {loop.outputs}"
            " WHERE source = ? AND cycle BETWEEN ? AND ? GROUP BY 1, 2 ORDER BY 1",
            (size, loop.source, span.first, span.last),
        )
        unit = size
    else:
        size = _coarse(span)
        rows = connection.execute(
            "SELECT bucket / ? AS step, station, sum(outputs), sum(confab + closure + overreach) FROM rollup_stations"
            " WHERE source = ? AND bucket BETWEEN ? AND ? GROUP BY 1, 2 ORDER BY 1",
            (size, loop.source, span.first // ROLLUP_BUCKET, span.last // ROLLUP_BUCKET),
        )
        unit = size * ROLLUP_BUCKET
    for index, station, outputs, flagged in rows:
        step = found.get(index)
        if step is None:
            step = found[index] = FlagStep(index * unit, min(index * unit + unit - 1, span.last))
        step.outputs[station] += outputs
        step.flagged[station] += flagged
    return list(found.values())


def rolling(steps_: list[Step], window: int) -> Iterator[tuple[Step, Share]]:
    """Each step with the resolution rate over the `window` cycles that end there."""
    start = cycles = resolved = 0
    for at, step in enumerate(steps_):
        cycles += step.cycles
        resolved += step.resolved
        while start < at and step.last - steps_[start].first + 1 > window:
            cycles -= steps_[start].cycles
            resolved -= steps_[start].resolved
            start += 1
        yield step, Share(resolved, cycles)


def _fine_steps(connection: sqlite3.Connection, loop: LoopTables, span: Span) -> list[Step]:
    size = max(1, -(-len(span) // POINTS))
    found: dict[int, Step] = {}
    for cycle, resolved, friction, lead in connection.execute(
        f"SELECT cycle, {resolved_sql(loop)}, friction_type, lead_station FROM {loop.cycles}"
        " WHERE source = ? AND status = 'done' AND cycle BETWEEN ? AND ? ORDER BY cycle",
        (loop.source, span.first, span.last),
    ):
        first = cycle - (cycle - span.first) % size
        step = found.setdefault(first, Step(first, min(first + size - 1, span.last)))
        step.cycles += 1
        step.resolved += resolved
        if friction:
            step.friction[friction] += 1
        if lead:
            step.led[lead] += 1
    return list(found.values())


def _coarse(span: Span) -> int:
    """Hundreds of cycles in one step."""
    hundreds = span.last // ROLLUP_BUCKET - span.first // ROLLUP_BUCKET + 1
    return max(1, -(-hundreds // POINTS))


def _coarse_step(index: int, size: int, span: Span) -> Step:
    first = index * size * ROLLUP_BUCKET
    return Step(first, min(first + size * ROLLUP_BUCKET - 1, span.last))


# — markers —


@dataclass(frozen=True, slots=True)
class Marker:
    """A process that started, resumed, crashed …"""

    event: str
    cycle: int
    at_ms: int
    detail: str


def markers(connection: sqlite3.Connection, loop: LoopTables, span: Span, most: int = 200) -> list[Marker]:
    """The newest starts, resumes, crashes and stalls within a range, oldest first."""
    rows = connection.execute(
        "SELECT event, cycle, at_ms, detail FROM process_events WHERE source = ? AND cycle BETWEEN ? AND ?"
        " AND event IN ('start', 'resume', 'crash', 'stall') ORDER BY id DESC LIMIT ?",
        (loop.source, span.first, span.last, most),
    ).fetchall()
    return [Marker(*row) for row in reversed(rows)]
