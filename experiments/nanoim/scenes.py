"""One moment of a trace in terms that carry over between families: graded attributes, and how long it has held.

A scene is the sum of its states' attributes over all streams, as a difference from the idle scene, with the time
the states have held on a logarithmic scale. No name of a state, stream or family reaches a learner.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from experiments.nanoim.annotation import State, states
from experiments.nanoim.families import IDLE
from experiments.nanoim.features import Floats, Ints, held_ms
from experiments.nanoim.generate import HOME
from experiments.nanoim.turns import ACTIONS, STREAMS, TICK_MS, Trace

DESCRIPTIONS = HOME / "descriptions.toml"
Bools = NDArray[np.bool_]
Meaning = Mapping[State, Floats]


@dataclass(frozen=True, slots=True)
class Scenes:
    """Rows for a learner; names are for scoring and for leaving families out."""

    what: Floats
    """(rows, attributes): difference from the idle scene."""
    held: Floats
    """(rows,): -1 has only just begun, 0 two ticks, 1 eight ticks or more."""
    words: Floats
    """(rows, dimensions): mean embedding of the descriptions of all states that are not idle."""
    actions: Ints
    critical: Bools
    families: tuple[str, ...]
    traces: tuple[str, ...]

    def part(self, rows: Bools) -> Scenes:
        chosen = np.flatnonzero(rows)
        names = (tuple(self.families[i] for i in chosen), tuple(self.traces[i] for i in chosen))
        return Scenes(
            self.what[rows], self.held[rows], self.words[rows], self.actions[rows], self.critical[rows], *names
        )

    def of(self, families: Sequence[str]) -> Bools:
        return np.array([family in families for family in self.families])


def scenes(traces: Sequence[Trace], meaning: Meaning, critical_only: bool = False) -> Scenes:
    """The steps around the decision of these traces, or the decisions alone."""
    idle = _sum(meaning, tuple(IDLE[stream] for stream in STREAMS))
    told = embedded_states()
    rows = []
    for trace in traces:
        # For learning: the last step of the lead, the moment a state begins, and the decision.
        for step in [trace.critical] if critical_only else range(trace.critical - 2, trace.critical + 1):
            values = trace.turns[step].states()
            said = [told[s, v] for s, v in zip(STREAMS, values, strict=True) if v != IDLE[s]]
            said = said or [told[s, v] for s, v in IDLE.items()]
            rows.append((_sum(meaning, values) - idle, ordinal(held_ms(trace, step)), np.mean(said, axis=0),
                         ACTIONS.index(trace.turns[step].action), step == trace.critical, trace))  # fmt: skip
    return Scenes(
        *(np.array([row[place] for row in rows]) for place in range(5)),
        tuple(row[5].family for row in rows),
        tuple(row[5].name for row in rows),
    )


def _sum(meaning: Meaning, values: Sequence[str]) -> Floats:
    return np.asarray(np.sum([meaning[s, v] for s, v in zip(STREAMS, values, strict=True)], axis=0))


def ordinal(held: int) -> float:
    """Two doublings down from two ticks to two up, as -1 to 1. No threshold is in it."""
    return float(np.clip(np.log2(max(held, 1) / (2 * TICK_MS)), -2, 2) / 2)


@cache
def descriptions() -> dict[str, dict[str, str]]:
    """The neutral lines, stream by stream, and those of the actions."""
    with DESCRIPTIONS.open("rb") as file:
        return tomllib.load(file)


@cache
def embedded_states() -> dict[State, Floats]:
    """State → the sentence encoder's reading of its line."""
    lines = [descriptions()[stream][value] for stream, value in states()]
    return dict(zip(states(), embedded(lines), strict=True))


def embedded(lines: Sequence[str]) -> Floats:
    from nma13.encoder import encode

    return np.asarray(encode(list(lines)), np.float64)


@cache
def embedded_actions() -> Floats:
    """(actions, dimensions), in the order of ACTIONS."""
    return embedded([descriptions()["actions"][action] for action in ACTIONS])


def words_as_meaning(width: int = 14) -> Meaning:
    """Instead of graded attributes: the main directions of the descriptions' embeddings."""
    told = embedded_states()
    whole = np.stack([told[state] for state in states()])
    centred = whole - whole.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    lower = centred @ directions[:width].T
    return dict(zip(states(), lower / lower.std() * 0.4, strict=True))
