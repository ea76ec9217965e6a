"""What moved from round 1 to round 3, word by word; the texts themselves stay as they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

WORD = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `moved` when the other text does not have it there."""

    text: str
    moved: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Both texts in pieces; joined, the pieces give each text again, letter by letter."""

    first: tuple[Piece, ...]
    last: tuple[Piece, ...]
    new_share: float
    """How many of the last text's words the first does not have there."""


def difference(first: str, last: str) -> Difference:
    """Compare by words; case and spacing do not count as movement."""
    a, b = WORD.findall(first), WORD.findall(last)
    matcher = SequenceMatcher(None, _plain(a), _plain(b), autojunk=False)
    gone, come = [True] * len(a), [True] * len(b)
    for block in matcher.get_matching_blocks():
        gone[block.a : block.a + block.size] = [False] * block.size
        come[block.b : block.b + block.size] = [False] * block.size
    words = [new for word, new in zip(b, come, strict=True) if word[0].isalnum()]
    return Difference(_pieces(a, gone), _pieces(b, come), sum(words) / len(words) if words else 0.0)


def _plain(words: list[str]) -> list[str]:
    return [" " if word.isspace() else word.lower() for word in words]


def _pieces(words: list[str], moved: list[bool]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for word, new in zip(words, moved, strict=True):
        if pieces and (pieces[-1].moved == new or word.isspace()):
            pieces[-1] = Piece(pieces[-1].text + word, pieces[-1].moved)
        else:
            pieces.append(Piece(word, new))
    return tuple(pieces)
