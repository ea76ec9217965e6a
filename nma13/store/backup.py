"""Backup and restore: consistent copies of all databases while the lab goes on writing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nma13 import __version__
from nma13.clock import now_ms
from nma13.config import data_dir
from nma13.store.catalog import DATABASES, LOOPS
from nma13.store.connect import open_ro
from nma13.store.errors import AlreadyRunningError, BrokenDatabaseError, MissingDatabaseError, StoreError, explain
from nma13.store.lock import read_holder
from nma13.store.migrate import refuse_strange, version_of

MANIFEST = "backup.json"
PLAIN_FILES = ("crisis_locale.txt", "overlay.toml")


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished, verified backup."""

    folder: Path
    databases: dict[str, int]  # name → schema version
    files: tuple[str, ...]
    bytes: int


def backup(target: Path, folder: Path | None = None, tell: Callable[[str], None] = lambda _: None) -> Backup:
    """Copy everything the user made into a new folder below `target`; each copy is checked before it counts."""
    source = folder or data_dir()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    final = _free_name(target, f"nma-backup-{stamp}")
    partial = final.with_name(final.name + ".partial")
    try:
        partial.mkdir(parents=True, mode=0o700)
        copied: dict[str, int] = {}
        for name in DATABASES:
            with suppress(MissingDatabaseError):
                copied[name] = _copy_database(name, source, partial, tell)
        files = tuple(name for name in PLAIN_FILES if (source / name).is_file())
        for name in files:
            shutil.copy2(source / name, partial / name)
        if not copied and not files:
            raise StoreError(f"There is nothing in {source} to back up yet.")
        manifest = {
            "lab": __version__,
            "made_ms": now_ms(),
            "databases": copied,
            "files": files,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        partial.rename(final)  # a folder under its final name is a whole backup
    except (sqlite3.Error, OSError) as error:
        raise explain(error, target) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(file.stat().st_size for file in final.iterdir())
    return Backup(final, copied, files, size)


def restore(backup_folder: Path, folder: Path | None = None) -> list[str]:
    """Put a backup back. What is there now is moved aside, never overwritten.

    The copies are laid out beside the present files first, so that a full disk or a kill leaves either what
    was there or what is put back, and the last step is a handful of renames.
    """
    target = folder or data_dir()
    names = _contents(backup_folder)
    _refuse_while_running(target)
    staged = _free_name(target, ".restoring")
    try:
        staged.mkdir(parents=True, mode=0o700)
        for name in names:
            shutil.copyfile(backup_folder / name, staged / name)
            (staged / name).chmod(0o600)
        for database in DATABASES.values():
            if database.file in names:
                _check(staged / database.file, database.name)
                _refuse_while_open(target / database.file)
        aside = _free_name(target, time.strftime("before-restore-%Y%m%d-%H%M%S", time.gmtime()))
        aside.mkdir(mode=0o700)
        for name in names:
            for suffix in ("", "-wal", "-shm"):
                present = target / f"{name}{suffix}"
                if present.exists():
                    present.rename(aside / present.name)
            (staged / name).rename(target / name)
        if not any(aside.iterdir()):
            aside.rmdir()
    except OSError as error:
        raise explain(error, target) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return names


def _copy_database(name: str, source: Path, target: Path, tell: Callable[[str], None]) -> int:
    reader = open_ro(name, source)
    destination = target / DATABASES[name].file
    tell(f"copying {destination.name} …")
    os.close(os.open(destination, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        writer = sqlite3.connect(destination)
        try:
            reader.backup(writer)  # in one go: in WAL mode nobody waits, and in steps a busy file would start over
            writer.execute("PRAGMA journal_mode = DELETE")  # one file that can be copied anywhere
        finally:
            writer.close()
    finally:
        reader.close()
    return _check(destination, name)


def _check(path: Path, name: str) -> int:
    """A copy that cannot be read whole is no backup."""
    try:
        # For writing, though nothing is written: in a file opened for reading SQLite skips the tables' own rules.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        try:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            refuse_strange(connection, DATABASES[name], path)
            version = version_of(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    if verdict != "ok":
        raise BrokenDatabaseError(f"{path} is damaged ({verdict}). Nothing was put back or kept from it.")
    return version


def _contents(folder: Path) -> list[str]:
    """The names a backup's manifest lists, if they are ones we know: a manifest is a file anybody may have edited."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        listed = [*(f"{name}.db" for name in manifest["databases"]), *manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "its list of contents cannot be read"
        raise StoreError(
            f"{folder} is not a backup of the lab ({why}). Nothing was changed. "
            "Name the folder that ./lab backup printed."
        ) from None
    ours = {*(database.file for database in DATABASES.values()), *PLAIN_FILES}
    if strange := [str(name) for name in listed if name not in ours]:
        raise StoreError(
            f"The backup in {folder} holds what this lab does not know: {', '.join(strange)}. Nothing was changed. "
            "Update the lab, then restore."
        )
    if missing := [name for name in listed if not (folder / name).is_file()]:
        raise StoreError(f"The backup in {folder} is incomplete: {', '.join(missing)} is gone. Nothing was changed.")
    return listed


def _refuse_while_running(folder: Path) -> None:
    for source in LOOPS:
        if (holder := read_holder(folder / f"{source}.lock")) is not None:
            raise AlreadyRunningError(
                f"{source} is running (process {holder.get('pid', 'unknown')}) and would write into what is put "
                "back. Nothing was changed. Stop it, then restore."
            )


def _refuse_while_open(path: Path) -> None:
    """Whoever has the present file open would go on writing into what was moved aside.

    Leaving WAL mode needs the file to itself, so trying it tells. The file that is moved aside is then whole
    in one piece; where it is too damaged to be asked, it is moved as it is.
    """
    if not path.is_file():
        return
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=1)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise AlreadyRunningError(
                f"Something has {path.name} open (the pages, or a loop) and would go on writing into what is moved "
                "aside. Nothing was changed. Stop ./lab and the loops, then restore."
            ) from None
    finally:
        connection.close()


def _free_name(folder: Path, name: str) -> Path:
    """A name nobody has used, even twice within one second."""
    candidate, number = folder / name, 1
    while candidate.exists():
        number += 1
        candidate = folder / f"{name}-{number}"
    return candidate
