"""The engine's words in a real process: results on standard output, talk on standard error, honest exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nma13.cli.inner_house import main as inner_house
from nma13.config import ROOT

PIANIST = "The operation on my hand may end my playing for good."


def nma(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nma13.cli", *words],
        cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ),
    )  # fmt: skip


def test_a_text_is_navigated_without_a_word_of_command() -> None:
    answer = nma(PIANIST, "--no-model", "--semantic", "off")
    assert answer.returncode == 0
    assert "HEDGED VECTOR" in answer.stderr
    assert "«The operation on my hand may end my playing for good»" in answer.stdout


def test_json_is_one_object_with_stable_names() -> None:
    plain = json.loads(nma("navigate", PIANIST, "--no-model", "--json").stdout)
    assert set(plain) == {"summary", "state"}
    assert plain["summary"]["I"] == "HIGH"
    assert plain["state"]["interpretation"]["source"] == "structural"


def test_explain_underlines_the_evidence() -> None:
    shown = nma(PIANIST, "--no-model", "--explain", "--semantic", "off").stdout
    assert "_" in shown
    assert "I=HIGH" in shown
    assert "routing=NMA-3" in shown


def test_hostile_text_cannot_steer_the_terminal() -> None:
    shown = nma("\x1b[2J\x1b]0;owned\x07 " + PIANIST, "--no-model", "--explain").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_the_repl_answers_and_quits() -> None:
    answer = nma("repl", "--no-model", "--semantic", "off", given=f"GATES\n{PIANIST}\ngates\nwhy\nExit\nnever read\n")
    assert answer.returncode == 0
    assert "cycle 2" not in answer.stdout
    assert "Nothing has been run yet." in answer.stdout
    assert "Gate 1   I=HIGH" in answer.stdout


def test_a_batch_keeps_its_order_and_goes_on_past_bad_lines(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        json.dumps({"id": "a", "text": PIANIST}),
        "{broken",
        json.dumps({"id": "c"}),
        json.dumps({"text": "The bakery opens."}),
    ]
    source.write_text("\n".join([*lines, json.dumps({"id": "e", "text": "   "})]) + "\n")
    answer = nma("gates", str(source), "--out", str(target), "--semantic", "off", "--workers", "2")
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert answer.returncode == 3
    assert [row["id"] for row in rows] == ["a", 2, "c", 4, "e"]
    assert ["error" in row for row in rows] == [False, True, True, False, True]
    assert rows[0]["summary"]["routing"] == "NMA-3"


def test_a_batch_reads_standard_input_and_writes_a_table() -> None:
    answer = nma("gates", "-", "--csv", "--semantic", "off", given=json.dumps({"id": 1, "text": PIANIST}) + "\n")
    row = next(csv.DictReader(io.StringIO(answer.stdout)))
    assert (row["id"], row["I"]) == ("1", "HIGH")


def test_a_table_that_begins_with_a_line_nobody_can_read_is_whole() -> None:
    lines = ["{broken", '{"id": %s, "text": "x"}' % ("9" * 5_000), json.dumps({"id": "\ud83d", "text": PIANIST})]
    answer = nma("gates", "-", "--csv", "--semantic", "off", given="\n".join(lines) + "\n")
    first, second, third = csv.DictReader(io.StringIO(answer.stdout))
    assert answer.returncode == 3
    assert (first["id"], first["error"]) == ("1", "line 1 is not JSON")
    assert (second["id"], second["error"]) == ("2", "line 2 is not JSON")
    assert (third["I"], third["error"]) == ("HIGH", "")


def test_the_texts_are_not_overwritten_by_their_results(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"text": PIANIST}) + "\n")
    answer = nma("gates", str(source), "--out", str(source))
    assert answer.returncode == 2
    assert json.loads(source.read_text()) == {"text": PIANIST}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["navigate", "", "--no-model"], "no text to work on"),
        (["gates", "/nowhere/in.jsonl"], "cannot be read"),
        (["navigate", "x", "--model", "gpt5"], "does not name a model"),
        (["navigate", "x", "--model", "/m/q.gguf"], "Did you mean llamacpp:/m/q.gguf?"),
        (["recall", "x", "--limit", "0"], "it wants 1 or more"),
        (["documents"], "add|list|search|show|remove"),
        (["archive", "--older-than", "x"], "«x» is no number"),
    ],
)
def test_wrong_words_end_in_a_sentence(words: list[str], said: str) -> None:
    answer = nma(*words)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_no_text_is_told_before_a_model_is_loaded() -> None:
    answer = nma("navigate", given=" \n")
    assert "no text to work on" in answer.stderr
    assert "Loading" not in answer.stderr


def test_an_empty_list_of_sessions_says_how_to_begin_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    assert inner_house(["--list"]) == 0
    assert "No session yet" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_record_is_told_with_the_way_to_make_one(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00")
    for name, said in (("nowhere", "No such file or directory"), ("noise", "no file of decision records")):
        answer = nma("record", "verify", str(tmp_path / name))
        assert answer.returncode == 1
        assert said in answer.stderr
        assert "--record FILE makes one" in answer.stderr
        assert "Errno" not in answer.stderr


@pytest.mark.slow
def test_a_decision_is_recorded_and_verified(tmp_path: Path) -> None:
    file = str(tmp_path / "r.jsonl")
    assert nma(PIANIST, "--no-model", "--record", file, "--keep-input").returncode == 0
    assert nma("record", "verify", file).stdout == "The chain holds.\n"
    assert "record 1: identical" in nma("record", "replay", file).stdout
