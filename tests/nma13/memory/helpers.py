"""Episodes for the tests of memory: real runs of the core, quickly stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from nma13.interpreter import interpret
from nma13.kit import default_kit
from nma13.memory import store_episode
from nma13.pipeline import run
from nma13.store import open_rw

NOW = 1_790_000_000_000
PLAIN = "I want to paint the fence this weekend. I will begin at the gate, number {n}."
RANK = "I want to paint the fence this weekend. My professor said number {n} is best, end of discussion."


@contextmanager
def memory() -> Iterator[sqlite3.Connection]:
    """The store of this test, open for writing."""
    with closing(open_rw("memory")) as connection:
        yield connection


def keep(connection: sqlite3.Connection, *texts: str, session: str = "s1", vectors: bool = False) -> list[int]:
    """Run each text through the core and store it."""
    from nma13 import encoder

    kit = default_kit(None)
    ids = []
    for place, text in enumerate(texts):
        vector = encoder.encode([text])[0] if vectors else None
        ids.append(store_episode(connection, interpret(run(text, kit=kit), None), session, NOW + place, vector))
    return ids
