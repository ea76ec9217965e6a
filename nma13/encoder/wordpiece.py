"""BERT's uncased WordPiece tokeniser: clean, lower, strip accents, split, then longest known pieces."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

LONGEST_WORD = 100  # characters; a longer one is unknown as a whole


class WordPiece:
    """Ids for a text, with [CLS] and [SEP] around them."""

    def __init__(self, vocabulary: Path) -> None:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self.cls, self.sep, self.unknown = (self._ids[name] for name in ("[CLS]", "[SEP]", "[UNK]"))
        self._word = lru_cache(maxsize=20_000)(self._pieces)

    def __call__(self, text: str, limit: int) -> list[int]:
        """At most `limit` ids, the two marks included."""
        ids = [self.cls]
        for word in _words(text):
            ids.extend(self._word(word))
            if len(ids) >= limit - 1:
                break
        return [*ids[: limit - 1], self.sep]

    def _pieces(self, word: str) -> tuple[int, ...]:
        if len(word) > LONGEST_WORD:
            return (self.unknown,)
        found, start = [], 0
        while start < len(word):
            end = len(word)
            while end > start:
                piece = self._ids.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if piece is not None:
                    found.append(piece)
                    break
                end -= 1
            else:
                return (self.unknown,)
            start = end
        return tuple(found)


def _words(text: str) -> Iterator[str]:
    """Words and single punctuation marks or ideographs, lower case and without accents."""
    spaced = "".join(_spaced(char) for char in text)
    for word in spaced.split():
        plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
        yield from _split_punctuation(plain)


@lru_cache(maxsize=8192)
def _spaced(char: str) -> str:
    code = ord(char)
    if code in (0, 0xFFFD):
        return ""
    if char in "\t\n\r" or unicodedata.category(char) == "Zs":
        return " "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co"):
        return ""
    return f" {char} " if _is_ideograph(code) else char


def _split_punctuation(word: str) -> Iterator[str]:
    start = 0
    for index, char in enumerate(word):
        if _is_punctuation(char):
            if index > start:
                yield word[start:index]
            yield char
            start = index + 1
    if start < len(word):
        yield word[start:]


@lru_cache(maxsize=8192)
def _is_punctuation(char: str) -> bool:
    code = ord(char)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_mark or unicodedata.category(char).startswith("P")


def _is_ideograph(code: int) -> bool:
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF
        or 0x2F800 <= code <= 0x2FA1F
    )
