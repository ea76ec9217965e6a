"""Where to set a value's threshold: as low as the texts that only look like it, and all others, allow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nma13.training.texts import Item, Value

Vector = Any


@dataclass(frozen=True, slots=True)
class Silence:
    """The share of texts without the value that must stay silent."""

    lookalikes: float
    others: float


SILENCE: dict[str, Silence] = {"core": Silence(0.955, 0.975), "screen": Silence(0.92, 0.95)}
EXEMPLAR = 0.25
ENOUGH = 15
CRISIS: dict[str, Silence] = {"core": Silence(0.955, 0.96), "screen": Silence(0.90, 0.92)}
"""A missed danger weighs more than a needless hand held out."""


def threshold(value: Value, items: Sequence[Item], unseen: Vector, which: Literal["core", "screen"]) -> float:
    """The lowest threshold that keeps enough unseen texts silent; look-alikes are counted apart."""
    wanted = (CRISIS if value.sets == "FLAG=CRISIS" else SILENCE)[which]
    positive: list[tuple[float, float]] = []
    looks: list[tuple[float, float]] = []
    other: list[tuple[float, float]] = []
    for item, score in zip(items, unseen, strict=True):
        held, count = item.targets.get(value.name, (None, 0.0))
        if held is None or count < 1.0:
            continue
        # An exemplar's look-alike is written as the near opposite of one; people's texts come less finely balanced.
        share = 1.0 if item.labelled else EXEMPLAR
        if held:
            positive.append((score, share))
        else:
            (looks if item.lookalike_of == value.sets else other).append((score, share))
    if sum(count for _, count in looks) < ENOUGH:
        looks, other = [], looks + other  # a share of a handful is decided by the worst of them
    edge = max(_edge(looks, wanted.lookalikes), _edge(other, wanted.others))
    silent = (1 - _share(group, edge) for group in (looks, other))
    print(
        f"{which} {value.name:<18} {edge:+.2f}: unseen {_share(positive, edge):.2f} of {len(positive)} caught; silent "
        f"{next(silent):.2f} of {len(looks)} look-alikes, {next(silent):.2f} of {len(other)} others",
        file=sys.stderr,
    )
    return edge


Scored = Sequence[tuple[float, float]]
"""Scores and how much each counts."""


def _share(scores: Scored, edge: float) -> float:
    """How much of it reaches the edge."""
    total = sum(count for _, count in scores)
    return sum(count for score, count in scores if score >= edge) / total if total else float("nan")


def _edge(scores: Scored, silent: float) -> float:
    """The lowest edge below which this share of them stays."""
    rest = (1 - silent) * sum(count for _, count in scores)
    for score, count in sorted(scores, reverse=True):
        rest -= count
        if rest < 0:
            return score + 1e-6
    return -9.0
