"""The commands: what is off is told in words, a result says what made it, and no file is left half or misnamed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.manifest import read_result, write_result
from experiments.nanoim import reproduce, shelf
from experiments.nanoim.__main__ import main
from experiments.nanoim.export import export
from experiments.nanoim.networks import load, save
from experiments.nanoim.studies import calibration
from experiments.nanoim.turns import ACTIONS
from nma13.errors import LabError, UsageError


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("generate --suite pilot", "is a recording"),
        ("generate --suite nowhere", "There is no suite 'nowhere'"),
        ("train --suite pilot", "0 traces of pilot"),
        ("train --suite mini --epochs 0", "0 passes"),
        ("lofo --suite pilot", "is a recording"),
        ("lofo --suite hard --policies nobody", "There is no policy nobody"),
        ("sweep --seeds three", "wants numbers"),
    ],
)
def test_words_that_are_off_are_told_so(words: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        main(words.split())


def test_a_file_that_is_no_network_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "wrong.npz").write_bytes(b"PK but no more")
    np.savez(tmp_path / "other.npz", numbers=np.ones(3))
    for name in ("missing.npz", "wrong.npz", "other.npz"):
        with pytest.raises(LabError, match="is not a network of this lab"):
            main(["eval", "--model", str(tmp_path / name)])


def test_a_seed_that_is_not_shipped_is_told_what_helps() -> None:
    with pytest.raises(LabError, match=r"--seed 5 and score it: \./lab nanoim eval --model FILE"):
        main(["eval", "--seed", "5"])


def test_nothing_is_scored_on_a_file_without_traces(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(UsageError, match="holds no trace"):
        main(["eval", "--policy", "rule_harness", "--data", str(tmp_path / "empty.jsonl")])


@pytest.mark.parametrize(
    ("words", "seed"),
    [(["--policy", "rule_harness"], None), (["--model", str(shelf.model_path("hard", "gru", 3))], 3), ([], 7)],
)
def test_a_scorecard_names_the_seed_of_what_was_scored(words: list[str], seed: int | None, tmp_path: Path) -> None:
    assert main(["eval", *words, "--out", str(tmp_path / "card.json")]) == 0
    assert read_result(tmp_path / "card.json")["manifest"]["seed"] == seed


def test_a_network_is_saved_under_just_the_name_it_was_given(tmp_path: Path) -> None:
    shipped = shelf.model_path("noisy", "transformer", 11)
    save(load(shipped), tmp_path / "one.model")
    assert [path.name for path in tmp_path.iterdir()] == ["one.model"]
    assert (tmp_path / "one.model").read_bytes() == shipped.read_bytes()


def test_the_times_kept_are_those_of_a_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "RESULTS", tmp_path)
    for part in ("models", "scorecards", "occlusions", "controls", "calibrations", "statistics"):
        monkeypatch.setattr(reproduce, part, lambda: None)
    for part in ("sweeps", "left_out", "by_meaning"):
        monkeypatch.setattr(reproduce, part, lambda workers: None)
    reproduce.everything(with_studies=False)
    assert not list(tmp_path.iterdir())
    reproduce.everything()
    assert len(read_result(tmp_path / "times.json")["seconds"]) == 9


def test_an_export_removes_nothing_that_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "work.txt").write_text("a year of work")
    write_result(tmp_path / "manifest.json", {"name": "an app of somebody"})
    with pytest.raises(LabError, match="holds other files"):
        export(tmp_path, lambda _: "")
    assert (tmp_path / "model" / "work.txt").read_text() == "a year of work"


class _Always:
    """Eight tenths sure of SPEAK, whatever it is asked."""

    name, sees = "always", "transcript"

    def decide(self, traces):  # type: ignore[no-untyped-def]
        rest = 0.2 / (len(ACTIONS) - 1)
        return [np.tile([0.8 if a == "SPEAK" else rest for a in ACTIONS], (len(t.turns), 1)) for t in traces]


def test_a_confidence_on_the_edge_of_two_bins_is_counted_once() -> None:
    found = calibration(_Always(), shelf.split_of("mini", "test"))  # type: ignore[arg-type]
    assert sum(row["traces"] for row in found["bins"]) == len(shelf.split_of("mini", "test"))
    assert found["ece"] == pytest.approx(abs(0.8 - found["accuracy"]))


@pytest.mark.parametrize("source", [["--suite", "mini"], ["--run", str(shelf.PILOT)]])
def test_a_page_of_one_pair_is_written_whole(source: list[str], tmp_path: Path) -> None:
    words = ["render", *source, "--out", str(tmp_path / "page.html")]
    assert main(words, draw=lambda view: f"{view.transcript}, {len(view.policies)} policies") == 0
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("User: ")
    assert page.endswith("7 policies")
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(LabError, match="one floor above"):
        main(words)
    with pytest.raises(UsageError, match="There is no pair 'nobody'"):
        main([*words, "--pair", "nobody"], draw=str)


def test_a_generated_suite_is_one_trace_a_line(tmp_path: Path) -> None:
    assert main(["generate", "--suite", "mini", "--out", str(tmp_path / "mini.jsonl")]) == 0
    lines = (tmp_path / "mini.jsonl").read_text().splitlines()
    assert [json.loads(line)["split"] for line in lines].count("test") == 40
