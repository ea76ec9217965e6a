"""One database looked at from all sides; whatever it is like, a report comes back and nothing is changed."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from nma13.store.catalog import LOOPS, OWN_TABLES, Database
from nma13.store.connect import database_path, open_ro
from nma13.store.errors import MissingDatabaseError, OlderDatabaseError, StoreError, explain
from nma13.store.lock import read_holder
from nma13.store.mend import INDEXES, ORPHAN_VECTORS, texts_of
from nma13.store.migrate import latest_version, version_of
from nma13.store.records import verify_database

Severity = Literal["note", "warning", "error"]
LARGE_WAL_BYTES = 256_000_000
STALLED_MS = 120_000
RESTORE = "put a backup back with ./lab restore; the damaged file is kept aside"
MEND = "./lab doctor --mend makes them again from the rows"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen, what it means for the data, what to do."""

    severity: Severity
    where: str
    what: str
    means: str
    do: str


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """One database as it lies there."""

    name: str
    path: str
    present: bool
    bytes: int = 0
    wal_bytes: int = 0
    schema: int | None = None
    schema_known: int | None = None
    integrity: str = "not checked"
    made_ms: int | None = None
    rows: dict[str, int] = field(default_factory=dict)
    heartbeats: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Patient:
    """What every check gets to see."""

    connection: sqlite3.Connection
    database: Database
    path: Path
    now_ms: int


def examine(
    database: Database, folder: Path, now_ms: int, *, thorough: bool = False
) -> tuple[DatabaseReport, list[Finding]]:
    """Everything about one database. `thorough` reads every page and every decision record."""
    path = database_path(database.name, folder)
    report = DatabaseReport(database.name, str(path), present=True, schema_known=latest_version(database.name))
    try:
        report = replace(report, bytes=_size(path), wal_bytes=_size(path.with_name(path.name + "-wal")))
        connection = open_ro(database.name, folder)
    except MissingDatabaseError:
        return replace(report, present=False), []
    except (StoreError, OSError) as error:
        told = str(error) if isinstance(error, StoreError) else str(explain(error, path))
        found = Finding("error", path.name, told, "the lab cannot use this file as it is", RESTORE)
        return replace(report, integrity="unreadable"), [found]
    with closing(connection):
        return _look(Patient(connection, database, path, now_ms), report, thorough)


def _look(patient: Patient, report: DatabaseReport, thorough: bool) -> tuple[DatabaseReport, list[Finding]]:
    findings: list[Finding] = []
    connection, path = patient.connection, patient.path
    try:
        verdict = _verdict(patient, thorough)
        report = replace(report, integrity=verdict, schema=version_of(connection))
        if verdict != "ok":
            findings.append(Finding("error", path.name, f"the file is damaged: {verdict}", "rows may be lost", RESTORE))
        report = replace(
            report,
            made_ms=connection.execute("SELECT min(applied_ms) FROM migrations").fetchone()[0],
            rows={name: _count(connection, name) for name in _tables(connection)},
            heartbeats=[dict(row) for row in connection.execute("SELECT * FROM heartbeat ORDER BY source")],
        )
    except sqlite3.Error as error:
        told = str(explain(error, path))
        findings.append(Finding("error", path.name, told, "the lab cannot use this file as it is", RESTORE))
        return replace(report, integrity="damaged"), findings
    for check in (*CHECKS, *(THOROUGH if thorough else ())):
        findings += _guarded(check, patient)
    return report, findings


