"""Cycle History: sorted, filtered and searched, paged by key, so that a page costs the same wherever it lies."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from monitors.read.search import fts_query, matches
from nma13.store import LoopTables

PAGE = 50
Sort = Literal["cycle", "seconds", "friction_type", "lead_station"]
SORTS: tuple[Sort, ...] = ("cycle", "seconds", "friction_type", "lead_station")
PARSE_ERROR = "parse error"
SEARCH_STEP, SEARCH_MOST = 400, 8000  # outputs looked at for one page of a search


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted; empty wishes want everything."""

    scenario_type: str = ""
    friction: str = ""
    lead: str = ""
    can: Literal["", "resolved", "blocked"] = ""
    gate2: Literal["", "passed", "kept out"] = ""
    flagged: bool = False
    bare: bool = False
    first: int | None = None
    last: int | None = None
    words: str = ""
    sort: Sort = "cycle"
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page ended: the value sorted by, and the cycle (in a search: the output) that settles ties."""

    value: Any
    cycle: int


@dataclass(frozen=True, slots=True)
class Page:
    """Cycles as the table shows them, and where the next page begins."""

    rows: tuple[sqlite3.Row, ...]
    passages: dict[int, tuple[sqlite3.Row, ...]]
    """In a search: for each cycle the outputs that match, whole."""
    after: Key | None
    note: str = ""


def page(connection: sqlite3.Connection, loop: LoopTables, wish: Filter, after: Key | None = None) -> Page:
    """One page; `after` is where the page before ended."""
    if fts_query(wish.words):
        return _search(connection, loop, wish, after)
    rows = _rows(connection, loop, wish, after, PAGE + 1)
    more = len(rows) > PAGE
    shown = tuple(rows[:PAGE])
    return Page(shown, {}, _key(shown[-1], wish) if more else None)


def everything(connection: sqlite3.Connection, loop: LoopTables, wish: Filter) -> Iterator[sqlite3.Row]:
    """Every cycle that fits, for an export: page after page, so that nothing is held in memory."""
    after: Key | None = None
    while True:
        one = page(connection, loop, wish, after)
        yield from one.rows
        if one.after is None:
            return
        after = one.after


def outputs_of(connection: sqlite3.Connection, loop: LoopTables, cycle: int) -> list[sqlite3.Row]:
    """All words of one cycle."""
    return connection.execute(
        f"SELECT * FROM {loop.outputs} WHERE cycle = ? AND source = ? ORDER BY round, station",
        (cycle, loop.source),
    ).fetchall()


def _rows(
    connection: sqlite3.Connection, loop: LoopTables, wish: Filter, after: Key | None, limit: int
) -> list[sqlite3.Row]:
    """Stretch by stretch: one question that spans ties, the values beyond and the NULLs would sort a million rows."""
    conditions, values = conditions_of(loop, wish)
    way = "ASC" if wish.ascending else "DESC"
    order = f"cycle {way}" if wish.sort == "cycle" else f"{wish.sort} {way}, cycle {way}"
    found: list[sqlite3.Row] = []
    for condition, *bound in _stretches(wish, after):
        where = " AND ".join([*conditions, condition])
        found += connection.execute(
            f"SELECT * FROM {loop.cycles} WHERE {where} ORDER BY {order} LIMIT ?", [*values, *bound, limit - len(found)]
        ).fetchall()
        if len(found) == limit:
            break
    return found


def _stretches(wish: Filter, after: Key | None) -> list[tuple[Any, ...]]:
    """What follows `after`, in order. A NULL (a friction that could not be read, a cycle that still runs) sorts as less
    than everything, as SQLite sorts it."""
    column, beyond = wish.sort, ">" if wish.ascending else "<"
    if after is None:
        return [("true",)]
    if column == "cycle":
        return [(f"cycle {beyond} ?", after.cycle)]
    if after.value is None:
        rest: list[tuple[Any, ...]] = [(f"{column} IS NULL AND cycle {beyond} ?", after.cycle)]
        return [*rest, (f"{column} IS NOT NULL",)] if wish.ascending else rest
    rest = [(f"{column} = ? AND cycle {beyond} ?", after.value, after.cycle), (f"{column} {beyond} ?", after.value)]
    return rest if wish.ascending else [*rest, (f"{column} IS NULL",)]


def conditions_of(loop: LoopTables, wish: Filter) -> tuple[list[str], list[Any]]:
    """The filter in SQL; values are bound, never written in."""
    conditions, values = ["source = ?"], [loop.source]

    def want(condition: str, *value: object) -> None:
        conditions.append(condition)
        values.extend(value)  # type: ignore[arg-type]

    if wish.scenario_type:
        want("scenario_type = ?", wish.scenario_type)
    if wish.friction == PARSE_ERROR:
        want("bof_status = 'parse_error' AND friction_type IS NULL")
    elif wish.friction:
        want("friction_type = ?", wish.friction)
    if wish.lead:
        want("lead_station = ?", wish.lead)
    if wish.can and loop.asks_can:
        want("can_resolved = ?", int(wish.can == "resolved"))
    if wish.gate2:
        want("g2_passed = ?", int(wish.gate2 == "passed"))
    if wish.flagged:
        want(
            f"EXISTS (SELECT 1 FROM {loop.outputs} o WHERE o.cycle = {loop.cycles}.cycle"
            f" AND o.source = {loop.cycles}.source AND o.confab + o.closure + o.overreach > 0)"
        )
    if wish.bare and loop.source == "loop_c":
        want("bare_station IS NOT NULL")
    if wish.first is not None:
        want("cycle >= ?", wish.first)
    if wish.last is not None:
        want("cycle <= ?", wish.last)
    return conditions, values


def _search(connection: sqlite3.Connection, loop: LoopTables, wish: Filter, after: Key | None) -> Page:
    """Newest words first: the outputs that match, gathered by cycle until a page is full."""
    cursor = after.cycle if after else None
    rows: list[sqlite3.Row] = []
    passages: dict[int, tuple[sqlite3.Row, ...]] = {}
    conditions, values = conditions_of(loop, replace(wish, words=""))
    looked = 0
    while looked < SEARCH_MOST:
        hits = matches(connection, loop, wish.words, cursor, SEARCH_STEP)
        for hit in hits:
            if hit["cycle"] in passages:
                passages[hit["cycle"]] += (hit,)
                cursor = hit["id"]
                continue
            if len(rows) == PAGE:
                return Page(tuple(rows), passages, Key(None, cursor or 0))
            row = connection.execute(
                f"SELECT * FROM {loop.cycles} WHERE cycle = ? AND {' AND '.join(conditions)}",
                [hit["cycle"], *values],
            ).fetchone()
            cursor = hit["id"]
            if row is not None:
                rows.append(row)
                passages[hit["cycle"]] = (hit,)
        looked += len(hits)
        if len(hits) < SEARCH_STEP:
            return Page(tuple(rows), passages, None)
    note = f"{looked:,} outputs that match were looked at for this page; the next page goes on from there."
    return Page(tuple(rows), passages, Key(None, cursor or 0), note)


def _key(row: sqlite3.Row, wish: Filter) -> Key:
    return Key(row[wish.sort], row["cycle"])
