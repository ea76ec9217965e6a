"""The factory: the same plan is the same data; neighbours are wrong by one fact; branches are exact."""

from __future__ import annotations

import subprocess
import sys

import pytest

from experiments.verisim import factory
from experiments.verisim.metrics import state_divergence
from experiments.verisim.worlds import WORLDS, make_world
from experiments.verisim.worlds.contract import generator
from nma13.config import ROOT

PLAN = factory.Plan(("weighted",), ("empty",), (1, 2), 20)
TELL = """
from experiments.verisim.factory import Plan, manifest, transitions
from experiments.verisim.worlds import make_world
plan = Plan(("weighted",), ("empty",), (1, 2), 20)
print(manifest(make_world("network"), plan, transitions(make_world("network"), plan))["sha256"])
"""


def test_another_process_makes_the_same_data() -> None:
    world = make_world("network")
    here = factory.manifest(world, PLAN, factory.transitions(world, PLAN))
    there = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert there.stdout.strip() == here["sha256"]
    assert here["transitions"] == 40
    assert sum(here["coverage"].values()) == 40


@pytest.mark.parametrize("name", WORLDS)
def test_each_step_leads_to_the_next(name: str) -> None:
    world = make_world(name)
    for step in factory.transitions(world, PLAN):
        assert world.apply(step.state, step.delta) == step.after


@pytest.mark.parametrize("name", WORLDS)
def test_neighbours_are_wrong_and_all_different(name: str) -> None:
    world, rng = make_world(name), generator("neighbours")
    truth = factory.transitions(world, PLAN)[-1].after
    found = factory.wrong_neighbours(world, truth, 8, rng)
    assert len(found) == len(set(found)) == 8
    assert all(state_divergence(world, truth, each) > 0 for each in found)


@pytest.mark.parametrize("name", WORLDS)
def test_branches_are_where_the_oracle_leads(name: str) -> None:
    world, rng = make_world(name), generator("branches")
    here = factory.transitions(world, PLAN)[-1]
    found = factory.branches(world, here.state, 6, rng)
    assert len({after for _, after in found}) == len(found) == 6
    assert all(world.step(here.state, action).state == after for action, after in found)
    like = factory.branches(world, here.state, 4, rng, like=found[0][0])
    assert {action.name for action, _ in like} == {found[0][0].name}


def test_facts_about_what_is_seen_are_decidable() -> None:
    world = make_world("network")
    state = factory.transitions(world, PLAN)[-1].after
    everything = factory.partition(world, state, world.parts(state))
    assert everything == (world.facts(state), frozenset())
    decidable, residual = factory.partition(world, state, [0, 1])
    assert {("clock", state.clock), ("exit", state.exit)} <= decidable
    assert all(world.references(fact) - {0, 1} for fact in residual)
