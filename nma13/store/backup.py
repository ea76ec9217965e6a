"""Backup and restore: consistent copies of all databases while the lab goes on writing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nma13 import __version__
from nma13.config import data_dir
from nma13.store.catalog import DATABASES
from nma13.store.connect import database_path, open_ro
from nma13.store.errors import AlreadyRunningError, BrokenDatabaseError, StoreError, explain
from nma13.store.lock import read_holder
from nma13.store.migrate import refuse_strange, version_of

MANIFEST = "backup.json"
PLAIN_FILES = ("settings.json", "overlay.toml")


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
            if database_path(name, source).is_file():
                tell(f"copying {DATABASES[name].file} …")
                copied[name] = _copy_database(name, source, partial)
        files = tuple(name for name in PLAIN_FILES if (source / name).is_file())
        for name in files:
            shutil.copy2(source / name, partial / name)
        if not copied and not files:
            raise StoreError(f"There is nothing in {source} to back up yet.")
        manifest = {
            "lab": __version__,
            "made_ms": time.time_ns() // 1_000_000,
            "databases": copied,
            "files": files,
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        partial.rename(final)  # a folder under its final name is a whole backup
    except OSError as error:
        raise explain(error, target) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(file.stat().st_size for file in final.iterdir())
    return Backup(final, copied, files, size)


def restore(backup_folder: Path, folder: Path | None = None) -> list[str]:
    """Put a backup back. What is there now is moved aside, never overwritten."""
    target = folder or data_dir()
    manifest = _read_manifest(backup_folder)
    _refuse_while_running(target)
    names = [DATABASES[name].file for name in manifest["databases"] if name in DATABASES]
    for name in manifest["databases"]:
        _check(backup_folder / DATABASES[name].file, name)
    aside = _free_name(target, time.strftime("before-restore-%Y%m%d-%H%M%S", time.gmtime()))
    aside.mkdir(parents=True, mode=0o700)
    for name in [*names, *manifest["files"]]:
        for suffix in ("", "-wal", "-shm"):
            present = target / f"{name}{suffix}"
            if present.exists():
                present.rename(aside / present.name)
        shutil.copyfile(backup_folder / name, target / name)
        (target / name).chmod(0o600)
    if not any(aside.iterdir()):
        aside.rmdir()
    return [*names, *manifest["files"]]


def _copy_database(name: str, source: Path, target: Path) -> int:
    destination = target / DATABASES[name].file
    os.close(os.open(destination, os.O_CREAT | os.O_EXCL, 0o600))
    reader = open_ro(name, source)
    try:
        writer = sqlite3.connect(destination)
        try:
            reader.backup(writer, pages=2000)
            writer.execute("PRAGMA journal_mode = DELETE")  # one file that can be copied anywhere
        finally:
            writer.close()
    finally:
        reader.close()
    return _check(destination, name)


def _check(path: Path, name: str) -> int:
    """A copy that cannot be read whole is no backup."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
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


def _read_manifest(folder: Path) -> dict[str, list[str]]:
    try:
        manifest: dict[str, list[str]] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise StoreError(
            f"{folder} is not a backup of the lab ({error}). Name the folder that ./lab backup printed."
        ) from None
    return manifest


def _refuse_while_running(folder: Path) -> None:
    for lock in sorted(folder.glob("*.lock")):
        if (holder := read_holder(lock)) is not None:
            raise AlreadyRunningError(
                f"{lock.stem} is running (process {holder.get('pid', 'unknown')}) and would write into what is put "
                "back. Nothing was changed. Stop it, then restore."
            )


def _free_name(folder: Path, name: str) -> Path:
    """A name nobody has used, even twice within one second."""
    candidate, number = folder / name, 1
    while candidate.exists():
        number += 1
        candidate = folder / f"{name}-{number}"
    return candidate
