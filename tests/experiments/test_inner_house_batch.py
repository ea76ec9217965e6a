"""The batch runs real sessions in both conditions, says what they hang on, and goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.inner_house_batch import Batch, Problem, main, read_problems, run_condition
from experiments.manifest import read_result, write_result
from nma13.errors import UsageError
from nma13.inner_house import Asked

COLLISION = "I cannot keep my promise to my father and also keep my promise to my son."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text(f"{COLLISION}\n\n" + json.dumps({"id": "house", "text": "Do we sell the house?"}) + "\n")
    return path


def test_a_line_is_a_problem_or_a_json_object(source: Path) -> None:
    assert read_problems(source) == (Problem("1", COLLISION), Problem("house", "Do we sell the house?"))


def test_a_text_may_hold_a_line_separator(tmp_path: Path) -> None:
    (tmp_path / "source").write_text('{"text": "one\u2028two"}\n', "utf-8")
    assert read_problems(tmp_path / "source") == (Problem("1", "one\u2028two"),)


def test_a_mark_before_the_first_line_is_not_read_as_words(tmp_path: Path) -> None:
    (tmp_path / "source").write_text('{"id": "x", "text": "one"}\n', "utf-8-sig")
    assert read_problems(tmp_path / "source") == (Problem("x", "one"),)


def test_a_file_that_is_no_text_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="Nothing was run"):
        read_problems(tmp_path / "wrong")


def test_a_result_that_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    write_result(tmp_path / "results.json", {"rows": [1]})
    with pytest.raises(UnicodeEncodeError):
        write_result(tmp_path / "results.json", {"rows": ["\ud800"]})
    assert read_result(tmp_path / "results.json") == {"rows": [1]}
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        '{"id": 1}',
        '{"text": null}',
        pytest.param('{"a":' * 100_000, id="deep"),
        '{"text": "a", "id": "x"}\n{"text": "b", "id": "x"}',
        "{",
    ],
)
def test_a_file_that_makes_no_sense_runs_nothing(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "wrong").write_text(wrong)
    with pytest.raises(UsageError, match="Nothing was run"):
        read_problems(tmp_path / "wrong")


def test_only_the_terrain_differs_between_the_conditions(source: Path, tmp_path: Path) -> None:
    asked: dict[str, list[Asked]] = {}
    batch = Batch(source, tmp_path / "out", "scripted:", 5, 60.0, tmp_path)
    for condition in ("cold_start", "terrain_informed"):
        seen = asked.setdefault(condition, [])
        run_condition(condition, read_problems(source), batch, lambda _, how, __, seen=seen: _done(seen, how))
    assert [how.terrain for how in asked["cold_start"]] == [False, False]
    assert [how.terrain for how in asked["terrain_informed"]] == [True, True]
    assert [how.seed for how in asked["cold_start"]] == [how.seed for how in asked["terrain_informed"]] == [5, 6]


def test_what_was_finished_is_not_deliberated_again_and_nothing_is_mixed(source: Path, tmp_path: Path) -> None:
    problems = read_problems(source)
    batch = Batch(source, tmp_path / "out", "scripted:", 5, 60.0, tmp_path)
    first: list[Asked] = []
    run_condition("cold_start", problems[:1], batch, lambda _, how, __: _done(first, how))
    second: list[Asked] = []
    run_condition("cold_start", problems, batch, lambda _, how, __: _done(second, how))
    assert [how.seed for how in second] == [6]
    other = Batch(source, tmp_path / "out", "scripted:", 9, 60.0, tmp_path)
    with pytest.raises(UsageError, match="another model, seed or version"):
        run_condition("cold_start", problems, other, lambda _, how, __: _done(second, how))


def test_a_real_session_through_the_command(tmp_path: Path, data_folder: Path) -> None:
    one = tmp_path / "one.txt"
    one.write_text(COLLISION)
    words = [str(one), "--condition", "cold_start", "--model", "scripted:", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    result = read_result(tmp_path / "out" / "cold_start" / "results.json")
    row = result["rows"][0]
    assert (row["status"], row["outputs"], row["terrain_given"]) == ("done", 21, 0)
    assert row["friction_type"] == "IRREDUCIBLE"  # the gates' floor
    assert result["manifest"]["data"].startswith("sha256:")
    assert result["sums"]["done"] == 1


def _done(seen: list[Asked], how: Asked) -> dict[str, Any]:
    seen.append(how)
    return {
        "status": "done", "friction_type": "NONE", "resolution_source": "model", "outputs_withheld": 0,
        "outputs_flagged": 0, "terrain_given": 0, "seconds": 1.0,
    }  # fmt: skip
