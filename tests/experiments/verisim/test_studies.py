"""Studies: rows, verdicts and figures are one; what is shipped is made again byte for byte from its CSV."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments.verisim import places, report
from experiments.verisim.__main__ import summary
from experiments.verisim.model.queries import Bank
from experiments.verisim.studies import STUDIES, arms, curves, latent, learning, objective, study, surface
from experiments.verisim.studies.figures import draw
from experiments.verisim.studies.kit import PRESETS, Preset, Row, Verdict, conduct, manifest, over_seeds, point, read
from experiments.verisim.sweep import arms_for
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Edit, generator
from nma13.errors import LabError, UsageError

pytestmark = pytest.mark.slow

SHIPPED = report.shipped()
TINY = Preset("tiny", 40, 2, 2, 8, 15, 8, 3, ((2, 1),), (8,), (5,), (5,), 2)


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


def test_a_page_without_its_marks_is_not_overwritten() -> None:
    for page in ("", "A page.", f"A page.\n{report.BEGIN}\nand all that follows"):
        with pytest.raises(LabError, match="not changed"):
            report.page_with(page)
    assert report.page_with(f"a{report.BEGIN}b{report.END}c") == f"a{report.block()}c"


def test_a_run_that_cannot_be_judged_leaves_the_earlier_one_whole(tmp_path: Path) -> None:
    rows = [point("p", "a", 0.5, [value]) for value in (0.5, 0.7)]
    fine = replace(STUDIES["knee"], run=lambda _: rows[:1], verdict=lambda _: Verdict("held", "so it is"))
    conduct(fine, TINY, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(ZeroDivisionError):
        conduct(replace(fine, run=lambda _: rows[1:], verdict=lambda found: 1 // 0), TINY, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    assert len(before) == 3


@pytest.mark.parametrize("name", ["floor", "surface"])
def test_without_weights_nothing_is_claimed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "weights_of", lambda world, seed: tmp_path / f"{world}-{seed}.npz")
    with pytest.raises(LabError, match="needs the weights"):
        STUDIES[name].run(TINY)


@pytest.mark.parametrize("name", ["en2b", "en3", "en4", "en5", "en6", "en8", "en8b", "en9", "en10", "surface"])
def test_a_study_runs_from_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    arms.arm.cache_clear()
    rows = conduct(STUDIES[name], TINY, tmp_path)
    assert read(name, tmp_path) == rows
    assert manifest(name, tmp_path)["verdict"] in ("held", "refuted", "mixed")
    ElementTree.fromstring(places.figure_of(name, tmp_path).read_text(encoding="utf-8"))
    if name != "en2b":  # which trains arms of its own
        trained = {path.stem for path in (places.own() / "arms").glob("*.npz")}
        assert trained == {"-".join(map(str, each)) for each in arms_for([name], TINY)}
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


def test_an_exit_code_is_no_host() -> None:
    assert learning.named((Edit("exit", (0,)),)) is None
    assert learning.named((Edit("clock", ()), Edit("exit", (0,)))) is None
    assert learning.named((Edit("link_add", (0, 3)), Edit("exit", (0,)))) == 0
    assert learning.named(()) is None


def test_counterfactuals_are_where_the_oracle_leads() -> None:
    found = learning.counterfactuals(40, 0)
    assert len(found) > 120
    assert all(learning.WORLD.step(step.state, step.action).state == step.after for step in found)


def test_negatives_are_never_the_truth() -> None:
    rng, world = generator("test"), make_world("network", 5)
    for step in latent.steps_for(5, "eval", 20)[:10]:
        roads, wrong = latent.negatives(world, step, rng)
        assert len(roads) + len(wrong) > 16
        assert step.after not in [*roads, *wrong]


def test_as_many_negatives_are_drawn_as_are_wanted() -> None:
    model = latent.Predictor(latent.Cell(5, negatives=8))
    rng = generator("test")
    assert len(model.drawn((range(16), range(16, 32)), rng)) == 8
    assert len(set(model.drawn((range(2), range(2, 10)), rng))) == 8
    assert len(model.drawn((range(1), range(1, 3)), rng)) == 8


def test_what_is_hidden_is_not_shown() -> None:
    found = objective.hidden(5, 0.5, "eval", 3)
    seen = found.nodes[:, :, -1]
    assert (seen.sum(1) == 2).all()
    dark = seen == 0
    assert (found.nodes[dark][:, : 1 + 3 + 5] == 0).all()
    off = found.adjacent * (1 - seen[:, None, :, None] * seen[:, None, None, :])
    assert all((each - each.diag().diag() == 0).all() for step in off for each in step)
    assert 0 < found.residual.mean() < 1


def test_an_interval_over_seeds_is_wider_than_one_over_their_rollouts() -> None:
    groups = [[0.1, 0.2, 0.1, 0.2] * 5, [0.8, 0.9, 0.8, 0.9] * 5, [0.4, 0.5, 0.4, 0.5] * 5]
    row = over_seeds("p", "a", 1, groups)
    plain = point("p", "a", 1, [each for group in groups for each in group])
    assert (row.seeds, row.n, row.mean) == (3, 60, plain.mean)
    assert row.high - row.low > 1.5 * (plain.high - plain.low)


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(UsageError, match="no study"):
        study("en99")
    with pytest.raises(LabError, match="no results"):
        read("en99")
