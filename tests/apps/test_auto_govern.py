"""Auto-Govern: Gate 1 decides, a crisis is never deliberated, and the room really answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.auto_govern import _govern, choose_room
from apps.lab import make_lab
from nma13.inner_house import cancel, look
from nma13.pipeline import run

COLLISION = "I cannot keep my promise to my father and also keep my promise to my son."
FENCE = "I want to paint the fence this weekend. I will begin at the gate."


@pytest.mark.parametrize(
    ("text", "inner_house", "because"),
    [
        (COLLISION, True, "collision X=TRUE"),
        ("The operation on my hand may end my playing for good, and without it the pain goes on.", True, "I=HIGH"),
        (FENCE, False, "otherwise"),
        ("I am going to kill myself tonight, the pills are on the table.", False, "before any deliberation"),
    ],
)
def test_gate_1_decides_and_says_why(text: str, inner_house: bool, because: str) -> None:
    room = choose_room(run(text), has_model=True)
    assert room.inner_house is inner_house
    assert because in room.why


def test_without_a_model_an_escalation_is_answered_and_said() -> None:
    room = choose_room(run(COLLISION), has_model=False)
    assert not room.inner_house
    assert "needs a language model" in room.why


def test_an_escalation_starts_a_session(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path, model="scripted: --pace 5")
    (decided, _, _, session, *_), *rest = _govern(lab, COLLISION)
    assert rest == []
    assert "This goes to: Inner House" in decided
    assert look(session, tmp_path).under_way
    assert cancel(session, tmp_path)


def test_everything_else_is_navigated_and_kept_as_in_navigate(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path, use_model=False)
    screens = list(_govern(lab, FENCE))
    assert "This goes to: Navigate" in screens[0][0]
    assert "composed by the engine itself" in screens[-1][1]
    assert "Kept as episode 1" in screens[-1][2]


def test_a_text_that_is_none_is_told(tmp_path: Path) -> None:
    [(told, *_)] = _govern(make_lab(data=tmp_path, use_model=False), " ")
    assert "Nothing was run" in told
