"""Leave one family out: train on nine kinds of situation, decide in the tenth."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from experiments.nanoim import metrics, shelf
from experiments.nanoim.generate import suite_named
from experiments.nanoim.policies import BASELINES
from experiments.nanoim.studies import headline
from experiments.nanoim.train import DEFAULTS, train
from experiments.sweep import run_all
from nma13.errors import UsageError


def needs_unseen_action(suite: str) -> tuple[str, ...]:
    """Families whose contrast needs an action that no other family shows."""
    found = []
    families = suite_named(suite).families
    for family in families:
        elsewhere = {m.action for other in families if other.name != family.name for m in (other.a, other.b)}
        if not {family.a.action, family.b.action} <= elsewhere:
            found.append(family.name)
    return tuple(found)


def _one(job: tuple[str, str, str, int]) -> tuple[float, float]:
    suite, policy, family, seed = job
    others = [trace for trace in shelf.traces_of(suite) if trace.family != family]
    test = [trace for trace in shelf.split_of(suite, "test") if trace.family == family]
    if policy in BASELINES:
        return metrics.policy_taa_psr(BASELINES[policy](), [t for t in others if t.split == "train"], test)
    return headline(train(others, replace(DEFAULTS[policy], seed=seed), suite), test)


def study(suite: str, policies: Sequence[str], seeds: Sequence[int], workers: int) -> dict[str, Any]:
    """policy → family → mean figures over the seeds, and the means over all, seen and unseen families."""
    if unknown := set(policies) - {*BASELINES, *DEFAULTS}:
        known = ", ".join([*BASELINES, *DEFAULTS])
        raise UsageError(f"There is no policy {', '.join(sorted(unknown))}; there are {known}. Nothing was run.")
    families = [family.name for family in suite_named(suite).families]
    found: dict[str, Any] = {}
    for policy in policies:
        used = (0,) if policy in BASELINES else tuple(seeds)
        jobs = [(suite, policy, family, seed) for family in families for seed in used]
        figures = dict(zip(jobs, run_all(_one, jobs, workers, f"{suite} {policy} left out"), strict=True))
        each = {
            family: {
                "taa": statistics.fmean(figures[suite, policy, family, seed][0] for seed in used),
                "psr": statistics.fmean(figures[suite, policy, family, seed][1] for seed in used),
            }
            for family in families
        }
        found[policy] = summary(each, suite)
    return found


def summary(each: dict[str, dict[str, float]], suite: str) -> dict[str, Any]:
    """Means over all families, and apart over those whose actions are seen elsewhere and those that need a new one."""
    unseen = needs_unseen_action(suite)
    groups = {
        "": list(each),
        "_seen": [f for f in each if f not in unseen],
        "_unseen": [f for f in each if f in unseen],
    }
    means = {
        f"{figure}{name}": round(statistics.fmean(each[family][figure] for family in group), 6)
        for name, group in groups.items()
        if group
        for figure in ("taa", "psr")
    }
    rows = {family: {k: round(v, 6) for k, v in figures.items()} for family, figures in each.items()}
    return {**means, "families": rows}
