"""Two writers, one decision: what differs is the prose and who wrote it."""

from __future__ import annotations

from pathlib import Path

from apps.lab import make_lab
from apps.side_by_side import BARE, OWN, both

PIANIST = "The operation on my hand may end my playing for good, and without it the pain goes on."


def test_the_model_and_the_engine_write_inside_one_decision(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path, model="scripted:")
    first, own, bare = list(both(lab, PIANIST))
    assert "writing …" in first[1]
    assert 'class="answer"' in own[1]
    assert "no model wrote this" not in own[1]
    assert "no model wrote this" in bare[2]
    assert list(tmp_path.iterdir()) == []
    lab.writer.close()


def test_any_two_models_can_be_named(tmp_path: Path) -> None:
    """The lab's own is not touched by it, and what cannot be loaded is told on its side alone."""
    lab = make_lab(data=tmp_path, use_model=False)
    _, named, broken = list(both(lab, PIANIST, "scripted:", "llamacpp:/nowhere/at-all.gguf"))
    assert 'class="answer"' in named[1]
    assert "no model wrote this" not in named[1]
    assert "nothing was written here" in broken[2]
    assert "/nowhere/at-all.gguf" in broken[2]
    _, _, unreadable = list(both(lab, PIANIST, BARE, "gpt"))
    assert "does not name a model" in unreadable[2]


def test_without_a_model_the_labs_own_side_says_so(tmp_path: Path) -> None:
    _, own, _ = list(both(make_lab(data=tmp_path, use_model=False), PIANIST, OWN, BARE))
    assert "opened without a model" in own[1]


def test_nothing_asked_is_answered_in_words(tmp_path: Path) -> None:
    (only,) = list(both(make_lab(data=tmp_path, use_model=False), "  "))
    assert "Nothing was run" in only[0]
