"""An unseen family, decided by meaning: every choice is made by leaving families out inside those that remain.

For each family left out, learner and gate are chosen by how they do when a second family is left out as well. The
family itself is looked at once, at the end.
"""

from __future__ import annotations

import itertools
import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.nanoim import learners, shelf, unseen
from experiments.nanoim.features import Floats, Ints
from experiments.nanoim.generate import HOME, suite_named
from experiments.nanoim.learners import Learner
from experiments.nanoim.lofo import summary
from experiments.nanoim.scenes import Meaning, Scenes, embedded, embedded_actions, scenes
from experiments.nanoim.turns import Trace
from experiments.nanoim.unseen import Gate

PAIRS = 4
"""Training pairs per family; which ones, the seed decides."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A learner and a gate."""

    learner: Learner
    gate: Gate

    @property
    def name(self) -> str:
        return f"{self.learner.name}; {self.gate.name}"


@dataclass(frozen=True, slots=True)
class World:
    """The rows of one suite under one meaning."""

    suite: str
    train: Scenes
    val: Scenes
    test: Scenes
    families: tuple[str, ...]
    action_lines: Floats


def world(suite: str, meaning: Meaning, seed: int, action_lines: Floats | None = None) -> World:
    return World(
        suite,
        scenes(_some(shelf.split_of(suite, "train"), seed), meaning),
        scenes(shelf.split_of(suite, "val"), meaning, critical_only=True),
        scenes(shelf.split_of(suite, "test"), meaning, critical_only=True),
        tuple(family.name for family in suite_named(suite).families),
        embedded_actions() if action_lines is None else action_lines,
    )


def _some(traces: Sequence[Trace], seed: int) -> list[Trace]:
    """A few pairs of each family."""
    rng = random.Random(f"generalise/{seed}")
    kept: set[str] = set()
    for family in dict.fromkeys(trace.family for trace in traces):
        kept |= set(rng.sample(sorted({t.pair for t in traces if t.family == family}), PAIRS))
    return [trace for trace in traces if trace.pair in kept]


def decoy_lines() -> Floats:
    """Descriptions of actions that nobody needs."""
    return embedded(list(tomllib.loads((HOME / "decoy_actions.toml").read_text(encoding="utf-8")).values()))


def taa_psr(rows: Scenes, chosen: Ints) -> tuple[float, float]:
    """Rows are critical steps, the members of a pair next to each other."""
    right = (rows.actions == chosen).reshape(-1, 2)
    return float(right.mean()), float(right.all(1).mean())


def leave_out(
    here: World,
    seed: int,
    fixed: Choice | None = None,
    gates: Sequence[Gate] = unseen.GATES,
    grid: Sequence[Learner] = learners.GRID,
) -> dict[str, dict[str, Any]]:
    """family → figures of the choice made without it, and what was chosen."""
    inner = {} if fixed else _inner(here, seed, gates, grid)
    found = {}
    for family in here.families:
        choice = fixed or _best(inner, family)
        shown = here.train.part(~here.train.of([family]))
        asked = here.test.part(here.test.of([family]))
        dared = unseen.dare(choice.gate, asked, shown, here.action_lines)
        taa, psr = taa_psr(asked, dared.over(learners.fit(choice.learner, shown, seed)(asked).argmax(-1)))
        found[family] = {"taa": taa, "psr": psr, "chosen": choice.name}
    return found


Inner = dict[tuple[str, str, Choice], tuple[float, float]]


def _inner(here: World, seed: int, gates: Sequence[Gate], grid: Sequence[Learner]) -> Inner:
    """(outer, inner, choice) → figures on `inner` of what was trained without both."""
    pairs = list(itertools.combinations(here.families, 2))
    masks = np.array([~here.train.of(pair) for pair in pairs])
    asked = {family: here.val.part(here.val.of([family])) for family in here.families}
    dared = {
        (pair, inner, gate): unseen.dare(gate, asked[inner], here.train.part(mask), here.action_lines)
        for pair, mask in zip(pairs, masks, strict=True) for inner in pair for gate in gates
    }  # fmt: skip
    figures: Inner = {}
    for learner in grid:
        for pair, predict in zip(pairs, learners.fit_many(learner, here.train, masks, seed), strict=True):
            for outer, inner in (pair, pair[::-1]):
                chosen = predict(asked[inner]).argmax(-1)
                for gate in gates:
                    decided = dared[pair, inner, gate].over(chosen)
                    figures[outer, inner, Choice(learner, gate)] = taa_psr(asked[inner], decided)
    return figures


def _best(inner: Inner, outer: str) -> Choice:
    """The choice with the best mean accuracy plus separation over the inner families; the first of equals."""
    totals: dict[Choice, float] = defaultdict(float)
    for (left_out, _, choice), (taa, psr) in inner.items():
        if left_out == outer:
            totals[choice] += taa + psr
    return max(totals, key=lambda choice: round(totals[choice], 9))


def in_hindsight(here: World, seed: int) -> dict[str, Any]:
    """The best single choice if the left-out families had been looked at: a ceiling, never a result."""
    masks = np.array([~here.train.of([family]) for family in here.families])
    asked = [here.test.part(here.test.of([family])) for family in here.families]
    totals: dict[Choice, list[tuple[float, float]]] = defaultdict(list)
    for learner in (*learners.GRID, *learners.LINES, *learners.STEPWISE):
        models = learners.fit_many(learner, here.train, masks, seed)
        for mask, rows, predict in zip(masks, asked, models, strict=True):
            chosen = predict(rows).argmax(-1)
            for gate in unseen.GATES:
                dared = unseen.dare(gate, rows, here.train.part(mask), here.action_lines)
                totals[Choice(learner, gate)].append(taa_psr(rows, dared.over(chosen)))
    best = max(totals, key=lambda choice: np.sum(totals[choice]))
    taa, psr = np.mean(totals[best], axis=0)
    return {"taa": round(float(taa), 6), "psr": round(float(psr), 6), "choice": best.name, "choices": len(totals)}


def averaged(runs: Sequence[Mapping[str, Mapping[str, Any]]], suite: str) -> dict[str, Any]:
    """Several runs as one study: means by family and over all, the single runs, what was chosen how often."""
    each = {
        family: {key: float(np.mean([run[family][key] for run in runs])) for key in ("taa", "psr")}
        for family in runs[0]
    }
    single = [
        {key: round(float(np.mean([row[key] for row in run.values()])), 6) for key in ("taa", "psr")} for run in runs
    ]
    picked = Counter(row["chosen"] for run in runs for row in run.values())
    return {**summary(each, suite), "runs": single, "chosen": dict(picked.most_common())}
