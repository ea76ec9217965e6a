"""The store: four SQLite files, two ways in, writes in units that a kill cannot halve."""

from nma13.store.catalog import DATABASES, LOOPS, ROUNDS, STATIONS, Database, LoopTables
from nma13.store.connect import database_path, newest_id, open_ro, open_rw, path_of, storable, transaction
from nma13.store.errors import StoreError
from nma13.store.lock import InstanceLock

__all__ = [
    "DATABASES",
    "LOOPS",
    "ROUNDS",
    "STATIONS",
    "Database",
    "InstanceLock",
    "LoopTables",
    "StoreError",
    "database_path",
    "newest_id",
    "open_ro",
    "open_rw",
    "path_of",
    "storable",
    "transaction",
]
