"""Words as they are counted: how rare each one is, and how alike two texts are by TF-IDF cosine."""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nma13.store import path_of
from nma13.store.connect import newest_id

WORD = re.compile(r"[^\W_]+")
SMALL = frozenset(
    WORD.findall(
        """a about after again all also am an and any are as at be because been before being but by can could did do
    does doing don for from further get go had has have having he her here him his how i if in into is it its just ll me
    more most my no nor not now of off on once only or other our out over own re s same she should so some such t than
    that the their them then there these they this those through to too under until up ve very was we were what when
    where which while who whom why will with would you your"""
    )
)
FRESH_BELOW = 200  # episodes; a small vocabulary is read again whenever something was added
GROWTH = 20  # a larger one when a twentieth was added: rarities hardly move in between


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """In how many remembered texts each word stands."""

    texts: int
    holding: Mapping[str, int]
    newest: int

    def weight(self, word: str) -> float:
        """Inverse document frequency, smoothed so that it tells words apart in a small store too."""
        return 1 + math.log((self.texts + 1) / (self.holding.get(word, 0) + 1))

    def vector(self, words: Mapping[str, int]) -> dict[str, float]:
        """TF-IDF, normalised."""
        weighed = {word: (1 + math.log(count)) * self.weight(word) for word, count in words.items()}
        length = math.sqrt(sum(value * value for value in weighed.values()))
        return {word: value / length for word, value in weighed.items()} if length else {}

    def rarest_first(self, words: Mapping[str, int]) -> list[str]:
        """The query's words, those in fewest texts first; words nobody has used are left out."""
        return sorted((w for w in words if self.holding.get(w, 0) > 0), key=lambda w: (self.holding[w], w))


def counted(text: str) -> Counter[str]:
    """The words of a text without the small ones, spelled as the full-text index spells them."""
    lower = text.lower()
    if not lower.isascii():
        lower = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return Counter(word for word in WORD.findall(lower) if word not in SMALL)


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other.get(word, 0.0) for word, value in one.items())


_known: dict[tuple[Path, str], Vocabulary] = {}
_lock = threading.Lock()


def vocabulary(connection: sqlite3.Connection, index: str = "episodic_memory_text") -> Vocabulary:
    """The vocabulary of a full-text index; kept in this process and read again as the table grows."""
    table = index.removesuffix("_text")
    newest = newest_id(connection, table)
    key = (path_of(connection), index)
    with _lock:
        known = _known.get(key)
    stale = known is None or newest < known.newest
    if known is not None and not stale:
        stale = newest - known.newest > (0 if known.texts < FRESH_BELOW else known.texts // GROWTH)
    if known is None or stale:
        known = _read(connection, index, newest)
        with _lock:
            _known[key] = known
    return known


def forget_vocabulary() -> None:
    """Drop what this process knows, e.g. after something was forgotten."""
    with _lock:
        _known.clear()


def _read(connection: sqlite3.Connection, index: str, newest: int) -> Vocabulary:
    with _temporary_tables(connection):
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{index}_v USING fts5vocab (main, {index}, row)")
        holding = dict(connection.execute(f"SELECT term, doc FROM temp.{index}_v").fetchall())  # noqa: S608
        connection.execute(f"DROP TABLE temp.{index}_v")
    texts = connection.execute(f"SELECT count(*) FROM {index}_docsize").fetchone()[0]  # noqa: S608
    return Vocabulary(int(texts), holding, newest)


@contextmanager
def _temporary_tables(connection: sqlite3.Connection) -> Iterator[None]:
    """A reader may not even make a temporary table; for the length of this block it may. The file stays read-only."""
    reading = connection.execute("PRAGMA query_only").fetchone()[0]
    if reading:
        connection.execute("PRAGMA query_only = OFF")
    try:
        yield
    finally:
        if reading:
            connection.execute("PRAGMA query_only = ON")
