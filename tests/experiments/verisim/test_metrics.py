"""Metrics: zero where nothing is wrong, and the right number where something is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.verisim import metrics
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Edit, generator


def test_divergence_is_zero_for_the_same_and_one_where_nothing_is_shared() -> None:
    a, b = frozenset({("x", 1), ("y", 2)}), frozenset({("x", 3)})
    assert metrics.divergence(a, a) == 0
    assert metrics.divergence(a, b) == 1
    assert metrics.divergence(frozenset(), frozenset()) == 0
    assert metrics.divergence(a, frozenset({("x", 1)})) == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["network", "filesystem"])
def test_one_flipped_fact_costs_about_one_unit(name: str) -> None:
    world, rng = make_world(name), generator("metrics", name)
    state = world.start(world.starts[-1], rng)
    for _ in range(30):
        after = world.apply(state, [world.flip(state, rng)])
        graded = metrics.state_divergence(world, state, after) / metrics.one_fact(world, state)
        assert 0.3 < graded < 1.2


def test_the_horizon_is_the_first_excursion_and_the_share_counts_all() -> None:
    course = [0.0, 0.0, 0.3, 0.0, 0.2, 0.2, 0.0]
    assert metrics.horizon(course, 0.0) == 2
    assert metrics.horizon(course, 0.25) == 2
    assert metrics.horizon(course, 0.3) == 7
    assert metrics.faithful_share(course, 0.0) == pytest.approx(4 / 7)
    assert metrics.recovery(course, 0.0) == pytest.approx(1.5)
    assert metrics.recovery([0.0, 0.1], 0.0) == math.inf
    assert metrics.recovery([0.0], 0.0) == 0.0


def test_bits_to_correct_price_what_is_missing_and_what_is_too_much() -> None:
    right = (Edit("link_add", (0, 1)), Edit("exit", (0,)))
    assert metrics.bits_to_correct(right, right) == 0
    assert metrics.bits_to_correct(right[::-1], right) == 0
    assert metrics.bits_to_correct(right[1:], right) == 6 * 3
    assert metrics.bits_to_correct((Edit("link_add", (0, 2)), right[1]), right) == 6 * 6
    assert metrics.delta_exact(right[::-1], right)
    assert not metrics.delta_exact((right[0], right[0]), right)
    assert metrics.symbols(Edit("delete", ("/a/b",))) == 3


def test_a_collapsed_embedding_has_rank_one() -> None:
    rng = np.random.default_rng(0)
    line = rng.standard_normal((200, 1)).astype(np.float32) @ np.ones((1, 8), np.float32)
    full = rng.standard_normal((200, 8)).astype(np.float32)
    assert metrics.effective_rank(line) == pytest.approx(1, abs=0.01)
    assert metrics.effective_rank(full) > 7.5
    assert metrics.spread_of(np.zeros((5, 3), np.float32)) == 0


def test_retrieval_finds_the_diagonal() -> None:
    assert metrics.retrieval(np.eye(4, dtype=np.float32)) == (1.0, 1.0)
    worst = 1 - np.eye(4, dtype=np.float32)
    assert metrics.retrieval(worst) == (0.0, 0.25)
    # Where everything looks the same nothing has been found.
    assert metrics.retrieval(np.zeros((4, 4), np.float32))[0] == 0.0


def test_intervals_are_the_same_every_time_and_hold_the_mean() -> None:
    values = [0.0, 1.0, 1.0, 0.5, 0.25]
    mean, low, high = metrics.interval(values)
    assert (mean, low, high) == metrics.interval(values)
    assert low <= mean <= high
    assert all(math.isnan(each) for each in metrics.interval([]))
