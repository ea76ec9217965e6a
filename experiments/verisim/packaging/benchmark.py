"""`score_model` and `score_suite`: any object with `predict_delta(state, action)` against the oracle.

from experiments.verisim.packaging.benchmark import score_suite
print(score_suite(my_model, "network"))
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.verisim import metrics
from experiments.verisim.factory import script
from experiments.verisim.loop import Rules, run
from experiments.verisim.policies import Fixed
from experiments.verisim.proposers import Proposer
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import World, canonical_json


@dataclass(frozen=True, slots=True)
class Sample:
    """One rollout to be scored on. The same sample is the same rollout everywhere."""

    driver: str
    seed: int
    steps: int = 24
    start: str = "empty"
    difficulty: str = ""


SUITES: dict[str, tuple[Sample, ...]] = {
    "network": (
        Sample("weighted", 100, difficulty="easy"),
        Sample("weighted", 101, difficulty="easy"),
        Sample("adversarial", 200, difficulty="hard"),
        Sample("adversarial", 201, difficulty="hard"),
        Sample("traffic", 300, 100, "small-world", "in use"),
    ),
    "filesystem": (
        Sample("weighted", 100, difficulty="easy"),
        Sample("weighted", 101, difficulty="easy"),
        Sample("adversarial", 200, difficulty="hard"),
        Sample("adversarial", 201, difficulty="hard"),
        Sample("weighted", 300, 100, "home", "in use"),
    ),
}


@dataclass(frozen=True, slots=True)
class Score:
    """What one rollout, or the mean of several, came to."""

    horizon: float
    normalized_horizon: float
    faithful_share: float
    delta_exact: float
    final_divergence: float
    consultations: float


def score_model(
    model: Proposer, sample: Sample, world: World, epsilon: float = 0.0, rules: Rules | None = None
) -> Score:
    """One rollout. Without rules the model is never helped."""
    whole = script(world, sample.driver, sample.start, sample.seed, sample.steps, "benchmark")
    trace = run(world, model, [whole], rules)[0]
    horizon = trace.horizon(epsilon)
    return Score(
        horizon,
        horizon / sample.steps,
        metrics.faithful_share(trace.divergences, epsilon),
        sum(trace.exact) / sample.steps,
        trace.divergences[-1],
        len(trace.consulted),
    )


def score_suite(model: Proposer, world: str | World, epsilon: float = 0.0, rho: float = 0.0) -> Score:
    """The mean over the fixed suite of a world."""
    made = make_world(world) if isinstance(world, str) else world
    rules = Rules(rho, "belief", lambda _: Fixed())
    scores = [score_model(model, each, made, epsilon, rules) for each in SUITES[made.name]]
    return Score(*(sum(getattr(each, name) for each in scores) / len(scores) for name in Score.__slots__))


@dataclass(frozen=True, slots=True)
class Label:
    """One step as question and answer, for frameworks that speak text."""

    state: str
    action: str
    next_state: str


def step_labels(sample: Sample, world: World) -> Iterator[Label]:
    whole = script(world, sample.driver, sample.start, sample.seed, sample.steps, "benchmark")
    before: Sequence[Any] = (whole.start, *whole.states[:-1])
    for state, action, after in zip(before, whole.actions, whole.states, strict=True):
        yield Label(canonical_json(world.to_json(state)), world.line(action), canonical_json(world.to_json(after)))


def grade_prediction(world: World, predicted: str, label: Label) -> float:
    """1 − divergence of a predicted next state in JSON; 0 where it cannot be read."""
    try:
        said = world.from_json(json.loads(predicted))
        true = world.from_json(json.loads(label.next_state))
        return 1 - metrics.state_divergence(world, said, true)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        return 0.0
