"""Sheets, scenes, learners and gates of the study of meaning; grades here are made up, never those handed in."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.nanoim import annotation, generalise, learners, meaning, shelf, unseen
from experiments.nanoim.annotation import IDENTITY, State, agreement, alpha, read_sheet, sheets, states
from experiments.nanoim.families import DECOYS, HARD, vocabulary
from experiments.nanoim.features import Floats
from experiments.nanoim.generalise import leave_out, taa_psr, world
from experiments.nanoim.learners import Learner
from experiments.nanoim.scenes import descriptions, ordinal, scenes
from experiments.nanoim.turns import ACTIONS
from experiments.nanoim.unseen import Gate
from nma13.errors import LabError, UsageError

pytestmark = pytest.mark.slow


def made_up(seed: int = 0) -> dict[State, Floats]:
    rng = np.random.default_rng(seed)
    return {state: rng.choice([-1, -0.5, 0, 0, 0, 0, 0.5, 1], 14) for state in states()}


def hand_in(folder: Path, reader: str, grades: dict[State, Floats]) -> Path:
    """A filled-in sheet from the shipped template."""
    lines = (annotation.FOLDER / "template.csv").read_text(encoding="utf-8").splitlines()
    filled = [lines[0]]
    for line in lines[1:]:
        number, stream, value = line.split(",")[:3]
        filled.append(",".join([number, stream, value, *(f"{grade:g}" for grade in grades[stream, value])]))
    path = folder / f"{reader}.csv"
    path.write_text("\n".join(filled) + "\n", encoding="utf-8")
    return path


def test_the_sheet_shows_neither_families_nor_actions_nor_pairs() -> None:
    sheet = (annotation.FOLDER / "sheet.md").read_text(encoding="utf-8")
    for family in HARD:
        assert family.name not in sheet
        assert family.title not in sheet
    for action in ACTIONS:
        assert action not in sheet
    for line in descriptions()["actions"].values():
        assert line not in sheet


def test_every_state_and_action_has_its_line_and_the_template_asks_for_all() -> None:
    told = descriptions()
    assert {stream: set(told[stream]) for stream in vocabulary()} == {s: set(v) for s, v in vocabulary().items()}
    assert tuple(told["actions"]) == ACTIONS
    template = (annotation.FOLDER / "template.csv").read_text(encoding="utf-8").splitlines()
    assert {tuple(line.split(",")[1:3]) for line in template[1:]} == set(states())
    assert set(meaning.poles()) == set(template[0].split(",")) - set(IDENTITY)


def test_a_sheet_is_checked_cell_by_cell(tmp_path: Path) -> None:
    path = hand_in(tmp_path, "annotator_9", made_up())
    assert read_sheet(path).matrix().shape == (46, 14)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",0.5", ",0.7", 1), encoding="utf-8")
    with pytest.raises(LabError, match="is no grade"):
        read_sheet(path)
    path.write_text("\n".join(text.splitlines()[:-1]), encoding="utf-8")
    with pytest.raises(LabError, match="45 rows for 46 states"):
        read_sheet(path)


def test_sheets_with_other_columns_are_not_put_together(tmp_path: Path) -> None:
    hand_in(tmp_path, "annotator_1", made_up())
    other = hand_in(tmp_path, "annotator_2", made_up())
    other.write_text(other.read_text(encoding="utf-8").replace("voice", "tone", 1), encoding="utf-8")
    with pytest.raises(LabError, match="grades other columns"):
        sheets(tmp_path)
    other.write_text("nothing\nhere\n", encoding="utf-8")
    with pytest.raises(LabError, match="first line"):
        sheets(tmp_path)


def test_alpha_is_one_for_equals_and_near_zero_for_strangers() -> None:
    rng = np.random.default_rng(1)
    same = rng.choice([-1.0, 0.0, 1.0], 400)
    assert alpha(np.stack([same, same, same])) == 1
    assert abs(alpha(rng.choice([-1.0, 0.0, 1.0], (3, 400))) or 0) < 0.1
    assert alpha(np.zeros((3, 10))) is None


def test_alpha_by_hand() -> None:
    """Two readers, two units: (0, 0) and (0, 1). Observed 1/2; expected over all 12 ordered pairs 6/12."""
    assert alpha(np.array([[0.0, 0.0], [0.0, 1.0]])) == 0


def test_agreement_of_a_reader_with_himself(tmp_path: Path) -> None:
    for number in (1, 2):
        hand_in(tmp_path, f"annotator_{number}", made_up())
    found = agreement(sheets(tmp_path))
    assert found["alpha"] == 1
    assert found["pairs"]["annotator_1 and annotator_2"]["same_grade"] == 1
    assert found["pairs"]["annotator_1 and annotator_2"]["opposite_signs"] == 0


def test_time_is_a_scale_without_a_threshold() -> None:
    assert [ordinal(ms) for ms in (0, 100, 400, 1600, 9000)] == [-1, -1, 0, 1, 1]
    assert ordinal(300) < ordinal(500) < ordinal(700)


def test_a_scene_is_its_difference_from_idle_and_carries_no_name() -> None:
    grades = made_up()
    for stream, passing in DECOYS.items():
        grades |= {(stream, value): grades[stream, "none"] for value in passing}
    rows = scenes(shelf.split_of("hard", "test"), grades, critical_only=True)
    silent = [i for i, name in enumerate(rows.traces) if "yield" in name and name.endswith("/b")]
    assert (rows.what[silent] == 0).all()  # silence for a long time is the idle scene itself
    again = scenes(shelf.split_of("hard", "test"), {s: g + 3 for s, g in grades.items()}, critical_only=True)
    np.testing.assert_allclose(rows.what, again.what)


@pytest.mark.parametrize("learner", [*learners.GRID, *learners.LINES, *learners.STEPWISE], ids=lambda one: one.name)
def test_every_learner_learns_what_it_is_shown(learner: Learner) -> None:
    here = world("hard", made_up(), 7)
    predict = learners.fit(learner, here.train, 7)
    rows = here.train.part(here.train.critical)
    assert (predict(rows).argmax(-1) == rows.actions).mean() > 0.8
    np.testing.assert_allclose(predict(here.test).sum(-1), 1)


def test_a_gate_opens_only_where_an_action_was_never_shown() -> None:
    here = world("hard", made_up(), 7)
    always = Gate("uncovered", -1.0)
    assert not unseen.dare(always, here.test, here.train, here.action_lines).opened.any()
    shown = here.train.part(~here.train.of(["approval_interruption"]))
    dared = unseen.dare(always, here.test, shown, here.action_lines)
    assert dared.opened.all()
    assert set(dared.actions) == {ACTIONS.index("REQUEST_APPROVAL")}
    assert not unseen.dare(Gate(), here.test, shown, here.action_lines).opened.any()
    more = np.concatenate([here.action_lines, generalise.decoy_lines()])
    assert len(set(unseen.dare(always, here.test, shown, more).actions)) > 1


def test_what_was_shown_is_covered_and_near() -> None:
    here = world("hard", made_up(), 7)
    np.testing.assert_allclose(unseen.uncovered(here.train, here.train), 0)
    np.testing.assert_allclose(unseen.far(here.train, here.train), 0, atol=1e-6)
    shown = here.train.part(~here.train.of(["barge_in_recovery"]))
    left = here.train.part(here.train.of(["barge_in_recovery"]) & here.train.critical)
    assert unseen.far(left, shown).mean() > 0.1


def test_pairs_stand_next_to_each_other() -> None:
    rows = world("hard", made_up(), 7).test
    names = [name.rpartition("/") for name in rows.traces]
    assert all(a[0] == b[0] and (a[2], b[2]) == ("a", "b") for a, b in zip(names[::2], names[1::2], strict=True))
    assert taa_psr(rows, rows.actions) == (1, 1)
    assert taa_psr(rows, np.repeat(rows.actions[::2], 2)) == (0.5, 0)


def test_a_family_is_left_out_of_everything_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done to the left-out family's own rows, what is chosen for it stays the same."""
    monkeypatch.setattr(learners, "STEPS", 20)
    gates = (Gate(), Gate("far", 0.5))
    here = world("hard", made_up(), 7)
    usual = leave_out(here, 7, gates=gates, grid=learners.GRID[:2])
    spoiled = here.train.what.copy()
    spoiled[here.train.of(["yield_detection"])] *= -5
    changed = leave_out(replace(here, train=replace(here.train, what=spoiled)), 7, gates=gates, grid=learners.GRID[:2])
    assert changed["yield_detection"] == usual["yield_detection"]
    assert set(usual) == set(here.families)


