"""One look at a loop's database: read-only, one consistent moment, and trouble told in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nma13.store import LoopTables, StoreError, database_path, open_ro
from nma13.store.errors import (
    BusyDatabaseError,
    MissingDatabaseError,
    NewerDatabaseError,
    OlderDatabaseError,
    explain,
)

PATIENCE_MS = 500  # a page is asked again a second later; better to say «busy» than to stand still
Kind = Literal["missing", "empty", "busy", "older", "newer", "broken"]
KINDS: tuple[tuple[type[StoreError], Kind], ...] = (
    (MissingDatabaseError, "missing"),
    (BusyDatabaseError, "busy"),
    (OlderDatabaseError, "older"),
    (NewerDatabaseError, "newer"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Which loop, and the folder its database lies in."""

    loop: LoopTables
    folder: Path

    @property
    def path(self) -> Path:
        return database_path(self.loop.database, self.folder)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is nothing to show, in words for a person."""

    kind: Kind
    words: str


@contextmanager
def look(place: Place) -> Iterator[sqlite3.Connection]:
    """A connection for the length of one look; everything asked within it is of the same moment."""
    connection = open_ro(place.loop.database, place.folder, patience_ms=PATIENCE_MS)
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise explain(error, place.path) from error
    finally:
        connection.close()


def trouble_of(error: StoreError) -> Trouble:
    """The error as something a page shows."""
    kind = next((kind for type_, kind in KINDS if isinstance(error, type_)), "broken")
    return Trouble(kind, str(error))


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """What a table has; a store that an earlier lab wrote may have less than the newest schema."""
    return frozenset(row["name"] for row in connection.execute(f'PRAGMA table_info("{table}")'))
