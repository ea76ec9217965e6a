"""The whole reproduction: every model, scorecard and study that is shipped, made anew."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from experiments.manifest import machine, manifest, write_result
from experiments.nanoim import lofo, meaning, scorecard, shelf, studies
from experiments.nanoim.annotation import agreement, sheets
from experiments.nanoim.metrics import chosen, critical_actions, right
from experiments.nanoim.networks import Network, save
from experiments.nanoim.policies import BASELINES
from experiments.nanoim.train import DEFAULTS, train

SCORED = ("mini", "hard", "noisy", "pilot")
TIMED = "times"


def everything(workers: int = 1, with_studies: bool = True) -> dict[str, float]:
    """Make all results; returns the seconds each part took. Those of a whole run are kept, with the processor's."""
    parts: list[tuple[str, Callable[[], None]]] = [
        ("models", models), ("scorecards", scorecards), ("occlusion", occlusions), ("controls", controls),
        ("calibration", calibrations), ("statistics", statistics),
    ]  # fmt: skip
    if with_studies:
        parts += [
            ("sweep", lambda: sweeps(workers)),
            ("lofo", lambda: left_out(workers)),
            ("meaning", lambda: by_meaning(workers)),
        ]
    seconds, processor = {}, {}
    for name, part in parts:
        started, worked = time.perf_counter(), _processor_seconds()
        part()
        seconds[name] = round(time.perf_counter() - started, 1)
        processor[name] = round(_processor_seconds() - worked, 1)
        print(f"{name}: {seconds[name]} s, {processor[name]} s of the processor", file=sys.stderr, flush=True)
    if with_studies:
        kept = {"workers": workers, "seconds": seconds, "processor_seconds": processor}
        write_result(shelf.RESULTS / f"{TIMED}.json", {"kind": TIMED, "machine": machine(), **kept})
    return seconds


def _processor_seconds() -> float:
    """Ours and our ended children's: what a run costs, also where others are at work beside it."""
    return sum(os.times()[:4])


def models() -> None:
    """Twelve networks: two kinds, two suites, three seeds."""
    for suite in shelf.TRAINED_SUITES:
        for kind in shelf.KINDS:
            for seed in shelf.SEEDS:
                found = train(shelf.traces_of(suite), replace(DEFAULTS[kind], seed=seed), suite)
                about = {key: value for key, value in found.trained.items() if key != "seconds"}
                save(replace(found, trained=about), shelf.model_path(suite, kind, seed))
    shelf.network.cache_clear()


def scorecards() -> None:
    for suite in SCORED:
        test = shelf.split_of(suite, "test")
        for name, seed in scorecard.shipped():
            policy = shelf.policy_named(name, suite, seed or 7)
            write_result(scorecard.path_of(suite, name, seed), scorecard.of_policy(policy, suite, test))


def _about(command: str, suite: str, **config: Any) -> dict[str, Any]:
    return manifest(f"./lab nanoim {command}", {"suite": suite, **config}, None, shelf.data_hash(suite))


def _each_network(suite: str, kind: str) -> list[Network]:
    return [shelf.network(suite, kind, seed) for seed in shelf.SEEDS]


def occlusions() -> None:
    """Mean drop over the seeds, field by field."""
    for suite in shelf.TRAINED_SUITES:
        test = shelf.split_of(suite, "test")
        found = {}
        for kind in shelf.KINDS:
            runs = [studies.occlusion(network, test) for network in _each_network(suite, kind)]
            found[kind] = {
                field: {k: round(sum(run[field][k] for run in runs) / len(runs), 6) for k in runs[0][field]}
                for field in runs[0]
            }
        body = {"kind": "occlusion", "suite": suite, "policies": found}
        write_result(shelf.RESULTS / f"occlusion_{suite}.json", {**body, "manifest": _about("occlusion", suite)})


def controls() -> None:
    for suite in shelf.TRAINED_SUITES:
        test = shelf.split_of(suite, "test")
        found = {}
        for name in ("rule_harness", "field_lookup", *shelf.KINDS):
            policy = shelf.policy_named(name, suite)
            policy.fit(shelf.split_of(suite, "train"))
            found[name] = studies.controls(policy, test)
        body = {"kind": "controls", "suite": suite, "policies": found}
        write_result(shelf.RESULTS / f"controls_{suite}.json", {**body, "manifest": _about("controls", suite)})


def calibrations() -> None:
    for suite in shelf.TRAINED_SUITES:
        test = shelf.split_of(suite, "test")
        found = {
            f"{kind}_{seed}": studies.calibration(shelf.network(suite, kind, seed), test)
            for kind in shelf.KINDS
            for seed in shelf.SEEDS
        }
        body = {"kind": "calibration", "suite": suite, "policies": found}
        write_result(shelf.RESULTS / f"calibration_{suite}.json", {**body, "manifest": _about("calibration", suite)})


def statistics() -> None:
    for suite in shelf.TRAINED_SUITES:
        write_result(shelf.RESULTS / f"statistics_{suite}.json", statistics_of(suite))


def statistics_of(suite: str) -> dict[str, Any]:
    """Intervals for everybody; a paired test of everybody against the transcript majority."""
    test = shelf.split_of(suite, "test")
    hits = {
        name: right(test, critical_actions(test, chosen(shelf.decided(name, suite, test))))
        for name in (*BASELINES, *shelf.KINDS)
    }
    found = {}
    for name, ours in hits.items():
        sure = studies.bootstrap(test, ours)
        p = studies.permutation_test(test, ours, hits["transcript_majority"])
        found[name] = {"taa": round(sure.share, 6), "low": round(sure.low, 6), "high": round(sure.high, 6), "p": p}
    body = {"kind": "statistics", "suite": suite, "policies": found}
    return {**body, "manifest": _about("statistics", suite, resamples=10_000, against="transcript_majority")}


def sweeps(workers: int, suites: Sequence[str] = shelf.TRAINED_SUITES) -> None:
    for suite in suites:
        found = {
            kind: studies.sweep(suite, kind, tuple(studies.ABLATIONS), shelf.SEEDS, workers) for kind in shelf.KINDS
        }
        body = {"kind": "sweep", "suite": suite, "policies": found, "seeds": list(shelf.SEEDS)}
        write_result(shelf.RESULTS / f"sweep_{suite}.json", {**body, "manifest": _about("sweep", suite)})


def left_out(workers: int, suites: Sequence[str] = shelf.TRAINED_SUITES) -> None:
    names = ("rule_harness", "field_lookup", "transcript_majority", "transcript_nb", *shelf.KINDS)
    for suite in suites:
        body = {
            "kind": "lofo", "suite": suite, "policies": lofo.study(suite, names, shelf.SEEDS, workers),
            "unseen_action_families": list(lofo.needs_unseen_action(suite)), "seeds": list(shelf.SEEDS),
        }  # fmt: skip
        write_result(shelf.RESULTS / f"lofo_{suite}.json", {**body, "manifest": _about("lofo", suite)})


def by_meaning(workers: int) -> None:
    """The readers' agreement, and the study built on their grades."""
    write_result(shelf.RESULTS / "agreement.json", {"kind": "agreement", **agreement(sheets())})
    write_result(shelf.RESULTS / "lofo_meaning_hard.json", meaning.study("hard", shelf.SEEDS, workers))
