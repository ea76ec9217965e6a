"""The arms the studies compare, trained on the source's kind of data or read from where they were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from experiments.verisim.factory import Plan, Script, Transition, scripts, transitions
from experiments.verisim.model.learn import Recipe, train
from experiments.verisim.model.queries import Bank
from experiments.verisim.model.scorer import CODECS, EditScorer, load, save
from experiments.verisim.places import own, weights_of
from experiments.verisim.proposers import Null, OracleBacked, Proposer, Succeeds
from experiments.verisim.studies.kit import Preset
from experiments.verisim.worlds import make_world

WORLD = make_world("network", 5)
CODEC = CODECS["network"]
TRAJECTORY = 40
EXIT_ONLY = "exit only"


@lru_cache(maxsize=8)
def lessons(count: int, seed: int) -> list[Transition]:
    """The source's training data: weighted rollouts of 40 steps from the empty network."""
    seeds = tuple(range(1000 * seed, 1000 * seed + -(-count // TRAJECTORY)))
    return transitions(WORLD, Plan(("weighted",), ("empty",), seeds, TRAJECTORY))[:count]


def trials(preset: Preset, purpose: str = "eval", longer: int = 1) -> list[Script]:
    """Rollouts no arm was trained on."""
    each = max(1, preset.rollouts // 2)
    seeds = tuple(range(100, 100 + each))
    return scripts(WORLD, Plan(("weighted", "adversarial"), ("empty",), seeds, longer * preset.steps, purpose))


def taught(steps: Sequence[Transition], training: int, seed: int) -> EditScorer:
    """Our arm, taught on these transitions."""
    bank = Bank([CODEC.lay_out(step.state, step.action, step.delta) for step in steps])
    recipe = Recipe(steps=training, batch=64, seed=seed)
    return EditScorer("network", train(CODEC.LAYOUT, bank, recipe).weights)


@lru_cache(maxsize=32)
def arm(kind: str, count: int, training: int, seed: int) -> Proposer:
    """An arm by name: ours, or one of the source's. Once trained it is kept, so that studies share it."""
    path = own() / "arms" / f"{kind}-{count}-{training}-{seed}.npz"
    if kind == "edits":
        if not path.exists():
            save(path, taught(lessons(count, seed), training, seed).weights)
        return EditScorer("network", load(path), f"edits ({count})")
    from experiments.verisim.model.baselines import Size, rebuilt, train_baseline

    # A step of the flat arm costs several times a step of the others; it is given smaller batches.
    size = replace(Size(), steps=training, seed=seed, batch=8 if kind == "flat" else 32)
    if not path.exists():
        save(path, train_baseline(kind, WORLD, lessons(count, seed), size).weights())
    return rebuilt(kind, WORLD, load(path), size)


def shipped(world: str = "network", seed: int = 0) -> EditScorer:
    """Our arm as it is shipped."""
    return EditScorer(world, load(weights_of(world, seed)))


def line_up(preset: Preset) -> dict[str, list[Proposer]]:
    """Everyone, from nothing to the truth, in each training; what is the same for every seed stands once."""
    few, base = preset.transitions, preset.baseline

    def trained(kind: str, steps: int) -> list[Proposer]:
        return [arm(kind, few, steps, seed) for seed in range(preset.seeds)]

    return {
        "null": [Null()],
        EXIT_ONLY: [Succeeds(WORLD)],
        "flat": trained("flat", base),
        "graph": trained("graph", base),
        "graph+identity": trained("graph+identity", base),
        "edits, same data": trained("edits", preset.ours),
        "edits, shipped": [shipped()],
        "oracle": [OracleBacked(WORLD)],
    }
