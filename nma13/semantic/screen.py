"""The screen itself: every sentence and the whole of a short text against the heads, guards asked as for rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nma13 import encoder
from nma13.errors import LabError, UsageError
from nma13.evidence import Finding, Span
from nma13.rules.guards import guards
from nma13.semantic.exemplars import exemplars_hash, values
from nma13.semantic.heads import with_bias
from nma13.terms import Origin
from nma13.text import Document

HEADS = Path(__file__).with_name("heads.npz")
SENTENCES = 120  # the most that are looked at; beyond, the first and the last half of them
SHORT_TEXT = 700  # characters: such a text is also looked at as a whole
UNREAL = ("FICTION", "STUDY", "NEWS")


class SemanticError(LabError):
    """The screen's heads do not belong to its exemplars or its encoder."""


class SemanticScreen:
    """Called by the pipeline with a document; returns findings that raise caution, silenced ones included."""

    def __init__(self) -> None:
        import numpy as np

        with np.load(HEADS) as saved:
            about = json.loads(str(saved["about"]))
            if about != {"exemplars": exemplars_hash(), "encoder": encoder.fingerprint()}:
                raise SemanticError(
                    "The semantic screen was fitted on other exemplars than those beside it. "
                    "Run python -m nma13.semantic.build, or switch it off with --semantic off."
                )
            self._heads = saved["heads"]
            self._thresholds = saved["thresholds"]
            self._bank, self._owners = saved["bank"].astype(np.float32), saved["owners"]
            self._texts: list[str] = json.loads(str(saved["texts"]))

    def __call__(self, document: Document) -> Sequence[Finding]:
        places = _places(document)
        if not places:
            return ()
        vectors = encoder.encode([document.original[start:end] for start, end in places])
        scores = with_bias(vectors) @ self._heads.T
        findings = []
        for index, value in enumerate(values()):
            best = int(scores[:, index].argmax())
            if scores[best, index] >= self._thresholds[index]:
                findings.append(self._finding(document, places[best], vectors[best], index, value.sets, value.kind))
        return findings

    def _finding(
        self, document: Document, place: tuple[int, int], vector: Any, index: int, sets: str, kind: str
    ) -> Finding:
        mine = self._owners == index
        near = self._bank[mine] @ vector
        nearest = int(near.argmax())
        text = [text for text, owner in zip(self._texts, self._owners, strict=True) if owner == index][nearest]
        start, end = place
        span = Span(start, end, document.original[start:end])
        asked, silenced = _guarded(document, start)
        return Finding(
            rule=f"SEM-{values()[index].name.upper()}",
            sets=sets,
            kind=kind,
            spans=(span,),
            clause=span,
            guards=asked,
            suppressed_by=silenced,
            marks=(),
            reason=text,
            origin=Origin.SEMANTIC,
            similarity=round(float(near[nearest]), 2),
        )


def _places(document: Document) -> list[tuple[int, int]]:
    """Stretches of the original to look at: sentences, and the whole when it is short."""
    spans = [document.span(sentence.start, sentence.end) for sentence in document.sentences]
    if len(spans) > SENTENCES:
        spans = [*spans[: SENTENCES // 2], *spans[-SENTENCES // 2 :]]
    places = [(span.start, span.end) for span in spans if any(char.isalpha() for char in span.text)]
    whole = document.original.strip()
    if len(places) > 1 and len(whole) <= SHORT_TEXT:
        start = document.original.index(whole[0]) if whole else 0
        places.append((start, start + len(whole)))
    return places


def _guarded(document: Document, start: int) -> tuple[tuple[str, ...], str]:
    """Fiction, study and news silence meaning as they silence words."""
    clause = next((c for c in document.clauses if document.span(c.start, c.end).start >= start), None)
    if clause is None:
        return (), ""
    asked = []
    for name in UNREAL:
        asked.append(name)
        if found := guards()[name].find(document, clause, clause.start, clause.end):
            place = document.span(*found)
            return tuple(asked), f"{name}@[{place.start},{place.end}]"
    return tuple(asked), ""


def available() -> bool:
    """Whether the encoder is installed and the heads are there."""
    return encoder.available() and HEADS.is_file()


@cache
def _shared() -> SemanticScreen:
    return SemanticScreen()


def chosen_screen(wish: str | None) -> SemanticScreen | None:
    """`on`, `off`, or None: on where the encoder is installed."""
    if wish == "off" or (wish is None and not available()):
        return None
    if not available():
        raise UsageError("--semantic on needs the sentence encoder, which is not installed; ./lab setup installs it.")
    return _shared()
