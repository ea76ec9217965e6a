"""The vectors of remembered texts: kept in the store, searched by their signs, compared exactly.

A vector's signs fit in 48 bytes, so 100,000 of them are scanned in a few milliseconds and 5 MB; the nearest few
hundred are then compared by their exact vectors, read from the store. So what was forgotten cannot be found:
its vector is gone, whatever a running process still remembers of its signs.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nma13 import encoder
from nma13.clock import now_ms
from nma13.store import path_of, transaction
from nma13.store.settings import read_setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Owner = Literal["episode", "chunk"]
NEAREST = 512  # compared exactly; of the true nearest ten among 100,000, nine are among them (benchmarks.memory)
WHOLE = 4 * encoder.DIMENSIONS  # bytes; a vector of another length is damaged and not compared
GENERATION = "recall.generation"
TEXTS = {
    "episode": "SELECT id, input AS text FROM episodic_memory WHERE input IS NOT NULL",
    "chunk": "SELECT id, text FROM document_chunks",
}


@dataclass(slots=True)
class Signs:
    """The signs of all vectors of one kind, in the memory of this process."""

    generation: int
    ids: NDArray[np.int64]
    codes: NDArray[np.uint64]


def signs_of(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """One bit a number: whether it is positive."""
    import numpy as np

    return np.packbits(vectors > 0, axis=1).view(np.uint64)


def store_vector(connection: sqlite3.Connection, owner: Owner, owner_id: int, vector: NDArray[np.float32]) -> None:
    """Write the vector of one text; belongs into the transaction that writes the text, or after it."""
    with transaction(connection):
        connection.execute(
            "INSERT OR REPLACE INTO embeddings (owner, owner_id, encoder, vector) VALUES (?, ?, ?, ?)",
            (owner, owner_id, encoder.fingerprint(), vector.astype("<f4").tobytes()),
        )


def embed_missing(connection: sqlite3.Connection, owner: Owner = "episode", limit: int = 64) -> int:
    """Give vectors to texts that were stored while the encoder was not there; returns how many."""
    rows = connection.execute(
        f"{TEXTS[owner]} {'AND' if owner == 'episode' else 'WHERE'} id NOT IN"  # noqa: S608
        " (SELECT owner_id FROM embeddings WHERE owner = ? AND encoder = ?) ORDER BY id DESC LIMIT ?",
        (owner, encoder.fingerprint(), limit),
    ).fetchall()
    if not rows:
        return 0
    vectors = encoder.encode([row["text"] for row in rows])
    with transaction(connection):
        for row, vector in zip(rows, vectors, strict=True):
            store_vector(connection, owner, row["id"], vector)
        next_generation(connection)
    return len(rows)


def next_generation(connection: sqlite3.Connection) -> None:
    """Tell every process that what it remembers of the signs is out of date."""
    connection.execute(
        "INSERT INTO settings (key, value, updated_ms) VALUES (?, '1', ?) ON CONFLICT (key) DO UPDATE"
        " SET value = CAST(value AS INTEGER) + 1, updated_ms = excluded.updated_ms",
        (GENERATION, now_ms()),
    )


def nearest(
    connection: sqlite3.Connection, owner: Owner, query: NDArray[np.float32], limit: int = NEAREST
) -> dict[int, float]:
    """The texts nearest in meaning, id → cosine. Exact cosines; which texts are compared, the signs decide."""
    import numpy as np

    signs = _signs(connection, owner)
    if not len(signs.ids):
        return {}
    distance = np.bitwise_count(signs.codes ^ signs_of(query[None, :])).sum(axis=1, dtype=np.uint16)
    if len(distance) > limit:
        chosen = signs.ids[np.argpartition(distance, limit)[:limit]]
    else:
        chosen = signs.ids
    return cosines(connection, owner, query, [int(id_) for id_ in chosen])


def cosines(
    connection: sqlite3.Connection, owner: Owner, query: NDArray[np.float32], ids: Sequence[int]
) -> dict[int, float]:
    """The exact cosine of each of these texts that has a vector."""
    import numpy as np

    if not ids:
        return {}
    rows = connection.execute(
        f"SELECT owner_id, vector FROM embeddings WHERE owner = ? AND encoder = ?"  # noqa: S608
        f" AND length(vector) = ? AND owner_id IN ({', '.join('?' * len(ids))})",
        (owner, encoder.fingerprint(), WHOLE, *ids),
    ).fetchall()
    if not rows:
        return {}
    matrix = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), -1)
    return {row[0]: float(value) for row, value in zip(rows, matrix @ query, strict=True)}


_known: dict[tuple[Path, str, str], Signs] = {}
_loading = threading.Lock()


def _signs(connection: sqlite3.Connection, owner: Owner) -> Signs:
    """The signs of all vectors, brought up to date: new ids are added, a new generation is read anew."""
    generation = int(read_setting(connection, GENERATION) or 0)
    key = (path_of(connection), owner, encoder.fingerprint())
    with _loading:
        known = _known.get(key)
        if known is None or known.generation != generation:
            ids, codes = _read(connection, owner, 0)
            known = _known[key] = Signs(generation, ids, codes)
        last = connection.execute("SELECT max(owner_id) FROM embeddings WHERE owner = ?", (owner,)).fetchone()[0]
        if last and (not len(known.ids) or last > known.ids[-1]):
            import numpy as np

            ids, codes = _read(connection, owner, int(known.ids[-1]) if len(known.ids) else 0)
            known = Signs(generation, np.concatenate([known.ids, ids]), np.concatenate([known.codes, codes]))
            _known[key] = known
        return known


def _read(connection: sqlite3.Connection, owner: Owner, after: int) -> tuple[Any, Any]:
    import numpy as np

    ids: list[int] = []
    codes: list[Any] = [np.empty((0, encoder.DIMENSIONS // 64), dtype=np.uint64)]
    cursor = connection.execute(
        "SELECT owner_id, vector FROM embeddings WHERE owner = ? AND owner_id > ? AND encoder = ?"
        " AND length(vector) = ? ORDER BY owner_id",
        (owner, after, encoder.fingerprint(), WHOLE),
    )
    while rows := cursor.fetchmany(4096):
        ids += [row[0] for row in rows]
        matrix = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), -1)
        codes.append(signs_of(matrix))
    return np.asarray(ids, dtype=np.int64), np.concatenate(codes)
