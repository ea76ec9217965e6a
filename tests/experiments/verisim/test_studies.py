"""Studies: rows, verdicts and figures are one; what is shipped is made again byte for byte from its CSV."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments.verisim import places, report
from experiments.verisim.__main__ import summary
from experiments.verisim.model.queries import Bank
from experiments.verisim.studies import STUDIES, arms, curves, learning, selfsup, study
from experiments.verisim.studies.figures import draw
from experiments.verisim.studies.kit import PRESETS, Preset, Row, conduct, manifest, point, read
from nma13.errors import LabError, UsageError

SHIPPED = report.shipped()
TINY = Preset("tiny", 40, 1, 2, 8, 15, 8, 3, (5,), (5,))


def test_something_is_shipped() -> None:
    assert {"floor", "knee", "surface"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_figure_is_its_rows_and_nothing_else(name: str) -> None:
    rows, told = read(name), manifest(name)
    assert places.figure_of(name).read_text(encoding="utf-8") == draw(STUDIES[name], rows)
    assert sha256(places.results_of(name).read_bytes()).hexdigest() == told["sha256"]
    said = STUDIES[name].verdict(rows)
    assert (told["verdict"], told["why"]) == (said.word, said.why)
    assert {"preset", "versions", "cpu_seconds"} <= told.keys()


def test_the_page_says_what_the_results_say() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert page == report.page_with(page)


def test_the_floor_is_told_under_the_names_programs_ask_for() -> None:
    told = summary()["floor"]
    assert set(told) == {
        "delta_exact_5", "full_horizon_share_24", "mean_h0_400", "median_h0_100_at_50", "median_h0_100_at_500",
        "exact_50", "exact_500", "fs_delta_exact", "fs_h0_48",
    }  # fmt: skip
    assert told["delta_exact_5"] > 0.9995


@pytest.mark.parametrize("path", sorted(places.SHIPPED.glob("weights/*.npz")), ids=lambda path: path.stem)
def test_shipped_weights_are_those_of_their_manifest(path: Path) -> None:
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert told["parameters"] < 60_000


@pytest.mark.parametrize("name", ["en3", "en5", "en6", "en8", "en9", "en10", "surface"])
def test_a_study_runs_from_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    arms.arm.cache_clear()
    rows = conduct(STUDIES[name], TINY, tmp_path)
    assert read(name, tmp_path) == rows
    assert manifest(name, tmp_path)["verdict"] in ("held", "refuted", "mixed")
    ElementTree.fromstring(places.figure_of(name, tmp_path).read_text(encoding="utf-8"))
    arms.arm.cache_clear()


def test_presets_grow() -> None:
    sizes = [(preset.rollouts, preset.steps, preset.ours) for preset in PRESETS.values()]
    assert sizes == sorted(sizes)


def test_curves_bend_up_for_a_knee_and_down_for_a_cliff() -> None:
    def rows(values: list[float]) -> list[Row]:
        return [point("p", "a", rho, [value]) for rho, value in zip(curves.RHOS, values, strict=True)]

    assert curves.bend(rows([0, 0.8, 0.9, 0.95, 1, 1]), "p", "a") > 0.3
    assert curves.bend(rows([0, 0, 0, 0, 0, 1]), "p", "a") < -0.2


def test_healing_learns_from_what_was_revealed() -> None:
    steps = learning.lessons(40, 0)
    arm = learning.taught(steps, 5, 0)
    healing = learning.Healing(arm, replay=True)
    before = dict(healing.arm.weights)
    healing.learn(*steps[0][:3])
    assert any((healing.arm.weights[name] != before[name]).any() for name in before)
    assert all((arm.weights[name] == before[name]).all() for name in before)
    assert Bank([learning.CODEC.lay_out(*steps[0][:3])]).size == 1


def test_counterfactuals_are_actions_nobody_took() -> None:
    found = learning.counterfactuals(40, 0)
    assert len(found) > 120
    assert all(learning.WORLD.step(step.state, step.action).state == step.after for step in found)


def test_negatives_are_never_the_truth() -> None:
    model = selfsup.Predictor(selfsup.Cell(5, negatives=8))
    rng = selfsup.generator("test")
    for step in selfsup.steps_for(5, "eval", 20)[:10]:
        row = model.against(step, rng)
        assert len(row) == 9
        assert row[0] == step.after
        assert all(other != step.after for other in row[1:])


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(UsageError, match="no study"):
        study("en99")
    with pytest.raises(LabError, match="no results"):
        read("en99")
