"""Sentences and clauses with offsets, cut once, cheaply; everything dearer is computed when asked for."""

from __future__ import annotations

import re

from nma13.evidence import Span
from nma13.text.normalise import Normalised, normalise

CLAUSE_TOKENS = 400
"""A clause never holds more words than this, so no pattern meets an endless one."""

_CLAUSE_CHARS = 2 * CLAUSE_TOKENS  # below this many characters a clause cannot hold too many words

TOKEN = re.compile(r"[a-z0-9']+|[%$]")
_tokens = TOKEN.findall

_SUBJECT = r"(?:i|we|he|she|they|you|it|there)(?:'[a-z]+)?"
# The leading set lets the regex engine skip to candidates; look-behinds then tell them apart.
_BOUNDARY = re.compile(
    r"[ ,.!?;:\n](?:"
    r"(?<= )(?=but |because |although |though |whereas |unless |--? "
    rf"|(?:and|or|so) {_SUBJECT} |since (?:my|our|his|her|their|the|no|that|this|{_SUBJECT}) )"
    r"|(?<=[.!?])[.!?]*[\"')\]]*(?=\s|$)"
    r"|(?<=,) (?=(?:and|but|or|nor|so|yet|because|since|although|though|while|whereas|if|unless|when|which"
    rf"|who|then|until|{_SUBJECT}) )"
    r"|(?<=\n)\s*"
    r"|(?<=:)(?=\s)"
    r"|(?<=;))"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|vs|e\.g|i\.e|etc|al|fig|no|approx|jr|sr|cf|u\.s|p|pp|vol)|(?<!')\b[a-z])\.$"
)
_OPENER = re.compile(
    r"(?:(?:and|but|or|so) )?(?:if|when|unless|although|though|because|since|while|after|before|once) "
)
_EDGES = " \n,.!?;:\"'()[]*-"
# Begins with the marks themselves, which the regex engine looks for fastest.
_QUOTED = re.compile(r"[\"'](?:(?<=\")[^\"\n]{1,2000}\"|(?<=')(?<!\w')(?:[^'\n]|(?<=\w)'(?=\w)){2,2000}'(?!\w))")


class Clause:
    """A stretch of one sentence, in normalised offsets."""

    __slots__ = ("_words", "end", "mask", "sentence", "start", "text", "tokens")

    def __init__(self, text: str, start: int, sentence: int) -> None:
        self.text = text
        self.start = start
        self.end = start + len(text)
        self.sentence = sentence
        self.mask = 0
        """Which word groups of the rule index stand here; set when the rules are run."""
        self.tokens: list[str] = _tokens(text)
        self._words: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        words = self._words
        if words is None:
            words = self._words = frozenset(self.tokens)
        return words


class SentenceBounds:
    """A sentence as a range of clauses; `question` when it ends in a question mark."""

    __slots__ = ("end", "first", "last", "mask", "question", "start")

    def __init__(self, start: int, end: int, first: int, last: int, question: bool) -> None:
        self.start = start
        self.end = end
        self.first = first
        self.last = last
        self.question = question
        self.mask = 0


class Document:
    """One text, read once: normalised, cut, with spans that quote the original."""

    __slots__ = ("_quotes", "capped", "clauses", "lower", "norm", "sentences")

    def __init__(self, norm: Normalised) -> None:
        self.norm = norm
        self.lower = norm.lower
        self.clauses: list[Clause] = []
        self.sentences: list[SentenceBounds] = []
        self.capped = False
        """Whether some clause ran on and was cut at CLAUSE_TOKENS words."""
        self._quotes: list[tuple[int, int]] | None = None
        _cut(self)

    @property
    def original(self) -> str:
        return self.norm.original

    def span(self, start: int, end: int) -> Span:
        """The original's words behind normalised offsets."""
        return self.norm.span(start, end)

    def span_text(self, clause: Clause) -> str:
        """A clause with upper and lower case kept."""
        return self.norm.text[clause.start : clause.end]

    def quotes(self) -> list[tuple[int, int]]:
        """Where somebody's words stand in quotation marks."""
        if self._quotes is None:
            self._quotes = [match.span() for match in _QUOTED.finditer(self.lower)]
        return self._quotes


def read(text: str) -> Document:
    """Normalise and cut a text."""
    return Document(normalise(text))


def _cut(document: Document) -> None:
    lower, sentences = document.lower, document.sentences
    start = sentence_start = first = 0
    for match in _BOUNDARY.finditer(lower):
        at, behind = match.span()
        mark = lower[at]
        if mark == "." and _ABBREVIATION.search(lower, max(start, at - 6), at + 1):
            continue
        _add_clause(document, lower[start:at], start, len(sentences))
        start = behind
        if mark in ".!?\n":
            last = len(document.clauses)
            if last > first:
                end = at if mark == "\n" else behind
                sentences.append(SentenceBounds(sentence_start, end, first, last, "?" in match[0]))
            first, sentence_start = last, behind
    _add_clause(document, lower[start:], start, len(sentences))
    if len(document.clauses) > first:
        last = len(document.clauses)
        sentences.append(SentenceBounds(sentence_start, len(lower), first, last, lower.rstrip().endswith("?")))


def _add_clause(document: Document, text: str, start: int, sentence: int) -> None:
    bare = text.lstrip(_EDGES)
    start += len(text) - len(bare)
    bare = bare.rstrip(_EDGES)
    if len(bare) > _CLAUSE_CHARS:
        for piece_start, piece_end in _pieces(document.lower, start, start + len(bare)):
            document.clauses.append(Clause(document.lower[piece_start:piece_end], piece_start, sentence))
            document.capped = document.capped or piece_end < start + len(bare)
    elif ", " in bare and _OPENER.match(bare):
        # «If she leaves, the house is empty»: a condition and what follows from it are two clauses
        comma = bare.index(", ")
        document.clauses.append(Clause(bare[:comma], start, sentence))
        _add_clause(document, bare[comma + 2 :], start + comma + 2, sentence)
    elif bare:
        document.clauses.append(Clause(bare, start, sentence))


def _pieces(lower: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut an over-long stretch after every CLAUSE_TOKENS words, or 4,000 characters without words."""
    pieces: list[tuple[int, int]] = []
    count, begin = 0, start
    for token in TOKEN.finditer(lower, start, end):
        count += 1
        while token.end() - begin > 10 * CLAUSE_TOKENS:
            pieces.append((begin, begin + 10 * CLAUSE_TOKENS))
            begin, count = begin + 10 * CLAUSE_TOKENS, 0
        if count >= CLAUSE_TOKENS:
            pieces.append((begin, token.end()))
            begin, count = token.end(), 0
    while end - begin > 10 * CLAUSE_TOKENS:
        pieces.append((begin, begin + 10 * CLAUSE_TOKENS))
        begin += 10 * CLAUSE_TOKENS
    if begin < end:
        pieces.append((begin, end))
    return pieces
