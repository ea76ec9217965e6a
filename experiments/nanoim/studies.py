"""Studies of trained networks: ablation, occlusion, destructive controls, calibration, statistics."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.nanoim import metrics, shelf
from experiments.nanoim.features import FIELDS, STREAMS, TIME, Floats, blank, to_batch
from experiments.nanoim.networks import Network
from experiments.nanoim.policies import Policy
from experiments.nanoim.train import DEFAULTS, SMALL, Recipe, train
from experiments.nanoim.turns import ACTIONS, MicroTurn, Trace, pairs_of
from experiments.sweep import run_all

ABLATIONS: dict[str, tuple[str, ...]] = {
    "full": (),
    "small_model": (),
    "no_audio": ("user_audio_state", "model_audio_state"),
    "no_visual": ("visual_event",),
    "no_background": ("background_event",),
    "no_policy": ("policy_event",),
    "no_timing": (TIME,),
}
BINS = 10


def recipe_for(kind: str, ablation: str, seed: int) -> Recipe:
    """The default recipe with one thing taken away."""
    base = replace(DEFAULTS[kind], seed=seed, hide=ABLATIONS[ablation])
    return replace(base, hidden_size=SMALL[kind]) if ablation == "small_model" else base


def _one_ablation(job: tuple[str, str, str, int]) -> tuple[float, float]:
    suite, kind, ablation, seed = job
    network = train(shelf.traces_of(suite), recipe_for(kind, ablation, seed), suite)
    return headline(network, shelf.split_of(suite, "test"))


def headline(policy: Policy, test: Sequence[Trace]) -> tuple[float, float]:
    """TAA and PSR of a fitted policy."""
    return metrics.taa_psr(test, metrics.critical_actions(test, metrics.chosen(policy.decide(test))))


def sweep(
    suite: str, kind: str, ablations: Sequence[str], seeds: Sequence[int], workers: int
) -> dict[str, dict[str, Any]]:
    """Retrained without one thing, for each seed: what can a network do that never had it?"""
    jobs = [(suite, kind, ablation, seed) for ablation in ablations for seed in seeds]
    found = run_all(_one_ablation, jobs, workers, f"{suite} {kind} ablations")
    return {
        ablation: spread([figures for job, figures in zip(jobs, found, strict=True) if job[2] == ablation])
        for ablation in ablations
    }


def spread(figures: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Means and spreads of TAA and PSR, with the single runs."""
    taa, psr = [f[0] for f in figures], [f[1] for f in figures]
    return {
        "taa": round(statistics.fmean(taa), 6), "taa_sd": round(statistics.pstdev(taa), 6),
        "psr": round(statistics.fmean(psr), 6), "psr_sd": round(statistics.pstdev(psr), 6),
        "runs": [[round(t, 6), round(p, 6)] for t, p in figures],
    }  # fmt: skip


def occlusion(network: Network, test: Sequence[Trace]) -> dict[str, dict[str, float]]:
    """The same network, one field at a time not shown: how far does its accuracy fall?"""
    batch = to_batch(test, network.hidden)
    base, _ = _headline(network.decide_batch(batch), test)
    drops = {}
    for field in FIELDS:
        taa, psr = _headline(network.decide_batch(blank(batch, [field])), test)
        drops[field] = {"taa": taa, "psr": psr, "drop": round(base - taa, 6)}
    return drops


def occlusion_of_step(network: Network, trace: Trace) -> dict[str, float]:
    """How much less likely the right action becomes at the critical step when a field is not shown."""
    batch, right = to_batch([trace], network.hidden), ACTIONS.index(trace.target)
    full = network.decide_batch(batch)[0][trace.critical][right]
    return {f: float(full - network.decide_batch(blank(batch, [f]))[0][trace.critical][right]) for f in FIELDS}


def _headline(found: Sequence[Floats], test: Sequence[Trace]) -> tuple[float, float]:
    return metrics.taa_psr(test, metrics.critical_actions(test, metrics.chosen(found)))


def controls(policy: Policy, test: Sequence[Trace], seed: int = 7) -> dict[str, dict[str, float]]:
    """Break the world on purpose. A policy that reads it honestly must fall."""
    base, _ = headline(policy, test)
    found = {"base": {"taa": round(base, 6), "drop": 0.0}}
    for name, destroy in DESTROY.items():
        taas = [headline(policy, destroy(test, random.Random(seed + i)))[0] for i in range(5)]
        taa = statistics.fmean(taas)
        found[name] = {"taa": round(taa, 6), "drop": round(base - taa, 6)}
    return found


def scramble_time(test: Sequence[Trace], rng: random.Random) -> list[Trace]:
    """The stretches of a trace keep their states and exchange their lengths."""
    changed = []
    for trace in test:
        lengths = [turn.dt_ms for turn in trace.turns]
        rng.shuffle(lengths)
        changed.append(replace(trace, turns=retimed(trace.turns, lengths)))
    return changed


