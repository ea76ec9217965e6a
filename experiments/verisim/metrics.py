"""How far a prediction is from the truth, in the units the studies report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.verisim.worlds.contract import Delta, Edit, Fact, World

BITS_A_SYMBOL = 6
RESAMPLES = 1000


def divergence(a: frozenset[Fact], b: frozenset[Fact]) -> float:
    """Normalised symmetric difference of facts: 0 where both are the same, 1 where nothing is shared."""
    total = len(a) + len(b)
    return len(a ^ b) / total if total else 0.0


def state_divergence(world: World, a: Any, b: Any) -> float:
    return 0.0 if a == b else divergence(world.facts(a), world.facts(b))


def one_fact(world: World, state: Any) -> float:
    """The divergence of one fact that reads otherwise: the unit in which a tolerance is worth stating.

    Otherwise means two differences, the fact believed and the true one. A fact that is missing, or too many, is one
    difference and so about half a unit.
    """
    return 1 / max(1, len(world.facts(state)))


def horizon(divergences: Sequence[float], epsilon: float) -> int:
    """The first step whose divergence exceeds the tolerance; the length where none does."""
    for step, value in enumerate(divergences):
        if value > epsilon:
            return step
    return len(divergences)


def faithful_share(divergences: Sequence[float], epsilon: float) -> float:
    """How much of a rollout is within the tolerance, whenever that is."""
    return float(np.mean([value <= epsilon for value in divergences])) if divergences else 1.0


def recovery(divergences: Sequence[float], epsilon: float) -> float:
    """Mean number of steps an excursion beyond the tolerance lasts; 0 where there is none, inf where one never ends."""
    lengths, run = [], 0
    for value in divergences:
        if value > epsilon:
            run += 1
        elif run:
            lengths.append(run)
            run = 0
    if run:
        return math.inf
    return float(np.mean(lengths)) if lengths else 0.0


def delta_exact(predicted: Delta, true: Delta) -> bool:
    """The same edits, whatever their order."""
    return predicted == true or Counter(predicted) == Counter(true)


def bits_to_correct(predicted: Delta, true: Delta) -> int:
    """What an oracle would have to say: every edit that is missing or too much, priced in symbols."""
    one, other = Counter(predicted), Counter(true)
    wrong = ((one - other) + (other - one)).elements()
    return BITS_A_SYMBOL * sum(symbols(edit) for edit in wrong)


def symbols(edit: Edit) -> int:
    """The operation and its arguments; a path counts its names."""
    return 1 + sum(max(1, argument.count("/")) if isinstance(argument, str) else 1 for argument in edit.args)


def effective_rank(embedding: NDArray[np.float32]) -> float:
    """exp of the entropy of the normalised singular values: how many directions are in use."""
    values = np.linalg.svd(embedding - embedding.mean(0), compute_uv=False)
    share = values / max(values.sum(), 1e-12)
    share = share[share > 1e-12]
    return float(np.exp(-(share * np.log(share)).sum()))


def spread_of(embedding: NDArray[np.float32]) -> float:
    """Mean standard deviation per dimension; near zero where a representation has collapsed."""
    return float(embedding.std(0).mean())


def retrieval(similarity: NDArray[np.float32]) -> tuple[float, float]:
    """Top-1 and mean reciprocal rank of the diagonal: did each row find its own column? A tie counts against it."""
    better = (similarity >= np.diag(similarity)[:, None]).sum(1) - 1
    return float((better == 0).mean()), float((1 / (1 + better)).mean())


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean with a percentile bootstrap interval of 95 %, always the same for the same values."""
    data = np.asarray(values, float)
    if not len(data):
        return math.nan, math.nan, math.nan
    rng = np.random.default_rng(0)
    draws = [np.mean(data[rng.integers(0, len(data), len(data))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(np.mean(data)), float(low), float(high)


def nested_interval(groups: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """The mean over groups with a bootstrap interval of 95 %: groups are drawn again, then values within them.

    A group is one training seed. With three of them the interval is coarse, but it is about training again, which an
    interval over the rollouts of one trained arm is not.
    """
    data = [np.asarray(group, float) for group in groups if len(group)]
    if len(data) < 2:
        return interval(data[0] if data else [])
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(RESAMPLES):
        chosen = [data[place] for place in rng.integers(0, len(data), len(data))]
        draws.append(np.mean([each[rng.integers(0, len(each), len(each))].mean() for each in chosen]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(np.mean([each.mean() for each in data])), float(low), float(high)
