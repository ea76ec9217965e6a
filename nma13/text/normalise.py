"""One plain spelling for matching, with a way back: look-alike letters, full width, invisible characters.

Rules see the normalised text; people see the original. `Normalised.span` turns one into the other.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right

from nma13.evidence import Span

# Replacements that keep one character one character, so the common case needs no map.
_SAME_LENGTH = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u0060": "'", "\u00b4": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2212": "-",
        "\u2014": ";", "\u2015": ";",  # a dash between clauses parts them as a semicolon does
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2026": ".",
    }
)  # fmt: skip

# Letters of other scripts that are drawn like Latin ones, each followed by its Latin twin.
_TWINS = """
аa вb еe зz іi јj кk мm нh оo рp ѕs тt уy хx сc һh ԁd ԛq ԝw ѵv ӏl пn
АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX
αa βb γy εe ιi κk νv οo ρp τt υu χx ωw ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX
ɑa ɡg ıi ʀr
"""
_CONFUSABLE = {pair[0]: pair[1] for pair in _TWINS.split()}

_SPECIAL = re.compile(r"[ \t]{2,}|\t|[^\x20-\x7e\n\t]+")
_LONE_NEWLINE = re.compile(r"\n(?<!\n\n)(?![\n\-*•\d ])")


class Normalised:
    """`text` for matching (case kept), `lower` of the same length, and the way back to `original`."""

    __slots__ = ("_from", "_to", "_width", "lower", "original", "text")

    def __init__(self, original: str, text: str, runs: list[tuple[int, int, int]] | None) -> None:
        self.original = original
        self.text = text
        lower = text.lower()
        if len(lower) != len(text):
            lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        self.lower = lower
        # Each run: where it starts here, where it starts in the original, and how much of the
        # original one character covers (0 marks a run copied character by character).
        self._from = array("q", [run[0] for run in runs]) if runs else None
        self._to = array("q", [run[1] for run in runs]) if runs else None
        self._width = array("q", [run[2] for run in runs]) if runs else None

    def start(self, index: int) -> int:
        """Offset in the original of the character at `index`."""
        if self._from is None or self._to is None or self._width is None:
            return index
        if index >= len(self.text):
            return len(self.original)
        run = bisect_right(self._from, index) - 1
        return self._to[run] + (0 if self._width[run] else index - self._from[run])

    def end(self, index: int) -> int:
        """Offset in the original just behind the character before `index`."""
        if self._from is None or self._to is None or self._width is None or index == 0:
            return index
        run = bisect_right(self._from, index - 1) - 1
        return self._to[run] + (self._width[run] or index - self._from[run])

    def span(self, start: int, end: int) -> Span:
        """The original's words behind `[start, end)` of the normalised text."""
        if self._from is not None:
            start, end = self.start(start), self.end(end)
        return Span(start, end, self.original[start:end])


def normalise(original: str) -> Normalised:
    """Fold a text for matching. ASCII without runs of blanks passes through untouched."""
    text = original if original.isascii() else original.translate(_SAME_LENGTH)
    runs = None
    if not text.isascii() or "  " in text or not text.replace("\n", "").isprintable():
        text, runs = _fold(text)
    if "\n" in text:
        text = _LONE_NEWLINE.sub(" ", text)
    return Normalised(original, text, runs)


def _fold(text: str) -> tuple[str, list[tuple[int, int, int]] | None]:
    """Fold unusual characters, collapse blanks, and note which run of the original each piece came from."""
    parts: list[str] = []
    runs: list[tuple[int, int, int]] = []
    folded: dict[str, str] = {}
    length = copied = 0
    blank = False  # whether the text so far ends in a blank: never two in a row

    def put(piece: str, origin: int, width: int) -> None:
        nonlocal length, blank
        if blank and piece[0] == " ":
            piece, origin = piece[1:], origin + (0 if width else 1)
        if piece:
            parts.append(piece)
            each = range(len(piece)) if width else (0,)
            runs.extend((length + k, origin, width) for k in each)
            length += len(piece)
            blank = piece[-1] == " "

    for match in _SPECIAL.finditer(text):
        start, end = match.span()
        if start > copied:
            put(text[copied:start], copied, 0)
        copied = end
        if text[start] in " \t":
            put(" ", start, end - start)
            continue
        for i in range(start, end):
            character = text[i]
            plain = folded.get(character)
            if plain is None:
                plain = folded[character] = _plain(character)
            if plain:
                put(plain, i, 1)
    if copied == 0:
        return text, None
    if copied < len(text):
        put(text[copied:], copied, 0)
    return "".join(parts), runs or [(0, 0, 1)]


def _plain(character: str) -> str:
    """What one unusual character stands for; empty for what has no shape of its own."""
    out = []
    for part in unicodedata.normalize("NFKD", character):
        if unicodedata.category(part) in ("Mn", "Me", "Cf", "Cc", "Cs"):
            continue
        out.append(_CONFUSABLE.get(part, part))
    return "".join(out)[:8].translate(_SAME_LENGTH)
