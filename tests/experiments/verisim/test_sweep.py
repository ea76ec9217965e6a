"""A sweep over processes finds what one process would find."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.verisim import places, sweep
from experiments.verisim.model.scorer import load
from experiments.verisim.studies import arms
from experiments.verisim.studies.kit import Preset
from nma13.errors import LabError

pytestmark = pytest.mark.slow

SMALL = Preset("small", transitions=10, seeds=2, rollouts=1, ours=5, baseline=7, more=((3, 2),))


def test_every_arm_a_study_needs_is_trained_once_the_long_ones_first() -> None:
    found = sweep.arms_for(["en1", "en4"], SMALL)
    assert len(found) == len(set(found)) == 16
    assert found[0][2] == max(steps for _, _, steps, _ in found)
    assert ("flat", 30, 14, 1) in found
    assert sweep.arms_for(["knee", "floor"], SMALL) == []
    assert len(sweep.arms_for(["en7"], SMALL)) == 8
    assert sweep.arms_for(["en1"], SMALL) == [("flat", 10, 7, 0), ("flat", 10, 7, 1)]


def noted(folder: Path, number: int) -> str:
    if number == 0:
        raise LabError("the first fails")
    time.sleep(0.2)
    (folder / str(number)).touch()
    return str(number)


def test_after_one_failure_nothing_new_is_begun(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="the first fails"):
        list(sweep.local(noted, [(tmp_path, number) for number in range(12)], 1))
    assert len(list(tmp_path.iterdir())) < 6


def test_arms_trained_by_two_processes_are_those_one_would_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    tasks = [("edits", 40, 5, 0), ("edits", 40, 5, 1)]
    assert len(list(sweep.local(sweep.train_one, tasks, 2))) == 2
    for kind, count, training, seed in tasks:
        kept = load(places.own() / "arms" / f"{kind}-{count}-{training}-{seed}.npz")
        alone = arms.taught(arms.lessons(count, seed), training, seed).weights
        assert all(np.array_equal(kept[name], alone[name]) for name in alone)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="not installed"):
        list(sweep.sweep(["knee"], SMALL, tmp_path, 1, "ray"))