def test_the_whole_study_runs_on_made_up_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        hand_in(tmp_path, f"annotator_{number}", made_up(number))
    shutil.copy(annotation.FOLDER / "sheet.md", tmp_path)
    monkeypatch.setattr(annotation, "FOLDER", tmp_path)
    monkeypatch.setattr(meaning, "FOLDER", tmp_path)
    monkeypatch.setattr(annotation.sheets, "__defaults__", (tmp_path,))
    monkeypatch.setattr(learners, "GRID", learners.GRID[:1])
    monkeypatch.setattr(learners, "STEPS", 3)
    monkeypatch.setattr(meaning, "CONTROLS", ("decoy_actions", "shuffled_states", "noise_0.5"))
    monkeypatch.setattr(unseen, "GATES", unseen.GATES[:2])
    monkeypatch.setattr(generalise.leave_out, "__defaults__", (None, unseen.GATES[:2], learners.GRID[:1]))
    monkeypatch.setattr(meaning, "DESIGNS", {"lines": learners.LINES[:1]})
    found = meaning.study("hard", (3,))
    readers = {"annotator_1", "annotator_2", "mean"}
    assert set(found["policies"]) == {*readers, "words", *(f"lines:{reader}" for reader in readers)}
    assert set(found["hindsight"]) == readers
    assert set(meaning.CONTROLS) < set(found["controls"])
    assert set(found["without"]) == {"nothing", *meaning.poles()}
    assert set(found["one_attribute_alone"]) == set(meaning.poles())


def test_models_trained_together_are_the_models_trained_apart() -> None:
    """None sees a row outside its mask."""
    here = world("hard", made_up(), 7)
    masks = np.array([~here.train.of([family]) for family in here.families[:2]])
    for learner in (learners.GRID[0], learners.GRID[-1], learners.LINES[0], learners.STEPWISE[0]):
        together = learners.fit_many(learner, here.train, masks, 7)
        for mask, predict in zip(masks, together, strict=True):
            alone = learners.fit(learner, here.train.part(mask), 7)
            np.testing.assert_allclose(predict(here.test), alone(here.test), atol=1e-4)


def test_runs_that_are_kept_are_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, str, int]] = []
    monkeypatch.setattr(meaning, "_one", lambda job: made.append(job) or {"family": {"taa": 1.0}})
    for _ in range(2):
        assert meaning._kept(tmp_path, ("hard", "lines:mean", 3)) == {"family": {"taa": 1.0}}
    assert made == [("hard", "lines:mean", 3)]


def test_runs_of_another_study_are_not_taken_for_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meaning._refuse_to_mix(tmp_path, "hard")
    meaning._refuse_to_mix(tmp_path, "hard")
    monkeypatch.setattr(learners, "GRID", learners.GRID[:1])
    with pytest.raises(UsageError, match="made with other words"):
        meaning._refuse_to_mix(tmp_path, "hard")
