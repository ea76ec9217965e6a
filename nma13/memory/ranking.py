"""Recall: earlier episodes like this text. Words find some, meaning finds others, one ranking orders both.

Full-text search brings candidates by the rarest words of the query first, the sentence encoder (where it is
installed) by meaning; without the second a paraphrase in other words is never found. TF-IDF cosine judges the
first, the two cosines together judge all.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nma13 import encoder
from nma13.errors import LabError
from nma13.memory.vectors import cosines, nearest
from nma13.memory.words import Vocabulary, cosine, counted, vocabulary
from nma13.store import path_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD = 0.15  # TF-IDF cosine
MEANING_THRESHOLD = 0.30  # cosine of the encoder; chosen on the tuning part of data/recall
MEANING_WEIGHT = 0.7  # of the two cosines; chosen there too
CANDIDATES = 100
BUDGET = 2_500  # texts that one full-text query may have to rank
LONGEST = 8_000  # characters of the query that are read

Means = Literal["fused", "lexical"]


class RecallError(LabError):
    """The index could not be searched."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier episode, and how like the query it is by words and by meaning (None: not compared)."""

    id: int
    text: str
    score: float
    lexical: float
    meaning: float | None


def recall(
    connection: sqlite3.Connection,
    query: str,
    limit: int = 5,
    means: Means | None = None,
    vector: NDArray[np.float32] | None = None,
) -> list[Hit]:
    """The earlier episodes most like `query`, best first.

    `means` None takes the encoder where it is installed. `vector` is the query's vector, if it is known already.
    """
    query = query[:LONGEST]
    words = counted(query)
    try:
        known = vocabulary(connection)
        texts = candidates(connection, words, known)
    except (sqlite3.DatabaseError, MemoryError) as error:  # a damaged length asks for more memory than there is
        raise RecallError(
            f"The search index of {path_of(connection).name} cannot be read ({error}). Your episodes are in the rows, "
            "which are untouched; ./lab doctor --mend makes the index again from them."
        ) from error
    meanings: dict[int, float] = {}
    if means != "lexical" and encoder.available():
        if vector is None:
            vector = encoder.encode([query])[0]
        meanings = nearest(connection, "episode", vector)
        near = {id_ for id_, value in meanings.items() if value >= MEANING_THRESHOLD}
        texts |= texts_of(connection, [id_ for id_ in near if id_ not in texts])
        meanings |= cosines(connection, "episode", vector, [id_ for id_ in texts if id_ not in meanings])
    wanted = known.vector(words)
    hits = [_hit(id_, text, cosine(wanted, known.vector(counted(text))), meanings) for id_, text in texts.items()]
    kept = [hit for hit in hits if hit.lexical >= THRESHOLD or (hit.meaning or 0.0) >= MEANING_THRESHOLD]
    return sorted(kept, key=lambda hit: (-hit.score, -hit.id))[:limit]


def candidates(connection: sqlite3.Connection, words: Counter[str], known: Vocabulary) -> dict[int, str]:
    """Texts that share words with the query: the rarest words first, and no more of them than can be ranked fast.

    When even the rarest word is common, pairs of rare words narrow it.
    """
    rarest = known.rarest_first(words)
    if not rarest:
        return {}
    asked: list[str] = []
    expected = 0
    for word in rarest:
        expected += known.holding[word]
        if asked and expected > BUDGET:
            break
        asked.append(word)
    found: dict[int, str] = {}
    if known.holding[asked[0]] <= BUDGET:
        found = _match(connection, " OR ".join(f'"{word}"' for word in asked))
    if len(found) < CANDIDATES // 2:
        leaders = [word for word in rarest if word not in asked or known.holding[word] > BUDGET][:4]
        pairs = [f'("{a}" AND "{b}")' for i, a in enumerate(leaders) for b in leaders[i + 1 :]]
        for pair in pairs:
            found |= _match(connection, pair, CANDIDATES - len(found))
            if len(found) >= CANDIDATES:
                break
    if not found:
        found = _match(connection, f'"{rarest[0]}"')
    return found


def texts_of(connection: sqlite3.Connection, ids: list[int]) -> dict[int, str]:
    rows = connection.execute(
        f"SELECT id, input FROM episodic_memory WHERE input IS NOT NULL AND id IN ({', '.join('?' * len(ids))})",  # noqa: S608
        ids,
    )
    return {row[0]: row[1] for row in rows}


def _match(connection: sqlite3.Connection, expression: str, limit: int = CANDIDATES) -> dict[int, str]:
    rows = connection.execute(
        "SELECT m.id, m.input FROM (SELECT rowid FROM episodic_memory_text WHERE episodic_memory_text MATCH ?"
        " ORDER BY rank LIMIT ?) f JOIN episodic_memory m ON m.id = f.rowid",
        (expression, max(limit, 1)),
    )
    return {row[0]: row[1] for row in rows}


def _hit(id_: int, text: str, lexical: float, meanings: dict[int, float]) -> Hit:
    meaning = meanings.get(id_)
    if meaning is None:
        return Hit(id_, text, lexical, lexical, None)
    return Hit(id_, text, MEANING_WEIGHT * meaning + (1 - MEANING_WEIGHT) * lexical, lexical, meaning)
