"""The labelled texts keep their form: schema, no text twice, enough of every value, a split nobody chose."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks._labelled import FOLDER, PARTS, TARGETS, Target, load, truth
from nma13.config import ROOT

BATTERY = ROOT / "data" / "battery"
CRISIS = Target("red_flags", "CRISIS")
STEP0 = {"STATISTICAL", "AUTHORITY", "CERTAINTY", "EPISTEMIC_STATE", "SELF_CITATION"}
FLAGS = {"CRISIS", "AUTHORITY", "MANIPULATION"}
STANDINGS = {"CLEAR", "SHARED", "UNCLEAR", "ABSENT", "UNKNOWN"}
ONE_OF: dict[str, set[Any]] = {
    "I": {"HIGH", "MOD", "LOW", "FALSE", "UNKNOWN"},
    "C": {"HIGH", "MOD", "LOW", "FALSE"},
    "X": {True, False},
    "A": {True, False},
    "A_kind": {"Frame", "Threshold", "Epistemic", "Options"},
    "T": {True, False},
    "R": {True, False},
    "S": STANDINGS,
    "override": {"NONE", "O-TC05", "O-TC19", "O-TC20"},
    "claim_class": {"UNCERTAIN", "EVIDENCED", "INFERRED", "ASSUMED", None},
}
SOME_OF = {
    "S_not": STANDINGS,
    "red_flags": FLAGS,
    "red_open": FLAGS,
    "step0_flags": STEP0,
    "step0_open": STEP0,
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def author_one(part: str) -> list[dict[str, Any]]:
    return lines(FOLDER / f"{part}_one.jsonl")


ALL = [row for part in PARTS for row in author_one(part)]
BATTERY_ROWS = [row for name in ("scenarios", "cases") for row in lines(BATTERY / f"{name}.jsonl")]


def abouts(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row["about"], *row.get("also", [])]


def test_every_line_has_the_form() -> None:
    for row in ALL:
        assert set(row) - {"also"} == {"id", "text", "labels", "family", "about"}, row["id"]
        assert row["text"] == row["text"].strip() != ""
        for name, value in row["labels"].items():
            if name in SOME_OF:
                assert set(value) <= SOME_OF[name], (row["id"], name)
            else:
                assert value in ONE_OF[name], (row["id"], name)
        if row["labels"].get("A") is not True:
            assert "A_kind" not in row["labels"], row["id"]


def test_a_text_is_about_what_its_labels_say() -> None:
    for row in ALL:
        for about in abouts(row):
            target = Target(about["field"], about["value"])
            assert target in TARGETS or target == Target("S", "UNKNOWN")
            assert truth(row["labels"], target) is (about["polarity"] == "trigger"), (row["id"], about)


def test_no_id_and_no_text_twice() -> None:
    assert max(Counter(row["id"] for row in ALL).values()) == 1
    words = Counter(" ".join(row["text"].lower().split()) for row in [*ALL, *BATTERY_ROWS])
    assert [text for text, n in words.items() if n > 1] == []


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_value_has_triggers_and_look_alikes(target: Target) -> None:
    texts = [text for part in PARTS for text in load(part) if text.id.startswith("one-")]
    triggers = sum(truth(text.labels, target) is True for text in texts)
    lookalikes = sum(target in text.lookalike_of for text in texts)
    least = (60, 50) if target == CRISIS else (10, 8)
    assert (triggers >= least[0], lookalikes >= least[1]) == (True, True), (triggers, lookalikes)


@pytest.mark.parametrize("part", PARTS)
def test_the_hash_of_the_id_chose_the_part(part: str) -> None:
    for row in author_one(part):
        even = int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 2 == 0
        assert part == ("tune" if even else "heldout"), row["id"]


def test_the_frozen_battery_is_unchanged() -> None:
    manifest = json.loads((BATTERY / "MANIFEST.json").read_text(encoding="utf-8"))
    assert set(manifest["sha256"]) == {"scenarios.jsonl", "cases.jsonl"}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((BATTERY / name).read_bytes()).hexdigest() == digest, name


def test_the_battery_is_complete() -> None:
    scenarios = [row["id"] for row in lines(BATTERY / "scenarios.jsonl")]
    codes = ("SD", "CC", "CAP", "AR", "OV", "CR", "AM", "RA", "FD", "EF")
    assert scenarios == [f"{code}-{n:02d}" for code in codes for n in range(1, 6)]
    assert [row["id"] for row in lines(BATTERY / "cases.jsonl")] == [f"TC{n:02d}" for n in range(1, 21)]
    for row in BATTERY_ROWS:
        assert row["expected"], row["id"]
        assert row["why"].endswith("."), row["id"]
