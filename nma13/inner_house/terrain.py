"""What the research loops know of a kind of problem: given to a session (Option C) and told after it (Option B)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nma13.deliberation import Block
from nma13.errors import LabError
from nma13.inner_house.sessions import Ground
from nma13.memory_fidelity import Fidelity, fidelity
from nma13.state import PipelineState
from nma13.store import LOOPS, LoopTables, open_ro
from nma13.store.errors import MissingDatabaseError
from nma13.terms import Capacity, Irreversibility, Standing

FALLBACK = "Constraint Collision"
WANTED = 3  # outputs given to a session
LOOKED_AT = 12  # finished cycles per loop
TOLD = 5  # cycles told afterwards
HEADING = "SAID BY THE RESEARCH LOOPS ON OTHER SITUATIONS OF THIS KIND (not evidence here):"


@dataclass(frozen=True, slots=True)
class Terrain:
    """What was found for one problem, and what must be said of it."""

    scenario_type: str
    why: str
    grounds: tuple[Ground, ...]
    notice: str


def classify(state: PipelineState) -> tuple[str, str]:
    """The scenario type a problem belongs to, and the value of Gate 1 it follows from."""
    one = state.gate1
    if one is None:
        raise LabError("Gate 1 has left no reading of this problem.")
    if one.collision:
        return "Constraint Collision", "X=TRUE: two demands that cannot both be met"
    if one.capacity in (Capacity.HIGH, Capacity.MOD):
        return "Capacity Collapse", f"C={one.capacity}: the strength to decide is itself in question"
    if one.irreversibility is Irreversibility.HIGH:
        return "Irreversible Threshold", "I=HIGH: what is done cannot be undone"
    if one.standing not in (Standing.CLEAR, Standing.UNKNOWN):
        return "Standing Conflict", f"S={one.standing}: whose decision it is is not settled"
    if one.ambiguity:
        return "Unclear Ambiguity", "A=TRUE: what the matter is has not shown itself"
    return FALLBACK, f"none of the gates' values points to a type, so {FALLBACK} stands in"


def survey(state: PipelineState, folder: Path, wanted: bool) -> Terrain:
    """Option C. An error never stops a session: it goes on without, and says so."""
    try:
        kind, why = classify(state)
    except LabError as error:
        kind, why = FALLBACK, f"the problem could not be classified ({error}), so {FALLBACK} stands in"
    if not wanted:
        return Terrain(kind, why, (), "Cold start: the terrain was switched off for this session.")
    try:
        grounds = _gather(kind, folder)
    except LabError as error:
        return Terrain(FALLBACK, f"{FALLBACK} stands in", (), f"Cold start: the terrain could not be read. {error}")
    given = sum(ground.included for ground in grounds)
    if not given:
        kept_out = f" ({len(grounds)} outputs were looked at and kept out)" if grounds else ""
        return Terrain(kind, why, grounds, f"Cold start: the loops have nothing to give on {kind} yet{kept_out}.")
    return Terrain(kind, why, grounds, f"{given} outputs of the loops on {kind} were given to the stations.")


def block(grounds: tuple[Ground, ...]) -> Block | None:
    """What stands in the prompts."""
    lines = tuple(f"- {ground.station}: {' '.join(ground.text.split())}" for ground in grounds if ground.included)
    return Block(HEADING, lines) if lines else None


def loop_context(kind: str, folder: Path) -> str:
    """Option B: what the loops have been surfacing on this type, lately; empty when there is nothing."""
    told = []
    for loop, row in _cycles(kind, folder, TOLD):
        if _verdict(row).kept:
            friction = row["friction_type"] or "not classified"
            words = " ".join(row["text"].split())
            told.append((row["finished_ms"], f"{loop.source} cycle {row['cycle']} · {friction} · {words}"))
    return "\n".join(line for _, line in sorted(told, reverse=True)[:TOLD])


def _gather(kind: str, folder: Path) -> tuple[Ground, ...]:
    """The lead stations' last words of the newest cycles, one loop after the other, until enough have passed."""
    found: list[Ground] = []
    for loop, row in sorted(_cycles(kind, folder, LOOKED_AT), key=lambda pair: -pair[1]["finished_ms"]):
        if sum(ground.included for ground in found) == WANTED:
            break
        verdict = _verdict(row)
        found.append(Ground(row["cycle"], loop.source, row["station"], row["text"], verdict.kept, verdict.reason))
    return tuple(found)


def _verdict(row: sqlite3.Row) -> Fidelity:
    """The gate before memory, for the last words of a cycle."""
    return fidelity(
        row["text"], confab_count=row["confab_count"], output_count=row["output_count"], g2_passed=row["g2_passed"]
    )


def _cycles(kind: str, folder: Path, most: int) -> Iterator[tuple[LoopTables, sqlite3.Row]]:
    for loop in LOOPS.values():
        try:
            connection = open_ro(loop.database, folder)
        except MissingDatabaseError:
            continue
        with closing(connection):
            rows = connection.execute(
                "SELECT o.text, o.station, c.cycle, c.confab_count, c.output_count, c.g2_passed, c.friction_type,"  # noqa: S608
                f" c.finished_ms FROM {loop.cycles} c JOIN {loop.outputs} o"
                " ON o.cycle = c.cycle AND o.source = c.source AND o.round = 'R3'"
                " AND o.station = coalesce(c.lead_station, 'S1')"
                " WHERE c.source = ? AND c.scenario_type = ? AND c.status = 'done' ORDER BY c.cycle DESC LIMIT ?",
                (loop.source, kind, most),
            ).fetchall()
        for row in rows:
            yield loop, row
