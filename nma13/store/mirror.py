"""Loop D's cycles in memory.db, derived from loop_d_experiment.db by a replay that can be run again.

No commit spans two files: loop D's own database is the record, and these rows are copied after it.
A replay that is interrupted, or run twice, ends in the same rows.
"""

from __future__ import annotations

import sqlite3

from nma13.store.catalog import DATABASES, LOOPS, ROLLUP_BUCKET
from nma13.store.connect import transaction


def replay_loop_d(record: sqlite3.Connection, memory: sqlite3.Connection) -> int:
    """Copy finished cycles that memory.db lacks, with their outputs and ledger; returns how many.

    Buckets of 100 cycles whose counts differ are looked into, so a gap is filled wherever it lies, and one
    bucket is one transaction: short enough that other writers of memory.db never wait long.
    """
    finished = record.execute("SELECT bucket, cycles FROM rollup_cycles WHERE source = 'loop_d' ORDER BY bucket")
    copied = 0
    there = _copied_per_bucket(memory)
    for row in finished.fetchall():
        if there.get(row["bucket"]) != row["cycles"]:
            copied += _copy_bucket(record, memory, row["bucket"])
    return copied


def _copied_per_bucket(memory: sqlite3.Connection) -> dict[int, int]:
    rows = memory.execute(
        "SELECT cycle / ?, count(*) FROM autonomous_loop_cycles WHERE source = 'loop_d' GROUP BY 1", (ROLLUP_BUCKET,)
    )
    return dict(rows.fetchall())


def _copy_bucket(record: sqlite3.Connection, memory: sqlite3.Connection, bucket: int) -> int:
    span = (bucket * ROLLUP_BUCKET, (bucket + 1) * ROLLUP_BUCKET - 1)
    there = {
        row["cycle"]
        for row in memory.execute(
            "SELECT cycle FROM autonomous_loop_cycles WHERE source = 'loop_d' AND cycle BETWEEN ? AND ?", span
        )
    }
    loop, mirror = LOOPS["loop_d"], DATABASES["memory"]
    cycles = [
        row
        for row in record.execute(
            f"SELECT * FROM {loop.cycles} WHERE source = 'loop_d' AND cycle BETWEEN ? AND ?"  # noqa: S608
            " AND status = 'done' ORDER BY cycle",
            span,
        )
        if row["cycle"] not in there
    ]
    with transaction(memory):
        _copy(memory, mirror.cycles, cycles)
        for of, into in ((loop.outputs, mirror.outputs), ("knowledge_ledger", "knowledge_ledger")):
            for cycle in cycles:
                rows = record.execute(
                    f"SELECT * FROM {of} WHERE source = 'loop_d' AND cycle = ? ORDER BY id",  # noqa: S608
                    (cycle["cycle"],),
                )
                _copy(memory, into, rows.fetchall())
    return len(cycles)


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
