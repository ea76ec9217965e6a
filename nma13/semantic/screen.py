"""The screen itself: passages through an encoder adapted to the values, heads asked, guards as for rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from nma13 import encoder
from nma13.encoder.adapter import Adapted
from nma13.errors import LabError, UsageError
from nma13.evidence import Finding, Span
from nma13.rules.guards import unreal
from nma13.rules.lexicon import lexicon, lexicon_hash, passages
from nma13.semantic.exemplars import exemplars_hash
from nma13.terms import Origin
from nma13.text import Document

FITTED = Path(__file__).with_name("screen.npz")
MOST = 48  # the most passages that are looked at; beyond, the first and the last half of them
STRICTER = 0.35
"""How much a threshold rises each time the number of passages doubles: more looks, more chances to be wrong."""


class SemanticError(LabError):
    """The screen does not belong to its exemplars or its encoder."""


class SemanticScreen:
    """Called by the pipeline with a document; returns findings that raise caution, silenced ones included."""

    def __init__(self, path: Path = FITTED) -> None:
        import numpy as np

        with np.load(path) as saved:
            about = json.loads(str(saved["about"]))
            fitted_on = about["exemplars"], about["encoder"], about["lexicon"]
            if fitted_on != (exemplars_hash(), encoder.fingerprint(), lexicon_hash()):
                raise SemanticError(
                    "The semantic screen was fitted on other exemplars, or beside another lexicon, than those here. "
                    "Run python -m nma13.training screen, or switch it off with --semantic off."
                )
            self._words: float = about["words"]
            self._values: list[tuple[str, str]] = [tuple(value) for value in about["values"]]
            self._heads, self._bias = saved["heads"].astype(np.float32), saved["bias"].astype(np.float32)
            self._bank, self._owners = saved["bank"], saved["owners"]
            self._texts: list[str] = json.loads(str(saved["texts"]))
            self._kinds: list[str] = json.loads(str(saved["kinds"]))
            self._encoder = Adapted(encoder.shared_encoder(), {name: saved[name] for name in saved if "|" in name})

    def __call__(self, document: Document) -> Sequence[Finding]:
        """At most one finding per variable (one per flag): the value whose head answers loudest."""
        places = passages(document)
        if len(places) > MOST:
            places = [*places[: MOST // 2], *places[-MOST // 2 :]]
        if not places:
            return ()
        tokens = self._encoder.tokens([_text(document, *place) for place in places])
        means = [token.mean(axis=0) for token in tokens]
        stricter = STRICTER * log2(len(places))
        best: dict[str, tuple[float, int, int]] = {}
        words = self._words * lexicon().margins(document, places)
        for place, mean in enumerate(means):
            answers = self._heads @ (mean / (mean @ mean) ** 0.5) + self._bias + words[place]
            for number in (answers >= stricter).nonzero()[0]:
                sets = self._values[number][0]
                variable = sets if sets.startswith("FLAG") else sets[0]
                if variable not in best or answers[number] > best[variable][0]:
                    best[variable] = (float(answers[number]), int(number), place)
        return [
            self._finding(document, places[place], tokens[place], means[place], number)
            for _, number, place in best.values()
        ]

    def _finding(self, document: Document, place: tuple[int, int], tokens: Any, mean: Any, number: int) -> Finding:
        sets, kind = self._values[number]
        span = _sentence_that_says_it(document, place, tokens @ self._heads[number])
        near = self._bank[self._owners == number].astype("float32") @ (mean / (mean @ mean) ** 0.5)
        nearest = (self._owners == number).nonzero()[0][int(near.argmax())]
        clause = next(c for c in document.clauses if document.span(c.start, c.end).end > span.start)
        asked, silenced = unreal(document, clause)
        return Finding(
            rule="SEM-" + f"{sets}-{kind}".strip("-").replace("=", "-").replace("-TRUE", "").upper(),
            sets=sets,
            kind=kind or self._kinds[nearest],
            spans=(span,),
            clause=span,
            guards=asked,
            suppressed_by=silenced,
            marks=(),
            reason=self._texts[nearest],
            origin=Origin.SEMANTIC,
            similarity=round(float(near.max()) / 127, 2),
        )


def _text(document: Document, first: int, last: int) -> str:
    span = document.span(document.sentences[first].start, document.sentences[last - 1].end)
    return span.text


def _sentence_that_says_it(document: Document, place: tuple[int, int], scores: Any) -> Span:
    """The sentence of a passage whose words speak most for the value.

    The encoder cuts words finer than sentences do; a sentence's share of its tokens is its share of characters.
    """
    spans = [document.span(s.start, s.end) for s in document.sentences[place[0] : place[1]]]
    start, end = spans[0].start, spans[-1].end
    share = len(scores) / max(1, end - start)
    means = []
    for span in spans:
        low = int((span.start - start) * share)
        high = max(low + 1, int((span.end - start) * share))
        means.append(float(scores[low:high].mean()) if low < len(scores) else -9.0)
    return spans[means.index(max(means))]


def available() -> bool:
    """Whether the encoder is installed and the screen was fitted."""
    return encoder.available() and FITTED.is_file()


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
