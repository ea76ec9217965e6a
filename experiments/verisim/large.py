"""Training on large networks in use, from nothing: what it costs, and what comes of it.

Spreading signals through a network of thousands of hosts is what costs; it depends on the state and not on the action.
So one question here is one state with many actions: the network is walked once for all of them. Of the thousands of
flows an `advance` asks about, those that are lost are kept and a handful of the others, or nothing else would count.

    python -m experiments.verisim.large 5000 1000      prints one JSON object
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.verisim.factory import Plan, script, transitions
from experiments.verisim.metrics import delta_exact
from experiments.verisim.model.learn import Recipe, train
from experiments.verisim.model.queries import Bank, Query
from experiments.verisim.model.scorer import CODECS, EditScorer
from experiments.verisim.proposers import predict
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, World, generator


@dataclass(frozen=True, slots=True)
class Large:
    """What is taught. `rounds` must cover the shortest ways in these networks, so no lines and no deep trees."""

    hosts: int = 5000
    starts: tuple[str, ...] = ("small-world", "gnp", "star")
    rollouts: int = 12
    states: int = 6
    """How many states of each rollout are asked about."""
    between: int = 8
    actions: int = 96
    flows: int = 48
    """How many of an advance's flows that stay are kept as examples."""
    recipe: Recipe = field(default_factory=lambda: Recipe(steps=1000, batch=1, rounds=16))


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took and what it reached on rollouts it was not trained on."""

    data_seconds: float
    training_seconds: float
    peak_mib: float
    exact: float
    tested: int
    loss: float


def together(queries: Sequence[Query], flows: int, rng: random.Random) -> Query:
    """Questions about one state as one, with the network laid out once."""
    kept = []
    for query in queries:
        lost = np.flatnonzero(query.labels[1:, 0] > 0) + 1
        stay = np.flatnonzero(query.labels[1:, 0] == 0) + 1
        few = rng.sample(range(len(stay)), min(flows, len(stay)))
        kept.append(np.concatenate([[0], lost, stay[sorted(few)]]).astype(np.int64))
    rows = [
        np.concatenate([getattr(query, part)[places] for query, places in zip(queries, kept, strict=True)])
        for part in ("kinds", "roles", "bits", "labels")
    ]
    return Query(queries[0].nodes, queries[0].edges, *rows)


def questions(large: Large, seed: int) -> Bank:
    """States on the way of rollouts in use, and what the oracle says to many actions in each of them."""
    world = make_world("network", large.hosts, 12)
    codec, found = CODECS["network"], []
    rng = generator("large", large.hosts, seed)
    for number in range(large.rollouts):
        kind = large.starts[number % len(large.starts)]
        walked = script(world, "traffic", kind, seed * 1000 + number, large.states * large.between, "large")
        for state in walked.states[large.between - 1 :: large.between]:
            asked = [Action("advance", ()), *(drawn(world, state, rng) for _ in range(large.actions))]
            graph = codec.graph_of(state)
            told = [codec.lay_out(state, action, world.step(state, action).delta, graph) for action in asked]
            found.append(together(told, large.flows, rng))
    return Bank(found)


def drawn(world: World, state: Any, rng: random.Random) -> Action:
    """Any action but an advance, of which one a state is enough."""
    while True:
        action = world.draw(rng.choice(world.drivers), state, rng)
        if action.name != "advance":
            return action


def train_large(large: Large, seed: int = 0) -> tuple[EditScorer, Cost]:
    began = time.process_time()
    bank = questions(large, seed)
    made = time.process_time() - began
    found = train(CODECS["network"].LAYOUT, bank, replace(large.recipe, seed=seed))
    arm = EditScorer("network", found.weights, f"edits, trained on {large.hosts} hosts")
    peak = peak_mib()
    right = exactness(arm, large.hosts, large.starts)
    last = found.losses[-50:]
    return arm, Cost(made, found.seconds, peak, sum(right) / len(right), len(right), sum(last) / len(last))


def peak_mib() -> float:
    """The most memory this process has held. What `getrusage` says is inherited from whoever started the process."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)


def exactness(arm: EditScorer, hosts: int, starts: tuple[str, ...], steps: int = 40) -> list[bool]:
    """Single steps from true states, one after another: many of such networks at once would be a great deal."""
    world = make_world("network", hosts, 12)
    tests = transitions(world, Plan(("traffic",), starts, (900,), steps, "large/eval"))
    return [delta_exact(predict(arm, [(step.state, step.action)])[0].delta, step.delta) for step in tests]


if __name__ == "__main__":
    usual = Large()
    parser = argparse.ArgumentParser(description="Train on large networks from nothing.")
    parser.add_argument("hosts", type=int, nargs="?", default=usual.hosts)
    parser.add_argument("steps", type=int, nargs="?", default=usual.recipe.steps, help="of training")
    given = parser.parse_args()
    course = replace(usual, hosts=given.hosts, recipe=replace(usual.recipe, steps=given.steps))
    print(json.dumps(asdict(train_large(course)[1])))
