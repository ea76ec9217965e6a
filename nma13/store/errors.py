"""What can go wrong with a database, told so that a person can act; nothing of theirs is touched."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from nma13.errors import LabError


class StoreError(LabError):
    """A database could not be used."""


class MissingDatabaseError(StoreError):
    """There is no such file yet; readers never create one."""


class NewerDatabaseError(StoreError):
    """The file was written by a newer version of the lab."""


class ForeignDatabaseError(StoreError):
    """The file is a database of somebody else's."""


class OlderDatabaseError(StoreError):
    """The file lacks what this version of the lab asks for."""


class BrokenDatabaseError(StoreError):
    """The file is damaged or is no database."""


class AlteredMigrationError(StoreError):
    """A migration that was applied here has been edited since."""


class BusyDatabaseError(StoreError):
    """Another process held the write lock for longer than we wait."""


class DiskFullError(StoreError):
    """No room for the next write."""


class ReadOnlyFolderError(StoreError):
    """The data folder cannot be written."""


class AlreadyRunningError(StoreError):
    """Another process holds the lock of this name."""


ROOM_BYTES = 100_000


def _no_room(path: Path) -> bool:
    """A disk without room for the index of a WAL is told by SQLite as «disk I/O error», not as full."""
    try:
        return shutil.disk_usage(path if path.is_dir() else path.parent).free < ROOM_BYTES
    except OSError:
        return False


def explain(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Turn what SQLite or the system said into a sentence: what, what it means, what to do."""
    said = str(error).lower()
    if "locked" in said or "busy" in said:
        return BusyDatabaseError(
            f"{path.name} is being written by another process and stayed busy ({error}). "
            "Nothing was changed. Try again in a moment; ./lab doctor shows who is running."
        )
    if "full" in said or "no space" in said or ("disk i/o" in said and _no_room(path)):
        return DiskFullError(
            f"There is no room to write {path.name} ({error}). What was saved before is safe; "
            "the last step was not saved. Make room on the disk, then go on."
        )
    if "malformed" in said or "not a database" in said or "corrupt" in said:
        return BrokenDatabaseError(
            f"{path} is damaged or is not a database ({error}). It was left as it is. "
            "Keep a copy, then put a backup back with ./lab restore, or move the file away to start anew."
        )
    if "readonly" in said or "read-only" in said or "unable to open" in said or isinstance(error, PermissionError):
        return ReadOnlyFolderError(
            f"{path} cannot be opened for writing ({error}). Nothing was changed. "
            "Give the folder back to your user, or name another with NMA_DATA or --data."
        )
    if "no such table" in said or "no such column" in said:
        return OlderDatabaseError(
            f"{path.name} lacks something that this version of the lab asks for ({error}). Nothing was changed. "
            "It is brought up to date the next time its writer starts; ./lab doctor shows its schema."
        )
    if "disk i/o" in said:
        return StoreError(
            f"The disk refused to read or write {path.name} ({error}). What was saved before is safe; the last step "
            "was not saved. Look for a full or failing disk or a quota, then go on."
        )
    return StoreError(f"{path.name}: {error}. Nothing was changed; ./lab doctor looks for the cause.")
