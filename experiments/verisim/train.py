"""Training our arm: one command, a minute of one core, data made on the spot by the oracle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from experiments.verisim.factory import Transition, varied
from experiments.verisim.model.learn import Recipe, Trained, train
from experiments.verisim.model.queries import Bank
from experiments.verisim.model.scorer import CODECS, save
from experiments.verisim.places import SHIPPED, weights_of
from experiments.verisim.worlds import make_world


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


def train_arm(world: str, seed: int = 0, course: Course | None = None) -> Trained:
    """Weights for a world, from nothing."""
    course = course or COURSES[world]
    bank = bank_of(world, transitions_for(world, course, seed))
    return train(CODECS[world].LAYOUT, bank, replace(course.recipe, seed=seed))


def ship(world: str, seed: int, folder: Path = SHIPPED, course: Course | None = None) -> Trained:
    """Train, and keep the weights beside a manifest that says how they came about."""
    course = course or COURSES[world]
    found = train_arm(world, seed, course)
    path = weights_of(world, seed, folder)
    save(path, found.weights)
    told = {
        "world": world,
        "seed": seed,
        "course": asdict(course),
        "parameters": sum(value.size for value in found.weights.values()),
        "cpu_seconds": round(found.seconds, 1),
        "loss": round(sum(found.losses[-100:]) / min(100, len(found.losses)), 6),
        "sha256": sha256(path.read_bytes()).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return found
