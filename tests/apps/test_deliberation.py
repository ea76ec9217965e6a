"""The Inner House screen says what a session is, and nothing that the audit kept back."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from apps.deliberation import label, screen, stamp
from apps.inner_house import convene, shown
from apps.lab import make_lab
from nma13.inner_house import Session, Words
from nma13.inner_house.sessions import Ground
from tests.probe_page import HOSTILE

PASSED = Words("R3", "S2", "Neither promise gives way.", True, "passed", ())
SESSION = Session(
    id="abc", problem="Do we sell the house?", scenario_type="Constraint Collision", with_terrain=True, status="done",
    round="BOF", pid=1, seed=7, model="scripted:", notes={"terrain": "Cold start.", "resolution": {"source": "model"}},
    friction_type="IRREDUCIBLE", friction_source="promise against promise", lead_station="S2", bof_status="ok",
    resolution="Both sides hold.", loop_context=None, error=None, created_ms=1_800_000_000_000, beat_ms=0,
    finished_ms=1_800_000_100_000, words=(PASSED,),
)  # fmt: skip


def test_a_finished_session_shows_resolution_rounds_and_terrain() -> None:
    page = screen(SESSION)
    for words in ("Both sides hold.", "friction irreducible", "Autonomy leads", "Neither promise gives way.",
                  "Round 1, alone", "Round 3, update", "Cold start."):  # fmt: skip
        assert words in page
    assert len(re.findall(r'class="voice[ "]', page)) == 21


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "cancelled", "error": "Cancelled. What was said is kept."}, "Cancelled"),
        ({"status": "timeout", "error": "The time of 10 minutes was over."}, "The time of 10 minutes was over."),
        ({"status": "failed", "error": "The process ended before its time."}, "The process ended before its time."),
        ({"status": "starting"}, "loads its model"),
        ({"problem": None}, "were forgotten"),
        ({"notes": {"precommitted": ["Am I right"]}}, "neither validate nor condemn"),
    ],
)
def test_everything_unusual_is_told_in_words(change: dict[str, object], told: str) -> None:
    assert told in screen(replace(SESSION, **change))


def test_what_the_audit_kept_back_is_counted_and_not_shown() -> None:
    kept_back = ({"text": "Who are you without it?", "reason": "a question about the person"},)
    notes = {"resolution": {"source": "repaired", "repairs": ["dropped «You must sell.»: it directs"]}}
    page = screen(replace(SESSION, notes=notes, words=(replace(PASSED, audit="withheld", findings=kept_back),)))
    assert "a question about the person" in page
    assert "a sentence was left out: it directs" in page
    assert "Who are you" not in page
    assert "You must sell" not in page


def test_terrain_that_was_kept_out_gives_its_reason_and_not_its_words() -> None:
    grounds = (
        Ground(3, "loop_a", "S4", "One roof, two promises.", True, ""),
        Ground(4, "loop_b", "S1", "Research proves it.", False, "STATISTICAL: an unverified premise"),
    )
    page = screen(replace(SESSION, terrain=grounds))
    assert "One roof, two promises." in page
    assert "STATISTICAL" in page
    assert "Research proves it." not in page


@pytest.mark.parametrize("place", ["problem", "resolution", "error", "loop_context", "friction_source"])
def test_hostile_words_stay_words(place: str) -> None:
    assert HOSTILE not in screen(replace(SESSION, **{place: HOSTILE, "status": "failed"}))
    assert HOSTILE not in screen(replace(SESSION, words=(replace(PASSED, text=HOSTILE),)))


def test_the_stamp_changes_with_every_word_and_with_nothing_else() -> None:
    assert stamp(SESSION) == stamp(replace(SESSION, beat_ms=99))
    longer = replace(PASSED, text=PASSED.text + " Not yet.")
    assert stamp(SESSION) != stamp(replace(SESSION, words=(longer,)))


def test_a_list_names_a_session_by_its_day_its_end_and_its_first_words() -> None:
    assert label(SESSION).endswith("irreducible · Do we sell the house?")


def test_a_session_is_listed_with_the_time_of_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert label(SESSION).startswith("15 Jan 17:00 · ")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("use_model", "problem", "told"),
    [
        (False, "Do we sell the house?", "and none is to run here"),
        (True, " ", "no text to work on"),
        (True, "I am going to kill myself tonight, the pills are on the table.", "nothing was stored"),
    ],
)
def test_what_is_not_deliberated_is_told_and_nothing_is_stored(
    tmp_path: Path, use_model: bool, problem: str, told: str
) -> None:
    lab = make_lab(data=tmp_path / "lab", use_model=use_model, model="scripted:")
    session, _, page, *_ = convene(lab, problem)
    assert session == ""
    assert told in page
    assert not (tmp_path / "lab" / "memory.db").exists()


def test_a_session_that_is_not_there_is_told(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path, use_model=False)
    assert "cannot be shown" in shown(lab, "nobody")[2]
