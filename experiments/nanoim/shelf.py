"""Where shipped data, models and results lie, and how they are named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from experiments.manifest import read_result
from experiments.nanoim.features import Floats
from experiments.nanoim.generate import HOME, generate, suite_named
from experiments.nanoim.networks import Network, load
from experiments.nanoim.policies import ALIASES, BASELINES, Policy
from experiments.nanoim.turns import Split, Trace, digest, dump, read_traces
from nma13.errors import LabError, UsageError

RESULTS = HOME / "results"
MODELS = HOME / "models"
PILOT = HOME / "pilot.jsonl"
SEEDS = (3, 7, 11)
KINDS = ("gru", "transformer")
TRAINED_SUITES = ("hard", "noisy")


@cache
def traces_of(suite: str) -> tuple[Trace, ...]:
    """The traces of a shipped suite; the pilot is read, the others are generated."""
    if suite == "pilot":
        return tuple(read_traces(PILOT))
    return tuple(generate(suite_named(suite)))


def split_of(suite: str, split: Split) -> list[Trace]:
    return [trace for trace in traces_of(suite) if trace.split == split]


@cache
def data_hash(suite: str) -> str:
    return digest(dump(traces_of(suite)))


def model_path(suite: str, kind: str, seed: int) -> Path:
    return MODELS / f"{suite}_{kind}_{seed}.npz"


@cache
def network(suite: str, kind: str, seed: int = 7) -> Network:
    """A shipped network; suites without one of their own use the one trained on hard."""
    own = suite if suite in TRAINED_SUITES else "hard"
    path = model_path(own, kind, seed)
    if not path.exists():
        raise LabError(
            f"{path.name} is not among the shipped networks (seeds {', '.join(map(str, SEEDS))}). Train one with "
            f"./lab nanoim train --suite {own} --kind {kind} --seed {seed} and score it: ./lab nanoim eval --model FILE"
        )
    return load(path)


def policy_named(name: str, suite: str, seed: int = 7) -> Policy:
    """A policy by name, not yet fitted; trained networks come trained."""
    name = ALIASES.get(name, name)
    if name in BASELINES:
        return BASELINES[name]()
    if name in KINDS:
        return network(suite, name, seed)
    raise UsageError(f"There is no policy {name!r}; there are {', '.join([*BASELINES, *KINDS])}.")


def fit_set(policy: Policy, suite: str, test: Sequence[Trace]) -> Sequence[Trace]:
    """What a policy is fitted on: the oracle on the test itself, the pilot's on hard, all others on train."""
    if policy.name == "transcript_oracle":
        return test
    return split_of("hard" if suite == "pilot" else suite, "train")


def decided(name: str, suite: str, test: Sequence[Trace], seed: int = 7) -> list[Floats]:
    """Probabilities of a named policy at every step of every test trace."""
    policy = policy_named(name, suite, seed)
    policy.fit(fit_set(policy, suite, test))
    return policy.decide(test)


def result(name: str) -> dict[str, Any] | None:
    """A shipped result by name, or None where it has not been made."""
    path = RESULTS / f"{name}.json"
    return read_result(path) if path.exists() else None
