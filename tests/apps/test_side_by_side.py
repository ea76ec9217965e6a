"""Two writers, one decision: what differs is the prose and who wrote it."""

from __future__ import annotations

from pathlib import Path

from apps.lab import make_lab
from apps.side_by_side import both

PIANIST = "The operation on my hand may end my playing for good, and without it the pain goes on."


def test_the_model_and_the_engine_write_inside_one_decision(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path, model="scripted:")
    first, last = list(both(lab, PIANIST))
    assert "no model wrote this" in first[2]
    assert "writing …" in first[1]
    assert 'class="answer"' in last[1]
    assert list(tmp_path.iterdir()) == []
    lab.writer.close()


def test_without_a_model_the_empty_side_says_so(tmp_path: Path) -> None:
    _, last = list(both(make_lab(data=tmp_path, use_model=False), PIANIST))
    assert "nothing to set beside" in last[1]


def test_nothing_asked_is_answered_in_words(tmp_path: Path) -> None:
    (only,) = list(both(make_lab(data=tmp_path, use_model=False), "  "))
    assert "Nothing was run" in only[0]
