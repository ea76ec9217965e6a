"""Passages like a text: full-text search brings them by their rarest words, the encoder by meaning; one ranking."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from nma13 import encoder
from nma13.documents.extract import NEVER, Stop
from nma13.memory import embed_missing
from nma13.memory.ranking import BUDGET, CANDIDATES, LONGEST, MEANING_THRESHOLD, MEANING_WEIGHT, THRESHOLD, Means
from nma13.memory.vectors import cosines, nearest
from nma13.memory.words import Vocabulary, cosine, counted, vocabulary
from nma13.store import open_ro, open_rw
from nma13.store.errors import MissingDatabaseError

INDEX = "document_chunks_text"
COVERED = 0.5  # of the weight of the query's words: enough for somebody who searches with a word or two
_ROWS = (
    'SELECT c.id, c.document, d.name, d.kind, c.page, c.heading, c.start, c."end", c.text FROM document_chunks c'
    " JOIN documents d ON d.id = c.document WHERE c.id IN "
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage, where it stands, and how like the query it is."""

    id: int
    document: int
    name: str
    kind: str
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str
    score: float = 0.0
    lexical: float = 0.0
    """TF-IDF cosine."""
    covered: float = 0.0
    """Which share of the query's words stands in it, weighed by how rare they are."""
    meaning: float | None = None
    """None: not compared."""


def search(query: str, folder: Path | None = None, limit: int = 8, means: Means | None = None) -> list[Hit]:
    """The stored passages most like `query`, best first; none where nothing is stored."""
    try:
        with closing(open_ro("memory", folder)) as connection:
            return ranked(connection, query, limit, means)
    except MissingDatabaseError:
        return []


def ranked(connection: sqlite3.Connection, query: str, limit: int, means: Means | None = None) -> list[Hit]:
    query = query[:LONGEST]
    words = counted(query)
    known = vocabulary(connection, INDEX)
    if not known.texts or not query.strip():
        return []
    chosen = set(_matching(connection, words, known))
    meanings: dict[int, float] = {}
    if means != "lexical" and encoder.available():
        vector = encoder.encode([query])[0]
        meanings = nearest(connection, "chunk", vector)
        chosen |= {id_ for id_, value in meanings.items() if value >= MEANING_THRESHOLD}
        meanings |= cosines(connection, "chunk", vector, [id_ for id_ in chosen if id_ not in meanings])
    wanted = known.vector(words)
    hits = (_scored(hit, wanted, words, known, meanings.get(hit.id)) for hit in _rows(connection, chosen))
    kept = [
        hit
        for hit in hits
        if hit.lexical >= THRESHOLD or hit.covered >= COVERED or (hit.meaning or 0.0) >= MEANING_THRESHOLD
    ]
    return sorted(kept, key=lambda hit: (-hit.score, hit.id))[:limit]


def _matching(connection: sqlite3.Connection, words: Counter[str], known: Vocabulary) -> list[int]:
    """Passages that hold the query's rarest words; common ones are left out when there would be too many."""
    asked: list[str] = []
    expected = 0
    for word in known.rarest_first(words):
        expected += known.holding[word]
        if asked and expected > BUDGET:
            break
        asked.append(word)
    if not asked:
        return []
    rows = connection.execute(
        "SELECT rowid FROM document_chunks_text WHERE document_chunks_text MATCH ? ORDER BY rank LIMIT ?",
        (" OR ".join(f'"{word}"' for word in asked), CANDIDATES),
    )
    return [row[0] for row in rows]


def _rows(connection: sqlite3.Connection, ids: set[int]) -> list[Hit]:
    rows = connection.execute(f"{_ROWS} ({', '.join('?' * len(ids))})", sorted(ids))
    return [Hit(*row) for row in rows]


def _scored(hit: Hit, wanted: dict[str, float], words: Counter[str], known: Vocabulary, meaning: float | None) -> Hit:
    there = counted(hit.text)
    lexical = cosine(wanted, known.vector(there))
    whole = sum(known.weight(word) for word in words)
    covered = sum(known.weight(word) for word in words if word in there) / whole if whole else 0.0
    by_words = (lexical + covered) / 2
    score = by_words if meaning is None else MEANING_WEIGHT * meaning + (1 - MEANING_WEIGHT) * by_words
    return replace(hit, score=score, lexical=lexical, covered=covered, meaning=meaning)


def learn_meanings(folder: Path | None = None, stop: Stop = NEVER, most: int = 2_000) -> int:
    """Give vectors to passages that have none, a few dozen a transaction; returns how many were given."""
    done = 0
    if encoder.available():
        with closing(open_rw("memory", folder)) as connection:
            while done < most and not stop.is_set() and (now := embed_missing(connection, "chunk")):
                done += now
    return done
