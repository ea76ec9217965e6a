"""Training on large networks: many actions asked of one state are the same questions, asked one by one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from experiments.verisim.large import Large, questions, together, train_large
from experiments.verisim.model.learn import Recipe
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, generator
from experiments.verisim.worlds.network import codec

pytestmark = pytest.mark.slow

SMALL = Large(hosts=30, rollouts=3, states=2, actions=6, flows=4, recipe=Recipe(steps=3, batch=1, rounds=4))


def test_rows_of_all_actions_over_one_network() -> None:
    world = make_world("network", 30, 12)
    state = world.start("gnp", generator("large"))
    _, dst, port = min(state.flows)
    state = world.step(state, Action("svc_down", (dst, port))).state
    actions = [Action("advance", ()), world.parse("link_up h0 h1"), world.parse("connect h3 h4 22")]
    alone = [codec.lay_out(state, action, world.step(state, action).delta) for action in actions]
    joined = together(alone, 5, Random(1))
    assert np.array_equal(joined.edges, alone[0].edges)
    lost = int((alone[0].labels[1:, 0] > 0).sum())
    assert 0 < lost < len(state.flows) - 5
    assert len(joined.kinds) == 1 + lost + 5 + 2
    assert np.array_equal(joined.roles[-2:], np.concatenate([alone[1].roles, alone[2].roles]))
    assert (joined.labels[1:-2, 0] > 0).sum() == lost


def test_the_same_seed_asks_the_same_and_another_does_not() -> None:
    first, again, other = (questions(SMALL, seed) for seed in (0, 0, 1))
    assert first.digest() == again.digest() != other.digest()
    assert first.size == 6


def test_it_trains_and_says_what_that_cost() -> None:
    arm, cost = train_large(replace(SMALL, starts=("gnp",)))
    assert arm.name == "edits, trained on 30 hosts"
    assert cost.tested == 40
    assert 0 <= cost.exact <= 1
    assert cost.peak_mib > 10
