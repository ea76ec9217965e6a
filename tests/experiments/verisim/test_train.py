"""Weights and their manifest: trained again they are the same, and what is not the same is found out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.verisim import places, train
from experiments.verisim.model.learn import Recipe
from experiments.verisim.model.scorer import load, save
from nma13.errors import LabError

pytestmark = pytest.mark.slow

TINY = train.Course(rollouts=6, steps=10, starts=("empty",), recipe=Recipe(steps=12, batch=8, width=16))


@pytest.mark.parametrize("world", ["network", "filesystem"])
def test_trained_again_is_the_same(world: str, tmp_path: Path) -> None:
    told = train.ship(world, 3, tmp_path, TINY)
    found = train.check(world, 3, tmp_path, TINY)
    assert (found.same_data, found.furthest, found.differ) == (True, 0.0, 0.0)
    assert found.agrees
    assert {"course", "seed", "versions", "machine", "data_sha256", "cpu_seconds", "sha256"} <= told.keys()
    assert told == json.loads(places.manifest_of_weights(world, 3, tmp_path).read_text(encoding="utf-8")) | {
        "course": told["course"]
    }


def test_other_weights_do_not_agree(tmp_path: Path) -> None:
    train.ship("network", 3, tmp_path, TINY)
    path = places.weights_of("network", 3, tmp_path)
    rng = np.random.default_rng(0)
    save(path, {name: value + rng.normal(0, 2, value.shape).astype(np.float32) for name, value in load(path).items()})
    found = train.check("network", 3, tmp_path, TINY)
    assert found.same_data
    assert found.furthest > 1
    assert not found.agrees


def test_weights_of_another_recipe_are_not_compared(tmp_path: Path) -> None:
    train.ship("network", 3, tmp_path, TINY)
    with pytest.raises(LabError, match="another recipe"):
        train.check("network", 3, tmp_path, replace(TINY, steps=11))


@pytest.mark.parametrize("world", ["network", "filesystem"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_shipped_was_made_by_this_recipe_within_a_minute(world: str, seed: int) -> None:
    told = json.loads(places.manifest_of_weights(world, seed).read_text(encoding="utf-8"))
    course = train.COURSES[world]
    assert told["course"] == json.loads(json.dumps(train.asdict(course)))
    assert sum(told["cpu_seconds"].values()) <= 60


@pytest.mark.parametrize("world", ["network", "filesystem"])
def test_what_is_shipped_was_taught_on_what_the_oracle_says_today(world: str) -> None:
    told = json.loads(places.manifest_of_weights(world, 0).read_text(encoding="utf-8"))
    bank = train.bank_of(world, train.transitions_for(world, train.COURSES[world], 0))
    assert (bank.size, bank.digest()) == (told["questions"], told["data_sha256"])
