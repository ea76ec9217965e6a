"""What is shipped holds: the contract, the manifests, and the tables of the page drawn from the result files."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.manifest import file_hash, read_result
from experiments.nanoim import shelf, tables
from experiments.nanoim.annotation import agreement, sheets
from experiments.nanoim.generate import HOME
from experiments.nanoim.llm_baseline import parse
from experiments.nanoim.policies import BASELINES
from experiments.nanoim.turns import digest, dump
from experiments.nanoim.verify import llm_results, verify
from nma13.errors import LabError

RESULTS = sorted(shelf.RESULTS.rglob("*.json"))


def test_the_scientific_contract_holds() -> None:
    found = verify()
    assert [check for check in found["checks"] if not check["passed"]] == []
    assert len(found["checks"]) > 60
    for rows in found["lofo"].values():
        best = rows.pop("best_learned")
        learned = [row["taa"] for name, row in rows.items() if name not in BASELINES]
        assert best["taa"] == rows[best["policy"]]["taa"] == max(learned)


def test_the_tables_of_the_page_are_those_of_the_results() -> None:
    text = tables.PAGE.read_text(encoding="utf-8")
    assert tables.filled(text) == text
    assert set(tables.TABLES) == {place[2] for place in tables.PLACE.finditer(text)}


def test_a_changed_figure_on_the_page_is_noticed() -> None:
    text = tables.PAGE.read_text(encoding="utf-8")
    spoiled = text.replace("| Transcript oracle | 0.500", "| Transcript oracle | 0.510")
    assert spoiled != text
    assert tables.filled(spoiled) == text
    with pytest.raises(LabError, match="There is no table"):
        tables.filled("<!-- results: unknown -->\n<!-- end -->")


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_result_says_how_it_was_made(path: Path) -> None:
    found = read_result(path)
    if found["kind"] in ("times", "agreement"):
        return
    made = found["manifest"]
    assert set(made) == {"command", "config", "seed", "data", "versions"}
    assert made["command"].startswith("./lab nanoim ")
    suite = found["suite"]
    expected = digest(dump(shelf.split_of(suite, "test"))) if found["kind"] == "scorecard" else shelf.data_hash(suite)
    assert made["data"] == expected


def test_a_language_model_separates_no_pair_and_is_read_fairly() -> None:
    for suite in ("hard", "noisy"):
        cards = llm_results(suite)
        assert {card["how"] for card in cards} == {"free answer", "one of eight names"}
        for card in cards:
            assert card["psr"] == 0
            assert card["taa"] <= 0.5
            assert card["parse_failures"] == sum(answer["read_as"] == "" for answer in card["answers"].values())
            assert card["calls"] == len(card["answers"]) <= card["traces"]


def test_the_readers_agreement_is_that_of_the_shipped_sheets() -> None:
    shipped = read_result(shelf.RESULTS / "agreement.json")
    assert {key: shipped[key] for key in shipped if key != "kind"} == agreement(sheets())
    assert len(shipped["readers"]) == 3


def test_studies_of_meaning_name_the_sheets_they_used() -> None:
    for path in shelf.RESULTS.glob("lofo_meaning_*.json"):
        for name, told in read_result(path)["manifest"]["config"]["files"].items():
            place = HOME / name if (HOME / name).exists() else HOME / "annotation" / name
            assert file_hash(place) == told


def test_an_answer_is_read_from_what_is_said_last() -> None:
    assert parse("<think>WAIT or SPEAK?</think> I would SPEAK.") == "SPEAK"
    assert parse("The user asked for the third course.") == ""
    assert parse("STOP_SPEAKING") == "STOP_SPEAKING"
    assert parse("First WAIT, then _CALL_TOOL_.") == "CALL_TOOL"
    assert parse("AWAITING an answer, STOP_SPEAK") == ""
