"""The doctor: looks at every database, the disk and what is running, and says what to do. Never raises."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nma13 import __version__, clock
from nma13.clock import DAY_MS
from nma13.config import data_dir
from nma13.store.catalog import DATABASES
from nma13.store.checkup import DatabaseReport, Finding, examine
from nma13.store.lock import read_holder

LOW_DISK_BYTES = 1_000_000_000


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


def diagnose(folder: Path | None = None, *, thorough: bool = False, now_ms: int | None = None) -> Report:
    """Look at everything under the data folder. `thorough` reads every page and every decision record."""
    place = folder or data_dir()
    now = clock.now_ms() if now_ms is None else now_ms
    databases: list[DatabaseReport] = []
    findings: list[Finding] = []
    for database in DATABASES.values():
        report, found = examine(database, place, now, thorough=thorough)
        databases.append(report)
        findings += found
    free = shutil.disk_usage(existing(place)).free
    growth = _bytes_per_day(databases, now)
    if not os.access(existing(place), os.W_OK):
        findings.append(
            Finding("error", str(place), "this folder cannot be written", "nothing new can be saved in it",
                    "give it to your user, or name another with NMA_DATA")
        )  # fmt: skip
    if free < LOW_DISK_BYTES:
        findings.append(
            Finding("warning", str(place), f"only {free // 1_000_000} MB are free on this disk",
                    "loops will wait, and pages cannot save, once it is full",
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
        schema = "unknown" if database.schema is None else f"{database.schema} of {database.schema_known}"
        rows = f"{sum(database.rows.values())} rows" if database.rows else "rows not counted"
        size = size_in_words(database.bytes)
        lines.append(f"  {database.name:<22} {size:>9}   schema {schema}   {database.integrity}   {rows}")
    left = report.days_until_full
    forecast = "" if left is None else f", full in about {left} days at the present rate"
    lines += ["", f"  disk: {size_in_words(report.disk_free_bytes)} free{forecast}"]
    lines.append(f"  running: {', '.join(f'{n} (process {p})' for n, p in report.running.items()) or 'nothing'}")
    for finding in report.findings:
        lines += ["", f"  {finding.severity}: {finding.where}: {finding.what}"]
        lines += [f"      it means: {finding.means}", f"      → {finding.do}"]
    lines += ["", "  Everything is in order." if report.healthy else "  Something needs you."]
    return "\n".join(lines)


def _bytes_per_day(databases: list[DatabaseReport], now_ms: int) -> int | None:
    """How fast the databases have grown since the first was made; None before a day has passed."""
    made = [database.made_ms for database in databases if database.made_ms is not None]
    days = (now_ms - min(made)) / DAY_MS if made else 0
    return int(sum(database.bytes for database in databases) / days) if days >= 1 else None


def existing(path: Path) -> Path:
    """The nearest folder above that exists; its disk is the one that would be written to."""
    while not path.exists():
        path = path.parent
    return path


def size_in_words(count: int) -> str:
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
