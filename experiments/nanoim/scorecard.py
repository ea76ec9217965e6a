"""A scorecard: one policy, one suite, every metric, and what is needed to make it again."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.manifest import manifest
from experiments.nanoim import metrics, shelf
from experiments.nanoim.generate import suite_named
from experiments.nanoim.networks import Network
from experiments.nanoim.policies import BASELINES, Policy
from experiments.nanoim.turns import Trace, digest, dump


def of_policy(policy: Policy, suite: str, test: Sequence[Trace]) -> dict[str, Any]:
    """Fit where there is something to fit, then score."""
    policy.fit(shelf.fit_set(policy, suite, test))
    actions = metrics.critical_actions(test, metrics.chosen(policy.decide(test)))
    train = shelf.split_of("hard" if suite == "pilot" else suite, "train")
    config: dict[str, Any] = {"suite": suite, "policy": policy.name, "traces": len(test)}
    seed = None
    if suite != "pilot":
        config["generator"] = asdict(suite_named(suite))
    if isinstance(policy, Network):
        seed = policy.trained["recipe"]["seed"]
        config |= {"training": dict(policy.trained), "parameters": policy.parameters, "hidden": list(policy.hidden)}
    return {
        "kind": "scorecard",
        "suite": suite,
        "policy": policy.name,
        "sees": policy.sees,
        "metrics": metrics.rounded(metrics.score(policy, train, test)),
        "families": metrics.by_family(test, actions),
        "decisions": dict(zip((trace.name for trace in test), actions, strict=True)),
        "manifest": manifest("./lab nanoim eval", config, seed, digest(dump(test))),
    }


def shipped() -> list[tuple[str, int | None]]:
    """Which policies have a scorecard, with the seed where one was trained."""
    return [(name, None) for name in BASELINES] + [(kind, seed) for kind in shelf.KINDS for seed in shelf.SEEDS]


def path_of(suite: str, policy: str, seed: int | None) -> Path:
    return shelf.RESULTS / "scorecards" / f"{suite}_{policy}{'' if seed is None else f'_{seed}'}.json"


def table(cards: dict[str, dict[str, list[dict[str, Any]]]]) -> dict[str, dict[str, dict[str, float]]]:
    """suite → policy → mean TAA and PSR over its seeds, with the spread."""
    return {suite: {name: _mean(found) for name, found in policies.items()} for suite, policies in cards.items()}


def _mean(cards: list[dict[str, Any]]) -> dict[str, float]:
    taa = [card["metrics"]["temporal_aliasing_accuracy"] for card in cards]
    psr = [card["metrics"]["paired_separation_rate"] for card in cards]
    return {
        "taa": round(statistics.fmean(taa), 6), "psr": round(statistics.fmean(psr), 6),
        "taa_sd": round(statistics.pstdev(taa), 6), "psr_sd": round(statistics.pstdev(psr), 6), "runs": len(cards),
    }  # fmt: skip
