"""Taking things out: an export anybody can read, and an archive from which old episodes can be put back."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nma13 import __version__, clock
from nma13.config import data_dir
from nma13.errors import LabError
from nma13.forgetting import moment_before
from nma13.learning import refresh
from nma13.memory.vectors import next_generation
from nma13.memory.words import forget_vocabulary
from nma13.store import DATABASES, database_path, open_ro, open_rw, transaction
from nma13.store.catalog import OWN_TABLES
from nma13.store.mend import scrub

LEFT_OUT = ("migrations", "rollup_", "embeddings")  # made again from the rest, or of no use elsewhere
README = """What the NMA Lab holds of yours, as of {when}.

One file a table, one JSON object a line; docs/store.md of the lab explains every column. Times are UTC
milliseconds. «state» is the whole trace of a run. Vectors, search indexes and sums are left out: they are made
again from what is here.
"""
ARCHIVED = "nma-archive/1"


class TakeoutError(LabError):
    """A file that could not be written or read."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """A finished file: where it is, what is in it, how large it is."""

    path: Path
    rows: dict[str, int]
    bytes: int


def export(target: Path | None = None, folder: Path | None = None, *, everything: bool = False) -> Taken:
    """Write all that was made into one ZIP of JSON lines; `everything` adds the loops' own databases."""
    place = folder or data_dir()
    final = target or place / "export" / f"nma-export-{_stamp()}.zip"
    names = list(DATABASES) if everything else ["memory"]
    present = [name for name in names if database_path(name, folder).is_file()]
    if not present:
        raise TakeoutError(f"There is nothing in {place} to export yet.")
    rows: dict[str, int] = {}
    partial = _private(final)
    try:
        with partial.open("wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README.format(when=time.strftime("%Y-%m-%d %H:%M", time.localtime())))
            for name in present:
                with closing(open_ro(name, folder)) as connection:
                    connection.execute("BEGIN")  # one moment for all tables
                    for table in _tables(connection):
                        rows[f"{name}/{table}"] = _write_table(archive, connection, name, table)
        partial.replace(final)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TakeoutError(f"{final} could not be written ({error.strerror}). Nothing was exported.") from None
    return Taken(final, rows, final.stat().st_size)


def archive(older_than_days: float, folder: Path | None = None, now_ms: int | None = None) -> Taken | None:
    """Move old episodes into a file: written, read back and compared before a row is removed. None: none are old."""
    now = clock.now_ms() if now_ms is None else now_ms
    before = moment_before(older_than_days, now)
    final = (folder or data_dir()) / "archive" / f"episodes-{_stamp()}.jsonl.gz"
    with closing(open_rw("memory", folder)) as connection:
        with transaction(connection):
            lines = [dict(row) for row in _old(connection, before)]
            if not lines:
                return None
            ids = [(line["id"],) for line in lines]
            for line in lines:
                said = connection.execute("SELECT * FROM feedback WHERE episode = ?", (line["id"],))
                line["feedback"] = [dict(row) for row in said]
            _write_archive(final, lines)
            if list(_read_archive(final)) != lines:
                raise TakeoutError(f"{final} does not read back as it was written. Nothing was removed.")
            connection.executemany("DELETE FROM episodic_memory WHERE id = ?", ids)
            refresh(connection)
            next_generation(connection)
        scrub(connection)
        connection.execute("VACUUM")
    forget_vocabulary()
    return Taken(final, {"episodes": len(lines)}, final.stat().st_size)


def put_back(file: Path, folder: Path | None = None) -> int:
    """Bring archived episodes back under their old numbers; those that are there stay as they are."""
    count = 0
    with closing(open_rw("memory", folder)) as connection, transaction(connection):
        for line in _read_archive(file):
            said = line.pop("feedback")
            count += _insert(connection, "episodic_memory", line)
            for row in said:
                _insert(connection, "feedback", row)
        next_generation(connection)
    forget_vocabulary()
    return count


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [row["name"] for row in connection.execute(OWN_TABLES) if not row["name"].startswith(LEFT_OUT)]


def _write_table(archive: zipfile.ZipFile, connection: sqlite3.Connection, name: str, table: str) -> int:
    count = 0
    with archive.open(f"{name}/{table}.jsonl", "w") as raw, io.TextIOWrapper(raw, "utf-8") as file:
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608  a name from the schema
            file.write(json.dumps(_unpacked(dict(row)), ensure_ascii=False) + "\n")
            count += 1
    return count


def _unpacked(row: dict[str, Any]) -> dict[str, Any]:
    """JSON inside a column as JSON, not as a string of it."""
    for key, value in row.items():
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                row[key] = json.loads(value)
            except (ValueError, RecursionError):
                continue  # words that begin with a bracket
    return row


def _old(connection: sqlite3.Connection, before: int) -> Iterator[sqlite3.Row]:
    yield from connection.execute("SELECT * FROM episodic_memory WHERE created_ms < ? ORDER BY id", (before,))


def _write_archive(final: Path, lines: list[dict[str, Any]]) -> None:
    partial = _private(final)
    try:
        with partial.open("wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8") as file:
                file.write(json.dumps({"format": ARCHIVED, "lab": __version__, "episodes": len(lines)}) + "\n")
                file.writelines(json.dumps(line) + "\n" for line in lines)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(final)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TakeoutError(f"{final} could not be written ({error.strerror}). Nothing was removed.") from None


def _read_archive(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            head = json.loads(next(lines))
            if head.get("format") != ARCHIVED:
                raise TakeoutError(f"{file} is no archive of the lab's. Nothing was changed.")
            for line in lines:
                episode = json.loads(line)
                episode["feedback"]  # asked for here, where what is missing can be told
                yield episode
    except (OSError, EOFError, StopIteration, ValueError, AttributeError, LookupError, TypeError) as error:
        raise TakeoutError(f"{file} cannot be read as an archive ({error}). Nothing was changed.") from None


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
    known = {column["name"] for column in connection.execute(f"PRAGMA table_info({table})")}
    kept = {name: value for name, value in row.items() if name in known}
    marks = ", ".join("?" * len(kept))
    return connection.execute(
        f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
        list(kept.values()),
    ).rowcount


def _private(final: Path) -> Path:
    """A file beside the final one, made so that nobody else can read it while it grows."""
    try:
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = final.with_name(final.name + ".partial")
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise TakeoutError(f"{final} cannot be written ({error.strerror}). Nothing was changed.") from None
    return partial


def _stamp() -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.localtime())
