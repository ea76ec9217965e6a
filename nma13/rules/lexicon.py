"""Words with weights: many weak signs added up, where a rule sees one phrase that somebody thought of.

`lexicon.tsv` holds, per word or pair of words, how much it speaks for or against each value; a passage has the
value when the sum, divided by how much could have been said, reaches the value's threshold. Whole numbers and
one square root: the same text gives the same findings on every machine. How the weights were fitted, and on
what, stands in docs/rules.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2, sqrt
from pathlib import Path
from typing import Any

from nma13.evidence import Finding, Span
from nma13.rules.guards import unreal
from nma13.terms import Origin
from nma13.text import Clause, Document, SentenceBounds
from nma13.text.document import TOKEN

PATH = Path(__file__).with_name("lexicon.tsv")
PREFIX = "LEX-"

PASSAGE_WORDS = 110
"""A text up to this long is weighed as a whole; a longer one in passages about as long, each half over the next."""
STRICTER = 0.25
"""How much the threshold rises each time the number of passages doubles: more looks, more chances to be wrong."""
STEM = 5
REMEMBERED = 50_000  # words kept in the table; beyond, they are worked out again each time
SHOWN = 4
"""The strongest words that a finding quotes."""

Matrix = Any  # NumPy arrays; NumPy is imported only when a text is weighed


@dataclass(frozen=True, slots=True)
class Column:
    """One value the lexicon speaks for."""

    sets: str
    kind: str
    threshold: float

    @property
    def rule(self) -> str:
        return PREFIX + f"{self.sets}-{self.kind}".strip("-").replace("=", "-").replace("-TRUE", "").upper()


def features(tokens: Sequence[str]) -> Iterator[str]:
    """What a clause offers: its words, the beginnings of the longer ones, and its pairs of neighbours."""
    before = ""
    for token in tokens:
        word = "#" if token[0].isdigit() else token
        yield word
        if len(word) > STEM:
            yield word[:STEM] + "*"
        if before:
            yield f"{before} {word}"
        before = word


def passages(document: Document) -> list[tuple[int, int]]:
    """Ranges of sentences to weigh: all of a short text, overlapping stretches of a long one."""
    sizes = [_words(document, sentence) for sentence in document.sentences]
    if sum(sizes) <= PASSAGE_WORDS:
        return [(0, len(sizes))] if sizes else []
    found: list[tuple[int, int]] = []
    first = 0
    while first < len(sizes):
        last, half, size = first, first, 0
        while last < len(sizes) and (last == first or size + sizes[last] <= PASSAGE_WORDS):
            size += sizes[last]
            last += 1
            if size <= PASSAGE_WORDS // 2:
                half = last
        found.append((first, last))
        if last == len(sizes):
            break
        first = max(half, first + 1)
    return found


class _Alone(dict[str, tuple[int, ...]]):
    """word → the rows of the word and of its beginning, worked out at the first look-up and remembered."""

    def __init__(self, place: dict[str, int]) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, token: str) -> tuple[int, ...]:
        rows = tuple(self._place[f] for f in features([token]) if f in self._place)
        if len(self) < REMEMBERED:
            self[token] = rows
        return rows


class Lexicon:
    """The weights, ready to be added up."""

    def __init__(self, path: Path = PATH) -> None:
        import numpy as np

        lines = path.read_text(encoding="utf-8").splitlines()
        names, thresholds = (line.split("\t")[2:] for line in lines[:2])
        self.columns = tuple(
            Column(*name.partition(" ")[::2], float(threshold))
            for name, threshold in zip(names, thresholds, strict=True)
        )
        rows = [line.split("\t") for line in lines[2:]]
        self._place = {row[0]: number for number, row in enumerate(rows)}
        self._alone = _Alone(self._place)
        self._pairs: dict[str, dict[str, int]] = {}
        for number, row in enumerate(rows):
            one, blank, other = row[0].partition(" ")
            if blank:
                self._pairs.setdefault(one, {})[other] = number
        self._squares: Matrix = np.asarray([int(row[1]) ** 2 for row in rows], dtype=np.int64)
        self._weights: Matrix = np.asarray([row[2:] for row in rows], dtype=np.int64)
        self._thresholds: Matrix = np.asarray([column.threshold for column in self.columns])

    def known(self, clauses: Sequence[Clause]) -> set[int]:
        """The rows of what `features` would offer, looked up without building it."""
        alone, pairs = self._alone, self._pairs
        seen: set[int] = set()
        for clause in clauses:
            following: dict[str, int] | None = None
            for token in clause.tokens:
                seen.update(alone[token])
                word = "#" if token[0].isdigit() else token
                if following is not None and word in following:
                    seen.add(following[word])
                following = pairs.get(word)
        return seen

    def margins(self, known: set[int]) -> Matrix | None:
        """By how much each value is reached in a passage; None where no word is known."""
        if not known:
            return None
        rows = sorted(known)
        return self._weights[rows].sum(axis=0) / sqrt(int(self._squares[rows].sum())) - self._thresholds

    def findings(self, document: Document) -> list[tuple[Finding, int]]:
        """At most one finding per variable, the value that is reached by most; and the sentence it stands in."""
        best: dict[str, tuple[float, int, tuple[int, int]]] = {}
        places = passages(document)
        stricter = STRICTER * log2(len(places)) if places else 0.0
        known = [self.known(document.clauses[s.first : s.last]) for s in document.sentences]
        for first, last in places:
            margins = self.margins(set().union(*known[first:last]))
            if margins is None or margins.max() < stricter:
                continue
            for number in (margins >= stricter).nonzero()[0]:
                column = self.columns[number]
                variable = column.sets if column.sets.startswith("FLAG") else column.sets[0]
                candidate = (round(float(margins[number]), 6), -int(number), (first, last))
                if variable not in best or candidate[:2] > best[variable][:2]:
                    best[variable] = candidate
        return [self._finding(document, -number, *place) for _, number, place in best.values()]

    def _finding(self, document: Document, number: int, first: int, last: int) -> tuple[Finding, int]:
        """Quotes the words that weighed most; its clause is the one they weighed most in."""
        column, place, weights = self.columns[number], self._place, self._weights[:, number]
        shares: list[tuple[int, int, int]] = []  # weight, and where the word stands
        strongest, home = -1, _clauses(document, first, last)[0]
        for clause in _clauses(document, first, last):
            total, before = 0, ""
            for match in TOKEN.finditer(clause.text):
                alone = [before, match[0]] if before else [match[0]]
                before = match[0]
                weight = sum(int(weights[place[f]]) for f in features(alone) if f in place)
                total += max(0, weight)
                shares.append((weight, clause.start + match.start(), clause.start + match.end()))
            if total > strongest:
                strongest, home = total, clause
        top = sorted(sorted(shares, key=lambda share: (-share[0], share[1]))[:SHOWN], key=lambda share: share[1])
        spans = tuple(document.span(start, end) for weight, start, end in top if weight > 0)
        clause_span = document.span(home.start, home.end)
        asked, silenced = unreal(document, home)
        finding = Finding(
            rule=column.rule,
            sets=column.sets,
            kind=column.kind,
            spans=_apart(spans) or (clause_span,),
            clause=clause_span,
            guards=asked,
            suppressed_by=silenced,
            marks=(),
            reason="These words together weigh towards it.",
            origin=Origin.LEXICON,
        )
        return finding, home.sentence


def _clauses(document: Document, first: int, last: int) -> list[Clause]:
    return document.clauses[document.sentences[first].first : document.sentences[last - 1].last]


def _words(document: Document, sentence: SentenceBounds) -> int:
    return sum(len(clause.tokens) for clause in document.clauses[sentence.first : sentence.last])


def _apart(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Each place once."""
    return tuple(dict.fromkeys(spans))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shipped weights, read at the first text."""
    return Lexicon()
