"""Small writers that the store's tests share; also run as a real process that gets killed."""

from __future__ import annotations

import sys
from pathlib import Path

from nma13.store import LOOPS, ROUNDS, STATIONS, open_rw
from nma13.store.units import (
    CycleResult,
    CycleStart,
    LedgerEntry,
    StationOutput,
    begin_cycle,
    finish_cycle,
    missing_outputs,
    unfinished_cycle,
    write_output,
)

START_MS = 1_700_000_000_000


def start(cycle: int) -> CycleStart:
    return CycleStart(cycle, "CC-01", "Constraint Collision", cycle * 137 + 42, "scripted", START_MS + cycle)


def output(cycle: int, round_: str, station: str, text: str = "") -> StationOutput:
    words = text or f"In {round_} of cycle {cycle}, {station} cannot see the other shore."
    return StationOutput(cycle, round_, station, words, cycle, "scripted", "sequential", START_MS, completion_tokens=10)


def result(cycle: int, **changes: object) -> CycleResult:
    values = {"friction_type": "PRODUCTIVE", "lead_station": STATIONS[cycle % 7]} | changes
    return CycleResult(cycle, START_MS + cycle + 60_000, "ok", "{}", **values)  # type: ignore[arg-type]


def ledger(cycle: int) -> list[LedgerEntry]:
    return [LedgerEntry(cycle, s, "what it costs", "none yet", "UNCERTAIN", ("R1", "R3"), START_MS) for s in STATIONS]


def write_cycle(connection, loop, cycle: int, **changes: object) -> None:
    """A whole cycle, going on where an interrupted one stopped."""
    begin_cycle(connection, loop, start(cycle))
    for round_, station in missing_outputs(connection, loop, cycle):
        write_output(connection, loop, output(cycle, round_, station))
    finish_cycle(connection, loop, result(cycle, **changes), ledger(cycle))


def write_for_ever(folder: Path, source: str) -> None:
    """Resume, then write cycle after cycle, saying each output that has been committed."""
    loop = LOOPS[source]
    connection = open_rw(loop.database, folder)
    last = connection.execute(
        f"SELECT coalesce(max(cycle), 0) FROM {loop.cycles} WHERE source = ?", (source,)
    ).fetchone()[0]
    cycle = unfinished_cycle(connection, loop) or last + 1
    while True:
        begin_cycle(connection, loop, start(cycle))
        for round_, station in missing_outputs(connection, loop, cycle):
            write_output(connection, loop, output(cycle, round_, station))
            print(f"{cycle} {round_} {station}", flush=True)
        finish_cycle(connection, loop, result(cycle), ledger(cycle))
        cycle += 1


ALL_OUTPUTS = [(r, s) for r in ROUNDS for s in STATIONS]

if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]), sys.argv[2])
