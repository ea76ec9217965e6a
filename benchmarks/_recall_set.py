"""The labelled recall set, and three ways of finding judged by it: TF-IDF from scratch, our words, our meaning."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nma13.config import SHIPPED_DATA
from nma13.memory.words import cosine, counted
from nma13.store import transaction

FOLDER = SHIPPED_DATA / "recall"
BORN = 1_790_000_000_000

Find = Callable[[str], list[int]]
"""A query to the ids that were found, best first."""


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    text: str
    relevant: frozenset[str]
    kind: str
    split: str


@dataclass(frozen=True, slots=True)
class Score:
    """Over the queries that have an answer: how often it was among the first five, and how early it came."""

    queries: int
    recall_at_5: float
    mrr: float


def episodes() -> dict[str, str]:
    """The texts by their names, in the order of the file."""
    lines = (FOLDER / "episodes.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["id"]: line["text"] for line in map(json.loads, lines)}


def queries(split: str = "test") -> list[Query]:
    lines = (FOLDER / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    every = [Query(**{**line, "relevant": frozenset(line["relevant"])}) for line in map(json.loads, lines)]
    return [query for query in every if query.split == split]


def store(connection: sqlite3.Connection, texts: Iterable[str]) -> None:
    """Bare episodes: what recall looks at is the text; the rest stands for a run of the core."""
    with transaction(connection):
        connection.executemany(
            "INSERT INTO episodic_memory (session, input, input_hash, icxatrs, override, routing, mode, friction,"
            " lead_station, trust, output_class, unlearned_trust, unlearned_class, created_ms) VALUES ('s', ?, '',"
            " 'I=LOW', 'NONE', 'STANDARD', 'GOVERNED', 'NONE', 'S1', 'PROCEED', 'VECTOR', 'PROCEED', 'VECTOR', ?)",
            [(text, BORN + place) for place, text in enumerate(texts)],
        )


def tfidf_from_scratch(connection: sqlite3.Connection, query: str, limit: int = 5) -> list[int]:
    """What most programs do: read every row, count every word, weigh, compare with all. Only our word splitting."""
    texts = {row[0]: counted(row[1]) for row in connection.execute("SELECT id, input FROM episodic_memory")}
    holding: Counter[str] = Counter()
    for words in texts.values():
        holding.update(words.keys())

    def vector(words: Counter[str]) -> dict[str, float]:
        weighed = {w: n * (1 + math.log((1 + len(texts)) / (1 + holding[w]))) for w, n in words.items()}
        length = math.sqrt(sum(value * value for value in weighed.values())) or 1.0
        return {word: value / length for word, value in weighed.items()}

    wanted = vector(counted(query))
    scored = ((cosine(wanted, vector(words)), id_) for id_, words in texts.items())
    return [id_ for value, id_ in sorted(scored, reverse=True)[:limit] if value > 0]


def judge(find: Find, asked: Sequence[Query], names: Sequence[str]) -> Score:
    """`names[id - 1]` is the episode's name. A query with several answers counts the share of them that it found."""
    found_share = reciprocal = 0.0
    for query in asked:
        found = [names[id_ - 1] for id_ in find(query.text)][:5]
        found_share += len(query.relevant & set(found)) / min(5, len(query.relevant))
        first = next((place for place, name in enumerate(found, 1) if name in query.relevant), None)
        reciprocal += 1 / first if first else 0.0
    return Score(len(asked), found_share / len(asked), reciprocal / len(asked))
