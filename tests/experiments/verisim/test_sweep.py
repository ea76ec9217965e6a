"""A sweep over processes finds what one process after another finds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from experiments.verisim import places, sweep
from experiments.verisim.studies.kit import Preset
from nma13.errors import LabError


SMALL = Preset("small", transitions=10, seeds=2, rollouts=1, ours=5, baseline=7, more=((3, 2),))


def test_every_arm_a_study_needs_is_trained_once_the_long_ones_first() -> None:
    found = sweep.arms_for(["en1", "en4"], SMALL)
    assert len(found) == len(set(found)) == 16
    assert found[0][2] == max(steps for _, _, steps, _ in found)
    assert ("flat", 30, 14, 1) in found
    assert sweep.arms_for(["knee", "floor"], SMALL) == []
    assert len(sweep.arms_for(["en7"], SMALL)) == 8


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    lines = list(sweep.sweep(["knee"], SMALL, tmp_path / "two", 2))
    assert [line.split(":")[0] for line in lines] == ["knee"]
    sweep.study_one("knee", SMALL, tmp_path / "one")
    one, two = (places.results_of("knee", tmp_path / each).read_bytes() for each in ("one", "two"))
    assert one == two


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="not installed"):
        list(sweep.sweep(["knee"], SMALL, tmp_path, 1, "ray"))
