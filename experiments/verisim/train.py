"""Training our arm: one command, a minute of one core, data made on the spot by the oracle.

What is shipped is what this recipe gives. On the same versions of Python, NumPy and PyTorch the weights come out the
same to the last bit; elsewhere the order of a sum may differ, so `check` also allows the same answers: of the
questions of rollouts nobody was trained on, no more than `TOLERANCE` may be answered differently.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from experiments.manifest import read_result, versions, write_whole
from experiments.verisim.factory import Plan, Transition, transitions, varied
from experiments.verisim.model.learn import Recipe, train
from experiments.verisim.model.queries import Bank
from experiments.verisim.model.scorer import CODECS, EditScorer, load, save
from experiments.verisim.places import SHIPPED, manifest_of_weights, weights_of
from experiments.verisim.proposers import predict
from experiments.verisim.studies.kit import machine
from experiments.verisim.worlds import make_world
from nma13.errors import LabError

TOLERANCE = 0.002


@dataclass(frozen=True, slots=True)
class Course:
    """What a world's arm is taught on. Networks are small ones: larger ones are never seen in training."""

    hosts: tuple[int, ...] = (5,)
    rollouts: int = 250
    steps: int = 100
    starts: tuple[str, ...] = ("empty",)
    recipe: Recipe = field(default_factory=Recipe)


COURSES: dict[str, Course] = {
    "network": Course(
        starts=("empty", "islands", "line", "star", "tree", "fat-tree", "gnp", "small-world", "islands"),
        recipe=Recipe(steps=4000),
    ),
    "filesystem": Course(starts=("empty", "small"), rollouts=200, recipe=Recipe(steps=3000, rounds=6)),
}


def transitions_for(world: str, course: Course, seed: int) -> list[Transition]:
    """The training data; no evaluation ever draws from these names."""
    found: list[Transition] = []
    for hosts in course.hosts:
        each = course.rollouts // len(course.hosts)
        found += varied(make_world(world, hosts), each, course.steps, course.starts, f"train/{seed}/{hosts}")
    return found


def bank_of(world: str, steps: list[Transition]) -> Bank:
    codec = CODECS[world]
    return Bank([codec.lay_out(step.state, step.action, step.delta) for step in steps])


def ship(world: str, seed: int, folder: Path = SHIPPED, course: Course | None = None) -> dict[str, Any]:
    """Train, and keep the weights beside a manifest that says how they came about; the manifest is handed back."""
    course = course or COURSES[world]
    began = time.process_time()
    bank = bank_of(world, transitions_for(world, course, seed))
    made = time.process_time() - began
    found = train(CODECS[world].LAYOUT, bank, replace(course.recipe, seed=seed))
    path = weights_of(world, seed, folder)
    save(path, found.weights)
    told = {
        "world": world,
        "seed": seed,
        "course": asdict(course),
        "questions": bank.size,
        "data_sha256": bank.digest(),
        "parameters": sum(value.size for value in found.weights.values()),
        "cpu_seconds": {"data": round(made, 1), "training": round(found.seconds, 1)},
        "loss": round(sum(found.losses[-100:]) / min(100, len(found.losses)), 6),
        "sha256": sha256(path.read_bytes()).hexdigest(),
        "machine": machine(),
        "versions": versions(),
        "again": f"./lab verisim train {world} --seed {seed} --check",
    }
    write_whole(manifest_of_weights(world, seed, folder), json.dumps(told, indent=1, sort_keys=True) + "\n")
    return told


@dataclass(frozen=True, slots=True)
class Again:
    """How weights trained anew compare with those that are kept."""

    same_data: bool
    furthest: float
    """The largest difference of one weight; 0 where both are the same to the last bit."""
    differ: float
    """The share of held-out questions that both answer differently."""

    @property
    def agrees(self) -> bool:
        return self.same_data and self.differ <= TOLERANCE


def check(world: str, seed: int, folder: Path = SHIPPED, course: Course | None = None) -> Again:
    """Train again from nothing, and compare with what is kept."""
    course = course or COURSES[world]
    kept = weights_of(world, seed, folder)
    old = load(kept)
    told = read_result(manifest_of_weights(world, seed, folder))
    if told.get("course") != json.loads(json.dumps(asdict(course))):
        raise LabError(f"The weights {kept.name} were made by another recipe than today's. Nothing was changed.")
    bank = bank_of(world, transitions_for(world, course, seed))
    new = train(CODECS[world].LAYOUT, bank, replace(course.recipe, seed=seed)).weights
    furthest = max(float(abs(new[name] - old[name]).max()) for name in old)
    one, other = (answers(world, EditScorer(world, weights)) for weights in (old, new))
    differ = sum(a != b for a, b in zip(one, other, strict=True)) / len(one)
    return Again(bank.digest() == told["data_sha256"], furthest, differ)


def answers(world: str, arm: EditScorer) -> list[Any]:
    """What an arm says to hundreds of questions (network 960, filesystem 768) of rollouts it was not trained on."""
    made = make_world(world, 5)
    steps = transitions(made, Plan(made.drivers, ("empty", made.starts[-1]), (300, 301), 48, "again"))
    return [told.delta for told in predict(arm, [(step.state, step.action) for step in steps])]
