"""Stores as the loops write them, small and quick, for whoever reads them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from benchmarks._cycles import BORN, Invented, Kind, write
from nma13.store import LOOPS, LoopTables, open_rw, transaction
from nma13.store.units import begin_cycle, finish_cycle, write_output

NOW_MS = 1_790_000_000_000


def grown(folder: Path, source: str, cycles: int, kind: Kind | None = None, started_ms: int = BORN) -> Invented:
    """Cycles 1 to `cycles`, through the loops' own writers."""
    loop = LOOPS[source]
    invented = Invented(loop, kind=kind or Kind(), started_ms=started_ms)
    connection = open_rw(loop.database, folder)
    connection.execute("PRAGMA synchronous = OFF")
    with transaction(connection):
        write(connection, invented, range(1, cycles + 1))
    connection.close()
    return invented


class Running:
    """A loop under way, output by output, as a test wants it."""

    def __init__(self, folder: Path, source: str, first: int, started_ms: int = BORN) -> None:
        self.loop: LoopTables = LOOPS[source]
        self.connection: sqlite3.Connection = open_rw(self.loop.database, folder)
        self.invented = Invented(self.loop, seed=first, started_ms=started_ms)
        self.number = first - 1
        self.left: list = []

    def say(self, outputs: int = 1) -> None:
        """So many outputs more; cycles begin and finish as they come."""
        for _ in range(outputs):
            if not self.left:
                self.number += 1
                start, self.left, self.result, self.ledger = self.invented.cycle(self.number)
                begin_cycle(self.connection, self.loop, start)
            write_output(self.connection, self.loop, self.left.pop(0))
            if not self.left:
                finish_cycle(self.connection, self.loop, self.result, self.ledger)

    def beat(self, state: str, at_ms: int, detail: str = "") -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO heartbeat VALUES (?, 42, ?, ?, ?, ?)",
            (self.loop.source, state, detail, self.number, at_ms),
        )

    def event(self, event: str, cycle: int, detail: str = "") -> None:
        self.connection.execute(
            "INSERT INTO process_events (source, event, pid, cycle, detail, at_ms) VALUES (?, ?, 42, ?, ?, ?)",
            (self.loop.source, event, cycle, detail, NOW_MS),
        )

    def close(self) -> None:
        self.connection.close()
