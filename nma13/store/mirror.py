"""Loop D's cycles in memory.db, derived from loop_d_experiment.db by a replay that can be run again.

No commit spans two files: loop D's own database is the record, and these rows are copied after it.
A replay that is interrupted, or run twice, ends in the same rows.
"""

from __future__ import annotations

import sqlite3

from nma13.store.catalog import DATABASES, LOOPS
from nma13.store.connect import transaction

BATCH = 200  # cycles a transaction: short enough that other writers of memory.db never wait long


def replay_loop_d(record: sqlite3.Connection, memory: sqlite3.Connection) -> int:
    """Copy finished cycles that memory.db lacks, with their outputs and ledger; returns how many."""
    loop = LOOPS["loop_d"]
    copied = 0
    last = memory.execute(
        "SELECT coalesce(max(cycle), -1) FROM autonomous_loop_cycles WHERE source = 'loop_d'"
    ).fetchone()[0]
    while True:
        cycles = record.execute(
            f"SELECT * FROM {loop.cycles} WHERE source = 'loop_d' AND status = 'done' AND cycle > ?"  # noqa: S608
            " ORDER BY cycle LIMIT ?",
            (last, BATCH),
        ).fetchall()
        if not cycles:
            return copied
        first, last = cycles[0]["cycle"], cycles[-1]["cycle"]
        outputs = record.execute(
            f"SELECT * FROM {loop.outputs} WHERE source = 'loop_d' AND cycle BETWEEN ? AND ? ORDER BY id",  # noqa: S608
            (first, last),
        ).fetchall()
        ledger = record.execute(
            "SELECT * FROM knowledge_ledger WHERE source = 'loop_d' AND cycle BETWEEN ? AND ? ORDER BY id",
            (first, last),
        ).fetchall()
        finished = {row["cycle"] for row in cycles}
        with transaction(memory):
            _copy(memory, DATABASES["memory"].cycles, cycles)
            _copy(memory, DATABASES["memory"].outputs, [row for row in outputs if row["cycle"] in finished])
            _copy(memory, "knowledge_ledger", [row for row in ledger if row["cycle"] in finished])
        copied += len(cycles)


def _copy(target: sqlite3.Connection, table: str, rows: list[sqlite3.Row]) -> None:
    """Rows with the columns both sides have; a row that is there already is left alone."""
    if not rows:
        return
    here = {row["name"] for row in target.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in rows[0].keys() if name in here and name != "id"]  # noqa: SIM118 (a Row, not a dict)
    target.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) ON CONFLICT DO NOTHING",  # noqa: S608
        [[row[name] for name in columns] for row in rows],
    )
