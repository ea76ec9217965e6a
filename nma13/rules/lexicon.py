"""Words with weights: many weak signs added up, where a rule sees one phrase that somebody thought of.

`lexicon.tsv` holds, per word or pair of words, how much it speaks for or against each value; a passage has the
value when the sum, divided by how much could have been said, reaches the value's threshold. Whole numbers and
one square root: the same text gives the same findings on every machine. How the weights were fitted, and on
what, stands in docs/rules.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, pairwise, repeat
from math import log2
from pathlib import Path
from typing import Any, TypeVar

from nma13.evidence import Finding, Span
from nma13.rules.guards import unreal
from nma13.terms import Origin
from nma13.text import Clause, Document, SentenceBounds
from nma13.text.document import TOKEN

T = TypeVar("T")

PATH = Path(__file__).with_name("lexicon.tsv")
PREFIX = "LEX-"

PASSAGE_WORDS = 110
"""A text up to this long is weighed as a whole; a longer one in passages about as long, each half over the next."""
STRICTER = 0.25
"""How much the threshold rises each time the number of passages doubles: more looks, more chances to be wrong."""
STEM = 5
UNKNOWN = -1  # the row of what is not in the table: the last one, which is empty
REMEMBERED = 50_000  # words kept in the table; beyond, they are worked out again each time
SHOWN = 4
"""The strongest words that a finding quotes."""

Place = tuple[int, int]
"""A passage: its first sentence, and the one after its last."""
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
    for word in map(_word, tokens):
        yield word
        if len(word) > STEM:
            yield word[:STEM] + "*"
        if before:
            yield f"{before} {word}"
        before = word


def _word(token: str) -> str:
    return "#" if token[0].isdigit() else token


def passages(document: Document) -> list[Place]:
    """Ranges of sentences to weigh: all of a short text, overlapping stretches of a long one."""
    sizes = [_words(document, sentence) for sentence in document.sentences]
    if sum(sizes) <= PASSAGE_WORDS:
        return [(0, len(sizes))] if sizes else []
    found: list[Place] = []
    first = 0
    while first < len(sizes):
        last, half, size = first, first, 0
        while last < len(sizes) and (last == first or size + sizes[last] <= PASSAGE_WORDS):
            size += sizes[last]
            last += 1
            if size <= PASSAGE_WORDS // 2:
                half = last
        if not found or last > found[-1][1]:
            found.append((first, last))
        if last == len(sizes):
            break
        first = max(half, first + 1)
    return found


class _Remembered(dict[str, T]):
    """word → what is worked out for it at the first look-up."""

    def __init__(self, work: Callable[[str], T]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, word: str) -> T:
        value = self._work(word)
        if len(self) < REMEMBERED:
            self[word] = value
        return value


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
        pairs = ((row[0].partition(" "), number) for number, row in enumerate(rows))
        self._pairs = {(one, other): number for (one, blank, other), number in pairs if blank}
        self._word = _Remembered(_word)
        self._alone = _Remembered(self._rows)
        # One column more than there are values: the square of how rare the word is. One row more, the UNKNOWN one.
        table = [[*row[2:], int(row[1]) ** 2] for row in rows]
        self._sums: Matrix = np.asarray([*table, [0] * len(table[0])], dtype=np.int32)
        self._weights: dict[int, list[int]] = {}
        self._thresholds: Matrix = np.asarray([column.threshold for column in self.columns])

    def _rows(self, word: str) -> tuple[int, ...]:
        """The rows of a word and of its beginning."""
        return tuple(self._place[f] for f in features([word]) if f in self._place)

    def known(self, clauses: Sequence[Clause]) -> set[int]:
        """The rows of what `features` would offer, looked up without building it."""
        seen: set[int] = set()
        for clause in clauses:
            words = list(map(self._word.__getitem__, clause.tokens))
            seen.update(chain.from_iterable(map(self._alone.__getitem__, words)))
            seen.update(map(self._pairs.get, pairwise(words), repeat(UNKNOWN)))
        seen.add(UNKNOWN)
        return seen

    def margins(self, document: Document, places: Sequence[Place]) -> Matrix:
        """By how much each value is reached in each passage; what knows no word reaches nothing."""
        import numpy as np

        known = [self.known(document.clauses[s.first : s.last]) for s in document.sentences]
        passages = [set().union(*known[first:last]) for first, last in places]
        *starts, end = accumulate(map(len, passages), initial=0)
        rows = np.fromiter(chain.from_iterable(passages), dtype=np.intp, count=end)
        sums = np.add.reduceat(self._sums.take(rows, axis=0), starts, axis=0)
        return sums[:, :-1] / np.sqrt(np.maximum(sums[:, -1:], 1)) - self._thresholds

    def findings(self, document: Document) -> list[tuple[Finding, int]]:
        """At most one finding per variable, the value that is reached by most; and the sentence it stands in."""
        places = passages(document)
        if not places:
            return []
        margins, stricter = self.margins(document, places), STRICTER * log2(len(places))
        best: dict[str, tuple[float, int, Place]] = {}
        for at, number in zip(*(margins >= stricter).nonzero(), strict=True):
            column = self.columns[number]
            variable = column.sets if column.sets.startswith("FLAG") else column.sets[0]
            candidate = (round(float(margins[at, number]), 6), -int(number), places[at])
            if variable not in best or candidate[:2] > best[variable][:2]:
                best[variable] = candidate
        return [self._finding(document, -number, *place) for _, number, place in best.values()]

    def _finding(self, document: Document, number: int, first: int, last: int) -> tuple[Finding, int]:
        """Quotes the words that weighed most; its clause is the one they weighed most in."""
        column, weights = self.columns[number], self._weights_of(number)
        shares: list[tuple[int, int, int]] = []  # weight, and where the word stands
        strongest, home = -1, _clauses(document, first, last)[0]
        for clause in _clauses(document, first, last):
            total, before, carried = 0, "", 0
            for match in TOKEN.finditer(clause.text):
                word = self._word[match[0]]
                alone = sum(weights[row] for row in self._alone[word])
                weight = carried + weights[self._pairs.get((before, word), UNKNOWN)] + alone
                before, carried = word, alone
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

    def _weights_of(self, number: int) -> list[int]:
        """A column as plain numbers: one at a time they are read ten times as fast as from an array."""
        if number not in self._weights:
            self._weights[number] = self._sums[:, number].tolist()
        return self._weights[number]


def _clauses(document: Document, first: int, last: int) -> list[Clause]:
    return document.clauses[document.sentences[first].first : document.sentences[last - 1].last]


def _words(document: Document, sentence: SentenceBounds) -> int:
    return sum(len(clause.tokens) for clause in document.clauses[sentence.first : sentence.last])


def _apart(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Each place once."""
    return tuple(dict.fromkeys(spans))


def lexicon_hash() -> str:
    """sha256 of the weights."""
    return hashlib.sha256(PATH.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shipped weights, read at the first text."""
    return Lexicon()
