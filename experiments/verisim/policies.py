"""When to consult: a budget of ρ·T consultations, and the rules that spend it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np


class Moment(NamedTuple):
    """What a policy may look at. It never sees the truth."""

    step: int
    steps: int
    doubt: float
    since: float
    """Doubt summed up since the last consultation, this step included."""
    spent: int
    budget: int


class Policy(Protocol):
    """Consult now? The loop enforces the budget; a policy need not."""

    name: str

    def consults(self, moment: Moment) -> bool: ...


@dataclass(frozen=True, slots=True)
class Never:
    name: str = "never"

    def consults(self, moment: Moment) -> bool:
        del moment
        return False


@dataclass(frozen=True, slots=True)
class Fixed:
    """At equal intervals, beginning at once."""

    name: str = "fixed"

    def consults(self, moment: Moment) -> bool:
        return moment.budget > 0 and moment.step * moment.budget // moment.steps >= moment.spent


@dataclass(slots=True)
class Random:
    """At random, with the right odds to spend the budget by the end."""

    seed: int = 0
    name: str = "random"
    _rng: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def consults(self, moment: Moment) -> bool:
        left = moment.steps - moment.step
        return self._rng.random() < (moment.budget - moment.spent) / left


@dataclass(frozen=True, slots=True)
class Unsure:
    """Where the proposer's doubt is above a threshold that was set on other rollouts."""

    threshold: float
    name: str = "entropy"

    def consults(self, moment: Moment) -> bool:
        return moment.doubt > self.threshold


@dataclass(frozen=True, slots=True)
class Accumulated:
    """Where doubt summed up since the last consultation is above a threshold."""

    threshold: float
    name: str = "drift"

    def consults(self, moment: Moment) -> bool:
        return moment.since > self.threshold


def always(policy: Policy) -> Callable[[int], Policy]:
    """The same policy for every rollout; for those that remember nothing."""
    return lambda _: policy


def calibrated(doubts: Sequence[float], rho: float) -> Unsure:
    """The threshold that would have consulted a share ρ of these steps (of validation rollouts, never of the test)."""
    if rho >= 1:
        return Unsure(-1.0)
    return Unsure(float(np.quantile(np.asarray(doubts), 1 - rho)) if len(doubts) else 0.0)


def calibrated_drift(doubts: Sequence[Sequence[float]], rho: float) -> Accumulated:
    """The threshold that spreads the doubt of these rollouts over ρ·T consultations."""
    total, steps = sum(map(sum, doubts)), sum(map(len, doubts))
    return Accumulated(total / max(1.0, rho * steps))
