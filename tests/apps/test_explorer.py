"""The explorer's parts without a browser: the stage, its drawing, the curves, running a study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.explorer import drawing, results, running, stage
from experiments.verisim.studies import STUDIES
from experiments.verisim.studies.kit import Row
from experiments.verisim.worlds import WORLDS
from nma13.errors import UsageError


@pytest.mark.parametrize("world", WORLDS)
def test_the_truth_proposed_never_drifts_and_nothing_proposed_does(world: str) -> None:
    true = stage.play(stage.opened(world), stage.ORACLE, 12)
    assert true["truth"] == true["belief"]
    assert all(step["exact"] and step["divergence"] == 0 for step in true["trace"])
    lost = stage.play(stage.opened(world), stage.NOTHING, 12)
    assert lost["truth"] == true["truth"]
    assert lost["trace"][-1]["divergence"] > 0
    found = stage.asked(lost)
    assert found["belief"] == found["truth"]
    assert found["trace"][-1]["asked"]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("who", [stage.ORACLE, stage.NOTHING])
def test_drawings_mark_what_is_wrong(world: str, who: str) -> None:
    drawn = drawing.stage(stage.play(stage.opened(world), who, 12))
    assert ("wrong" in drawn or "missing" in drawn or "bad" in drawn) == (who == stage.NOTHING)
    assert "not right" in drawn if who == stage.NOTHING else "exactly right" in drawn


def test_a_long_walk_is_counted_whole_and_goes_on_drawing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "LONGEST", 5)
    there = stage.play(stage.opened(), stage.NOTHING, 12)
    first = there["lost_at"]
    assert first is not None
    assert f"Steps: 12; faithful for the first {first - 1};" in drawing.stage(there)
    assert len({step["line"] for step in there["trace"]}) > 1
    assert "consultations: 1" in drawing.stage(stage.asked(stage.asked(there)))


def test_a_line_that_is_no_action_is_told() -> None:
    with pytest.raises(UsageError, match="no action"):
        stage.act(stage.opened(), "<script>", stage.ORACLE)


def test_what_is_typed_is_shown() -> None:
    there = stage.act(stage.opened("filesystem", 5, "small"), "mkdir /x", stage.ORACLE)
    assert "mkdir /x" in drawing.stage(there)


def test_the_shipped_arm_needs_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    there = stage.play(stage.opened(), stage.SHIPPED, 10)
    assert all(step["exact"] for step in there["trace"])


def test_every_result_is_told_with_what_the_source_found(tmp_path: Path) -> None:
    shown = results.at_a_glance(tmp_path)
    for name in results.available(tmp_path):
        assert f'id="study-{name}"' in shown
    assert "The source: " in shown


def test_curves_can_be_read_between_two_budgets(tmp_path: Path) -> None:
    shown = results.curves("horizon", next(iter(results.GRADES)), "belief", 0.15, tmp_path)
    assert "at ρ = 0.15" in shown
    assert "oracle" in shown


def test_every_column_of_a_studys_rows_has_its_name(tmp_path: Path) -> None:
    shown = results.rows_of("floor", tmp_path)
    assert re.findall("<th [^>]*>([^<]*)", shown) == list(Row._fields)
    assert shown.count("<td>") % len(Row._fields) == 0
    assert "name medium" in shown
    assert "{" not in shown


@pytest.mark.parametrize("view", ["lines", "heat map", "3-D"])
def test_the_surface_is_drawn_three_ways(view: str, tmp_path: Path) -> None:
    figure = results.surface_plot("exact deltas", view, ["tree", "gnp"], tmp_path)
    assert len(figure.data) == (2 if view == "lines" else 1)


def test_a_study_that_does_not_exist_is_not_run(tmp_path: Path) -> None:
    told = list(running.run("../etc", "smoke", tmp_path))
    assert len(told) == 1
    assert "Nothing was run" in told[0]


def test_without_torch_only_what_does_not_train_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.importlib.util, "find_spec", lambda _: None)
    assert [name for name in STUDIES if running.can_run(name)] == ["floor", "knee", "surface"]
    assert "./lab setup --all" in re.sub("<[^>]+>", "", next(running.run("en1", "smoke", Path())))


def test_a_study_with_much_to_say_comes_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a pipe holds: nobody reads while it runs."""
    talkative = tmp_path / "python"
    talkative.write_text("#!/bin/sh\nseq 1 60000\necho the last word\nexit 1\n")
    talkative.chmod(0o700)
    monkeypatch.setattr(running.sys, "executable", str(talkative))
    *_, told = running.run("floor", "smoke", tmp_path)
    assert "did not finish" in told
    assert "the last word" in told
