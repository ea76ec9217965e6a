"""What only one loop asks: C, whether a bare station answers otherwise; D, what CAN's place changes."""

# ruff: noqa: S608 — names of tables come from the store's catalogue; every value is bound

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from monitors.read.trends import Span
from monitors.statistics import Share
from nma13.store import LoopTables
from nma13.store.catalog import ROLLUP_BUCKET

MOST_SEQUENCES = 100


@dataclass(frozen=True, slots=True)
class Sequence:
    """One arrangement of CAN among the primes, and what became of it in R3."""

    words: str
    confirmed: Share


def bare(connection: sqlite3.Connection, loop: LoopTables, span: Span | None = None) -> dict[tuple[str, bool], Share]:
    """(station, bare) → how often it confirms CAN; whole hundreds of cycles."""
    first, last = _buckets(span)
    rows = connection.execute(
        "SELECT station, bare, sum(confirmed), sum(outputs) FROM rollup_bare"
        " WHERE source = ? AND bucket BETWEEN ? AND ? GROUP BY station, bare",
        (loop.source, first, last),
    )
    return {(station, bool(bare_)): Share(confirmed, outputs) for station, bare_, confirmed, outputs in rows}


def positions(
    connection: sqlite3.Connection, loop: LoopTables, span: Span | None = None
) -> dict[tuple[int, int], Share]:
    """(words in the sequence, CAN's place from 0) → how often CAN is confirmed; whole hundreds of cycles."""
    first, last = _buckets(span)
    rows = connection.execute(
        "SELECT length, position, sum(confirmed), sum(outputs) FROM rollup_positions"
        " WHERE source = ? AND bucket BETWEEN ? AND ? GROUP BY length, position",
        (loop.source, first, last),
    )
    return {(length, position): Share(confirmed, outputs) for length, position, confirmed, outputs in rows}


def sequences(connection: sqlite3.Connection, loop: LoopTables, words: str = "") -> tuple[list[Sequence], int]:
    """The arrangements met most often (of those that hold all `words`), and how many different ones were met."""
    wanted = [word for word in words.upper().split() if word]
    found = [
        Sequence(sequence, Share(int(confirmed), outputs))
        for sequence, outputs, confirmed in connection.execute(
            f"SELECT can_sequence, count(*), total(can_confirmed) FROM {loop.outputs}"
            " WHERE round = 'R3' AND can_sequence IS NOT NULL GROUP BY can_sequence"
        )
        if all(word in sequence.split() for word in wanted)
    ]
    found.sort(key=lambda one: (-one.confirmed.of, one.words))
    return found[:MOST_SEQUENCES], len(found)


def _buckets(span: Span | None) -> tuple[int, int]:
    return (span.first // ROLLUP_BUCKET, span.last // ROLLUP_BUCKET) if span else (0, 2**62)
