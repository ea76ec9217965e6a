"""The oracle as a factory: rollouts with a manifest, exact targets, wrong neighbours, roads not taken."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from experiments.verisim.worlds.contract import (
    Action,
    Delta,
    Fact,
    World,
    canonical_json,
    generator,
)


class Transition(NamedTuple):
    """One step of the truth."""

    state: Any
    action: Action
    delta: Delta
    after: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rollouts: all drivers and starts in turn, one seed each. The same plan is the same data everywhere."""

    drivers: tuple[str, ...]
    starts: tuple[str, ...] = ("empty",)
    seeds: tuple[int, ...] = (0,)
    steps: int = 24
    purpose: str = "train"


class Script(NamedTuple):
    """One rollout of the truth: where it begins, what is done, every state after."""

    start: Any
    actions: tuple[Action, ...]
    states: tuple[Any, ...]


def scripts(world: World, plan: Plan) -> list[Script]:
    """Every rollout of a plan."""
    return [
        script(world, driver, start, seed, plan.steps, plan.purpose)
        for driver in plan.drivers
        for start in plan.starts
        for seed in plan.seeds
    ]


def script(world: World, driver: str, start: str, seed: int, steps: int, purpose: str = "train") -> Script:
    rng = generator(purpose, world.name, driver, start, seed)
    first = state = world.start(start, rng)
    actions, states = [], []
    for _ in range(steps):
        action = world.draw(driver, state, rng)
        state = world.step(state, action).state
        actions.append(action)
        states.append(state)
    return Script(first, tuple(actions), tuple(states))


def transitions(world: World, plan: Plan) -> list[Transition]:
    """Every step of every rollout of a plan, with its exact delta."""
    return [step for each in scripts(world, plan) for step in steps_of(world, each)]


def steps_of(world: World, each: Script) -> list[Transition]:
    before = (each.start, *each.states[:-1])
    return [
        Transition(state, action, world.step(state, action).delta, after)
        for state, action, after in zip(before, each.actions, each.states, strict=True)
    ]


def varied(world: World, count: int, steps: int, starts: Sequence[str], purpose: str) -> list[Transition]:
    """Transitions from `count` rollouts whose driver and start are drawn anew each time."""
    found: list[Transition] = []
    for seed in range(count):
        rng = generator(purpose, "varied", seed)
        found += steps_of(world, script(world, rng.choice(world.drivers), rng.choice(starts), seed, steps, purpose))
    return found


def manifest(world: World, plan: Plan, found: Sequence[Transition]) -> dict[str, Any]:
    """What the data is and a hash of its content: enough to make it again and to know that it is the same."""
    digest = sha256()
    cells: dict[str, int] = {}
    for step in found:
        digest.update(canonical_json([world.line(step.action), world.to_json(step.after)]).encode())
        cell = f"{step.action.name} {'done' if getattr(step.after, 'exit', 0) == 0 else 'failed'}"
        cells[cell] = cells.get(cell, 0) + 1
    return {
        "world": world.name,
        "plan": {name: getattr(plan, name) for name in Plan.__slots__},
        "transitions": len(found),
        "sha256": digest.hexdigest(),
        "coverage": dict(sorted(cells.items())),
    }


def partition(world: World, state: Any, observed: Iterable[Hashable]) -> tuple[frozenset[Fact], frozenset[Fact]]:
    """Facts an oracle decides given what is observed, and the residual that has to be learnt."""
    seen = frozenset(observed)
    facts = world.facts(state)
    decidable = frozenset(fact for fact in facts if world.references(fact) <= seen)
    return decidable, facts - decidable


def wrong_neighbours(world: World, truth: Any, count: int, rng: random.Random) -> list[Any]:
    """States in which exactly one fact is wrong; no two the same."""
    found: dict[Any, None] = {}
    for _ in range(count * 8):
        if len(found) == count:
            break
        found[world.apply(truth, [world.flip(truth, rng)])] = None
    return list(found)


def branches(
    world: World, state: Any, count: int, rng: random.Random, *, like: Action | None = None
) -> list[tuple[Action, Any]]:
    """Roads not taken: other actions here and the exact states they lead to, no two the same.

    With `like`, actions of the same name: then the kind of action alone cannot tell the branches apart.
    """
    found: dict[Any, Action] = {}
    for _ in range(count * 40):
        if len(found) == count:
            break
        action = world.draw("coverage", state, rng)
        if like is None or action.name == like.name:
            found.setdefault(world.step(state, action).state, action)
    return [(action, after) for after, action in found.items()]
