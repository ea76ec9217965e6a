"""The latest cycles of all four loops, read from the four stores. Values only; nothing is written, no page is drawn."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from loops.heart import STALL_AFTER_S
from loops.registry import PROGRAMMES
from loops.status import LoopStatus, read_status
from nma13.store import LOOPS, LoopTables, open_ro
from nma13.store.errors import MissingDatabaseError, explain

LATEST = 15


@dataclass(frozen=True, slots=True)
class Words:
    """The last thing a station wrote in a cycle."""

    station: str
    round: str
    text: str
    flags: tuple[str, ...] = ()
    """Of confab, closure, overreach: those that the reader of outputs raised."""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle as it stands now; None where the loop has not come so far, or never asks."""

    source: str
    number: int
    scenario: str
    scenario_type: str
    model: str
    started_ms: int
    seconds: float | None
    done: bool
    friction: str | None
    lead: str | None
    note: str
    unreadable: bool
    """The arbitration was written, but not in a form that could be read."""
    can: bool | None
    outputs: int
    words: tuple[Words, ...]

    @property
    def leading(self) -> Words | None:
        """What the lead station wrote last; before there is a lead, whoever wrote last."""
        by_lead = [one for one in self.words if one.station == self.lead]
        return next(iter(by_lead or self.words), None)


def latest(folder: Path, loops: tuple[str, ...] = (), types: tuple[str, ...] = (), most: int = LATEST) -> list[Cycle]:
    """The newest cycles over all stores, newest first; empty filters let everything through."""
    found: list[Cycle] = []
    for source in loops or tuple(LOOPS):
        found += _of_loop(folder, LOOPS[source], types, most)
    return sorted(found, key=lambda one: (-one.started_ms, one.source))[:most]


def standings(folder: Path) -> list[LoopStatus]:
    """How each of the four loops stands."""
    return [read_status(loop, folder, STALL_AFTER_S) for loop in PROGRAMMES.values()]


def version(folder: Path) -> str:
    """Changes when a cycle begins, gains an output, ends or is taken out: four small questions, no texts."""
    return " ".join(_version(folder, loop) for loop in LOOPS.values())


def _version(folder: Path, loop: LoopTables) -> str:
    try:
        with closing(open_ro(loop.database, folder)) as connection:
            row = connection.execute(
                f"SELECT (SELECT id FROM {loop.outputs} WHERE source = :loop ORDER BY id DESC LIMIT 1),"  # noqa: S608
                f" (SELECT cycle FROM {loop.cycles} WHERE source = :loop ORDER BY cycle DESC LIMIT 1),"
                f" (SELECT count(*) FROM {loop.cycles} WHERE source = :loop AND status = 'running'),"
                f" (SELECT count(*) FROM {loop.cycles} WHERE source = :loop)",
                {"loop": loop.source},
            ).fetchone()
    except MissingDatabaseError:
        return "-"
    return ":".join(str(part) for part in row)


def _of_loop(folder: Path, loop: LoopTables, types: tuple[str, ...], most: int) -> list[Cycle]:
    try:
        connection = open_ro(loop.database, folder)
    except MissingDatabaseError:
        return []
    with closing(connection):
        try:
            wanted = f" AND scenario_type IN ({', '.join('?' * len(types))})" if types else ""
            rows = connection.execute(
                f"SELECT * FROM {loop.cycles} WHERE source = ?{wanted} ORDER BY cycle DESC LIMIT ?",  # noqa: S608
                (loop.source, *types, most),
            ).fetchall()
            return [_cycle(connection, loop, row) for row in rows]
        except sqlite3.Error as error:
            raise explain(error, folder) from error


def _cycle(connection: sqlite3.Connection, loop: LoopTables, row: sqlite3.Row) -> Cycle:
    outputs = connection.execute(
        "SELECT station, round, text, audit, confab, closure, overreach"  # noqa: S608
        f" FROM {loop.outputs} WHERE source = ? AND cycle = ? ORDER BY id DESC",
        (loop.source, row["cycle"]),
    ).fetchall()
    last: dict[str, Words] = {}
    for one in outputs:
        flags = tuple(name for name in ("confab", "closure", "overreach") if one[name])
        words = Words(one["station"], one["round"], one["text"], flags, one["audit"] == "withheld")
        last.setdefault(one["station"], words)
    asked = loop.asks_can and row["can_resolved"] is not None
    return Cycle(
        source=loop.source,
        number=row["cycle"],
        scenario=row["scenario_id"],
        scenario_type=row["scenario_type"],
        model=row["model"],
        started_ms=row["started_ms"],
        seconds=row["seconds"],
        done=row["status"] == "done",
        friction=row["friction_type"],
        lead=row["lead_station"],
        note=row["arb_note"] or "",
        unreadable=row["bof_status"] == "parse_error",
        can=bool(row["can_resolved"]) if asked else None,
        outputs=len(outputs),
        words=tuple(last.values()),
    )