def exchange_time(test: Sequence[Trace], rng: random.Random) -> list[Trace]:  # noqa: ARG001  (nothing left to chance)
    """From the onset on, the two members of a pair exchange their clocks; states, words and actions stay."""
    changed = []
    for pair in pairs_of(test):
        for own, other in ((pair.a, pair.b), (pair.b, pair.a)):
            lengths = [turn.dt_ms for turn in own.turns]
            lengths[own.critical - 1 :] = [turn.dt_ms for turn in other.turns[other.critical - 1 :]]
            changed.append(replace(own, turns=retimed(own.turns, lengths)))
    return changed


def retimed(turns: Sequence[MicroTurn], lengths: Sequence[int]) -> tuple[MicroTurn, ...]:
    elapsed, made = 0, []
    for turn, length in zip(turns, lengths, strict=True):
        elapsed += length
        made.append(replace(turn, t_ms=elapsed, dt_ms=length))
    return tuple(made)


def mismatch_streams(test: Sequence[Trace], rng: random.Random) -> list[Trace]:
    """From the onset on, each trace gets the streams and times of another; words and actions stay."""
    donors = list(test)
    rng.shuffle(donors)
    changed = []
    for trace, donor in zip(test, donors, strict=True):
        tail, given = list(trace.turns[trace.critical - 1 :]), donor.turns[donor.critical - 1 :]
        mixed = [
            replace(own, dt_ms=other.dt_ms, **dict(zip(STREAMS, other.states(), strict=True)))
            for own, other in zip(tail, given, strict=False)
        ]
        turns = [*trace.turns[: trace.critical - 1], *mixed]
        changed.append(replace(trace, turns=retimed(turns, [turn.dt_ms for turn in turns])))
    return changed


def permute_labels(test: Sequence[Trace], rng: random.Random) -> list[Trace]:
    """The right actions are dealt out anew among the traces."""
    labels = [trace.target for trace in test]
    rng.shuffle(labels)
    return [
        replace(t, turns=tuple(replace(u, action=label) if i == t.critical else u for i, u in enumerate(t.turns)))
        for t, label in zip(test, labels, strict=True)
    ]


DESTROY: dict[str, Callable[[Sequence[Trace], random.Random], list[Trace]]] = {
    "scramble_time": scramble_time,
    "exchange_time": exchange_time,
    "mismatch_streams": mismatch_streams,
    "permute_labels": permute_labels,
}


def calibration(policy: Policy, test: Sequence[Trace]) -> dict[str, Any]:
    """Does confidence mean what it says? ECE over ten bins, Brier over all actions, NLL; with the bins."""
    found = np.array([p[trace.critical] for p, trace in zip(policy.decide(test), test, strict=True)])
    truth = np.array([ACTIONS.index(trace.target) for trace in test])
    sure, hit = found.max(-1), found.argmax(-1) == truth
    bins, ece = [], 0.0
    for low, high in pairwise(np.arange(BINS + 1) / BINS):  # one edge between two bins: 0.7 + 0.1 lies below 0.8
        rows = (sure > low) & (sure <= high)
        if rows.any():
            ece += rows.mean() * abs(hit[rows].mean() - sure[rows].mean())
            bins.append({"from": round(float(low), 2), "traces": int(rows.sum()),
                         "confidence": _digits(sure[rows].mean()), "accuracy": _digits(hit[rows].mean())})  # fmt: skip
    likely = np.clip(found[np.arange(len(truth)), truth], 1e-12, 1)
    brier = ((found - np.eye(len(ACTIONS))[truth]) ** 2).sum(-1).mean()
    return {"accuracy": _digits(hit.mean()), "ece": _digits(ece), "brier": _digits(brier),
            "nll": _digits(-np.log(likely).mean()), "bins": bins}  # fmt: skip


def _digits(value: float) -> float:
    """Without the last digits, which depend on the order in which a machine adds."""
    return round(float(value), 9)


@dataclass(frozen=True, slots=True)
class Sure:
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float


def bootstrap(test: Sequence[Trace], hits: dict[str, bool], resamples: int = 10_000, seed: int = 7) -> Sure:
    """TAA with an interval from resampling whole pairs, since the two members of one are not independent."""
    by_pair = np.array([(hits[p.a.name] + hits[p.b.name]) / 2 for p in pairs_of(test)])
    rng = np.random.default_rng(seed)
    means = by_pair[rng.integers(0, len(by_pair), (resamples, len(by_pair)))].mean(-1)
    return Sure(float(by_pair.mean()), *(float(x) for x in np.quantile(means, (0.025, 0.975))))


def permutation_test(
    test: Sequence[Trace], ours: dict[str, bool], theirs: dict[str, bool], resamples: int = 10_000, seed: int = 7
) -> float:
    """How often swapping the two policies within pairs gives a difference as large as the one seen."""
    gaps = np.array(
        [(ours[p.a.name] + ours[p.b.name] - theirs[p.a.name] - theirs[p.b.name]) / 2 for p in pairs_of(test)]
    )
    rng = np.random.default_rng(seed)
    signs = rng.choice((-1, 1), (resamples, len(gaps)))
    as_large = (np.abs((signs * gaps).mean(-1)) >= abs(gaps.mean()) - 1e-12).sum()
    return float((as_large + 1) / (resamples + 1))
