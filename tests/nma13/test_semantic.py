"""The second look: raises and never lowers, quotes what it saw, can be switched off, and belongs to its exemplars."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nma13.evidence import Finding
from nma13.kit import RAISING, default_kit
from nma13.pipeline import run
from nma13.semantic import SemanticScreen, chosen_screen
from nma13.semantic import screen as module
from nma13.semantic.exemplars import exemplars
from nma13.state import summary
from nma13.terms import Origin
from nma13.text import Document, read


@pytest.fixture(scope="module")
def screen() -> SemanticScreen:
    found = chosen_screen("on")
    assert found is not None
    return found


def test_a_paraphrase_without_the_words_is_seen(screen: SemanticScreen) -> None:
    text = "Some nights I think the kindest thing I could do is stop existing."
    seen = run(text, kit=default_kit(screen))
    assert seen.provenance.semantic
    finding = next(f for f in screen(read(text)) if f.sets == "FLAG=CRISIS")
    assert finding.origin == "semantic"
    assert finding.similarity is not None
    assert 0 < finding.similarity <= 1


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([e for v in exemplars() for e in (*v.like[:2], *v.looks_like[:2])]), st.text(max_size=40))
def test_it_quotes_the_input_and_only_ever_raises(screen: SemanticScreen, exemplar: str, noise: str) -> None:
    text = f"{exemplar} {noise}"
    for finding in screen(read(text)):
        for span in finding.spans:
            assert text[span.start : span.end] == span.text
    alone, both = (summary(run(text, kit=default_kit(s))) for s in (None, screen))
    order = ("PROCEED", "HEDGE", "DECLINE", "FORK")
    assert set(alone["red_flags"]) <= set(both["red_flags"])
    assert order.index(both["trust"]) >= order.index(alone["trust"]) or alone["trust"] == "FORK"


def test_a_finding_that_would_lower_caution_is_not_kept() -> None:
    text = "I am not sure whether the papers are right."

    def calming(document: Document) -> tuple[Finding, ...]:
        span = document.span(0, len(text))
        return (Finding("SEM-S-CLEAR", "S=CLEAR", "", (span,), span, (), "", (), "", Origin.SEMANTIC, 0.9),)

    assert "S=CLEAR" not in RAISING
    seen = run(text, kit=default_kit(calming))
    assert seen.provenance.semantic
    assert {**summary(seen), "semantic": False} == summary(run(text, kit=default_kit(None)))


def test_the_same_text_gives_the_same_findings(screen: SemanticScreen) -> None:
    text = "I sit in the car outside work and cannot make my hand open the door. My sister says wait."
    assert screen(read(text)) == screen(read(text))


def test_everyday_sentences_are_left_alone(screen: SemanticScreen) -> None:
    for text in ("The library closes at six on Thursdays.", "Please sort these three dates.", "We had soup and bread."):
        assert [f.sets for f in screen(read(text)) if f.counts] == []


def test_it_can_be_switched_off() -> None:
    assert chosen_screen("off") is None


def test_heads_of_other_exemplars_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "exemplars_hash", lambda: "other")
    with pytest.raises(module.SemanticError, match=r"nma13\.training screen"):
        SemanticScreen()


def test_the_heads_are_those_of_the_exemplars_beside_them() -> None:
    assert Path(module.FITTED).is_file()
    SemanticScreen()