def _verdict(patient: Patient, thorough: bool) -> str:
    """What SQLite says of the file. It asks the tables' own rules only where it could write."""
    question = "PRAGMA integrity_check" if thorough else "PRAGMA quick_check"
    if not thorough or not os.access(patient.path, os.W_OK):
        return str(patient.connection.execute(question).fetchone()[0])
    with closing(sqlite3.connect(f"{patient.path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        return str(connection.execute(question).fetchone()[0])


def _guarded(check: Callable[[Patient], Iterator[Finding]], patient: Patient) -> list[Finding]:
    """A check that cannot be made is a finding itself."""
    try:
        return list(check(patient))
    except (sqlite3.Error, OSError) as error:
        told = explain(error, patient.path)
        if isinstance(told, OlderDatabaseError):
            return []  # said once, by the check of the schema
        return [Finding("error", patient.path.name, str(told), "part of this file cannot be read", RESTORE)]


def _foreign_keys(patient: Patient) -> Iterator[Finding]:
    if broken := patient.connection.execute("PRAGMA foreign_key_check").fetchall():
        yield Finding(
            "error", patient.path.name, f"{len(broken)} rows of {broken[0][0]} belong to rows that are gone",
            "outputs without their cycle, or passages without their document", RESTORE,
        )  # fmt: skip


def _schema(patient: Patient) -> Iterator[Finding]:
    schema, known = version_of(patient.connection), latest_version(patient.database.name)
    if schema < known:
        yield Finding(
            "note", patient.path.name, f"schema {schema}, this lab knows {known}",
            "it can be read, but newer pages may miss something in it",
            "nothing: it is copied and brought up to date the next time its writer starts",
        )  # fmt: skip


def _permissions(patient: Patient) -> Iterator[Finding]:
    beside = (patient.path.with_name(patient.path.name + suffix) for suffix in ("", "-wal", "-shm"))
    for path in beside:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(
                "warning", path.name, "other users of this machine can read it",
                "what you wrote is not private here", f"chmod 600 '{path}'",
            )  # fmt: skip


def _wal(patient: Patient) -> Iterator[Finding]:
    size = _size(patient.path.with_name(patient.path.name + "-wal"))
    if size > LARGE_WAL_BYTES:
        yield Finding(
            "warning", patient.path.name, f"its write-ahead log has grown to {size // 1_000_000} MB",
            "nothing is lost, but somebody has been reading in one go for long", "restart the pages that are open",
        )  # fmt: skip


def _open_cycles(patient: Patient) -> Iterator[Finding]:
    rows = patient.connection.execute(
        f"SELECT source, count(*) AS n FROM {patient.database.cycles}"  # noqa: S608
        " WHERE status = 'running' GROUP BY source HAVING n > 1"
    )
    for row in rows:
        yield Finding(
            "warning", patient.path.name, f"{row['n']} unfinished cycles of {row['source']}",
            "two processes wrote as one loop, or rows were put in by hand",
            "start that loop: it finishes the oldest first",
        )  # fmt: skip


def _loops(patient: Patient) -> Iterator[Finding]:
    """What the heartbeat says against what the kernel says."""
    for row in patient.connection.execute("SELECT * FROM heartbeat WHERE state <> 'stopped'"):
        silent_ms = patient.now_ms - row["at_ms"]
        if read_holder(patient.path.with_name(f"{row['source']}.lock")) is None:
            yield Finding(
                "note", row["source"], "it ended without saying so (killed, or the machine went down)",
                "every finished output is there", "start it again: it goes on at the next missing output",
            )  # fmt: skip
        elif silent_ms > STALLED_MS:
            yield Finding(
                "warning", row["source"], f"it runs but has been silent for {silent_ms // 1000} s",
                "it may hang in the model", "look into its log, then stop and start it",
            )  # fmt: skip


def _sums(patient: Patient) -> Iterator[Finding]:
    for loop in LOOPS.values():
        if loop.database != patient.database.name:
            continue
        done, summed = patient.connection.execute(
            f"SELECT (SELECT count(*) FROM {loop.cycles} WHERE source = ? AND status = 'done'),"  # noqa: S608
            " (SELECT coalesce(sum(cycles), 0) FROM rollup_cycles WHERE source = ?)",
            (loop.source, loop.source),
        ).fetchone()
        if done != summed:
            yield Finding(
                "warning", patient.path.name, f"{loop.source} has {done} finished cycles, its sums tell of {summed}",
                "dashboards are off; the rows themselves are whole", MEND,
            )  # fmt: skip


def _full_text(patient: Patient) -> Iterator[Finding]:
    connection = patient.connection
    for (index,) in connection.execute(INDEXES).fetchall():
        held, wanted = connection.execute(
            f"SELECT (SELECT count(*) FROM {index}_docsize), (SELECT count(*) {texts_of(connection, index)})"  # noqa: S608
        ).fetchone()
        if held != wanted:
            yield Finding(
                "warning", patient.path.name, f"the full-text index {index} holds {held} texts of {wanted}",
                "searches miss something; the texts themselves are whole", MEND,
            )  # fmt: skip


def _vectors(patient: Patient) -> Iterator[Finding]:
    if patient.database.name != "memory":
        return
    orphans = patient.connection.execute(f"SELECT count(*) {ORPHAN_VECTORS}").fetchone()[0]
    if orphans:
        yield Finding(
            "warning", patient.path.name, f"{orphans} vectors of texts that are gone",
            "something of a forgotten text is still stored", "./lab doctor --mend removes them",
        )  # fmt: skip


def _chain(patient: Patient) -> Iterator[Finding]:
    if patient.database.name != "memory":
        return
    for fault in verify_database(patient.connection):
        yield Finding(
            "error", patient.path.name, f"decision record {fault.seq}: {fault.what}",
            "the chain of records does not prove what it should",
            "compare with a backup; the records before this one still hold",
        )  # fmt: skip


CHECKS = (
    _foreign_keys, _schema, _permissions, _wal, _open_cycles, _loops, _sums, _full_text, _vectors,
)  # fmt: skip
THOROUGH = (_chain,)


def _tables(connection: sqlite3.Connection) -> list[str]:
    return sorted(row["name"] for row in connection.execute(OWN_TABLES))


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
