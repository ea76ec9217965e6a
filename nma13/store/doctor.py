"""The doctor: looks at every database, the disk and what is running, and says what to do. Never raises."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from nma13 import __version__
from nma13.config import data_dir
from nma13.store.catalog import DATABASES, Database
from nma13.store.connect import database_path, open_ro
from nma13.store.errors import MissingDatabaseError, StoreError, explain
from nma13.store.lock import read_holder
from nma13.store.migrate import latest_version, version_of

Severity = Literal["note", "warning", "error"]
LOW_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor saw, what it means and what to do."""

    severity: Severity
    where: str
    what: str
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
    rows: dict[str, int] = field(default_factory=dict)
    heartbeats: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole visit."""

    lab: str
    data: str
    healthy: bool
    disk_free_bytes: int
    bytes_per_day: int | None
    days_until_full: int | None
    databases: list[DatabaseReport]
    running: dict[str, int | None]
    findings: list[Finding]

    def to_dict(self) -> dict[str, Any]:
        """For `./lab doctor --json`; the names are stable."""
        return asdict(self)


def diagnose(folder: Path | None = None, *, thorough: bool = False) -> Report:
    """Look at everything under the data folder. `thorough` reads every page of every database."""
    place = folder or data_dir()
    findings: list[Finding] = []
    databases = [_examine(database, place, thorough, findings) for database in DATABASES.values()]
    free = shutil.disk_usage(_existing(place)).free
    if not os.access(_existing(place), os.W_OK):
        findings.append(
            Finding(
                "error",
                str(place),
                "this folder cannot be written",
                "give it to your user, or name another with NMA_DATA",
            )
        )
    growth = _bytes_per_day(place, databases)
    if free < LOW_DISK_BYTES:
        findings.append(
            Finding("warning", str(place), f"only {free // 1_000_000} MB are free on this disk",
                    "make room, or move the data folder with NMA_DATA")
        )  # fmt: skip
    return Report(
        lab=__version__,
        data=str(place),
        healthy=not any(finding.severity == "error" for finding in findings),
        disk_free_bytes=free,
        bytes_per_day=growth,
        days_until_full=free // growth if growth else None,
        databases=databases,
        running={
            lock.stem: holder.get("pid")
            for lock in sorted(place.glob("*.lock"))
            if (holder := read_holder(lock)) is not None
        },
        findings=findings,
    )


def render(report: Report) -> str:
    """The report for a person."""
    lines = [f"NMA Lab {report.lab} · data in {report.data}", ""]
    for database in report.databases:
        if not database.present:
            lines.append(f"  {database.name:<22} not made yet")
            continue
        lines.append(
            f"  {database.name:<22} {_size(database.bytes):>9}   schema {database.schema} of {database.schema_known}"
            f"   {database.integrity}   {sum(database.rows.values())} rows"
        )
    forecast = f", full in about {report.days_until_full} days at the present rate" if report.days_until_full else ""
    lines += ["", f"  disk: {_size(report.disk_free_bytes)} free{forecast}"]
    lines.append(f"  running: {', '.join(f'{n} (process {p})' for n, p in report.running.items()) or 'nothing'}")
    for finding in report.findings:
        lines += ["", f"  {finding.severity}: {finding.where}: {finding.what}", f"      → {finding.do}"]
    lines += ["", "  Everything is in order." if report.healthy else "  Something needs you."]
    return "\n".join(lines)


def _examine(database: Database, folder: Path, thorough: bool, findings: list[Finding]) -> DatabaseReport:
    path = database_path(database.name, folder)
    known = latest_version(database.name)
    try:
        connection = open_ro(database.name, folder)
    except MissingDatabaseError:
        return DatabaseReport(database.name, str(path), present=False, schema_known=known)
    except StoreError as error:
        findings.append(Finding("error", path.name, str(error), "see above; ./lab restore puts a backup back"))
        return DatabaseReport(
            database.name,
            str(path),
            True,
            path.stat().st_size if path.is_file() else 0,
            schema_known=known,
            integrity="unreadable",
        )
    try:
        return _read(connection, database, path, known, thorough, findings)
    except sqlite3.Error as error:
        findings.append(Finding("error", path.name, str(explain(error, path)), "./lab restore puts a backup back"))
        return DatabaseReport(
            database.name, str(path), True, path.stat().st_size, schema_known=known, integrity="damaged"
        )
    finally:
        connection.close()


def _read(
    connection: sqlite3.Connection,
    database: Database,
    path: Path,
    known: int,
    thorough: bool,
    findings: list[Finding],
) -> DatabaseReport:
    check = "integrity_check" if thorough else "quick_check"
    verdict = connection.execute(f"PRAGMA {check}").fetchone()[0]
    if verdict != "ok":
        findings.append(
            Finding("error", path.name, f"the file is damaged: {verdict}", "./lab restore puts a backup back")
        )
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        findings.append(
            Finding(
                "error",
                path.name,
                "rows point to rows that are gone",
                "restore a backup; keep this file for us",
            )
        )
    schema = version_of(connection)
    if schema < known:
        findings.append(
            Finding(
                "note",
                path.name,
                f"schema {schema}, this lab knows {known}",
                "it is brought up to date at the next start",
            )
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        findings.append(Finding("warning", path.name, "other users of this machine can read it", f"chmod 600 {path}"))
    rows = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in _tables(connection)
    }
    _look_for_open_cycles(connection, database, path, findings)
    wal = path.with_name(path.name + "-wal")
    return DatabaseReport(
        database.name, str(path), True, path.stat().st_size, wal.stat().st_size if wal.exists() else 0, schema, known,
        verdict, rows, [dict(row) for row in connection.execute("SELECT * FROM heartbeat ORDER BY source")],
    )  # fmt: skip


def _look_for_open_cycles(
    connection: sqlite3.Connection, database: Database, path: Path, findings: list[Finding]
) -> None:
    """More than one open cycle per loop means that somebody else wrote here."""
    rows = connection.execute(
        f"SELECT source, count(*) AS n FROM {database.cycles} WHERE status = 'running' GROUP BY source"  # noqa: S608
    )
    for row in rows:
        if row["n"] > 1:
            findings.append(
                Finding(
                    "warning",
                    path.name,
                    f"{row['n']} unfinished cycles of {row['source']}",
                    "start that loop: it finishes the oldest first",
                )
            )


def _tables(connection: sqlite3.Connection) -> list[str]:
    """The tables of ours, without FTS5's shadow tables."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name NOT LIKE '%\\_text%' ESCAPE '\\' ORDER BY name"
    )
    return [row["name"] for row in rows]


def _bytes_per_day(folder: Path, databases: list[DatabaseReport]) -> int | None:
    """How fast the databases have grown since their first migration; None before a day has passed."""
    import time

    total, oldest = 0, None
    for database in databases:
        if not database.present or database.schema is None:
            continue
        total += database.bytes
        connection = open_ro(database.name, folder)
        try:
            made = connection.execute("SELECT min(applied_ms) FROM migrations").fetchone()[0]
        finally:
            connection.close()
        oldest = min(oldest or made, made)
    days = (time.time() * 1000 - oldest) / 86_400_000 if oldest else 0
    return int(total / days) if days >= 1 else None


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _size(count: int) -> str:
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
