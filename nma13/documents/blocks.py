"""What readers yield and what is stored: blocks of a document's text, and the passages cut from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Never shown and never stored: control characters, marks that turn the direction of text, invisible tags.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[ \t\u00a0]+")
_BLANK_LINES = re.compile(r"\n[ \n]*\n")
# A full stop, then perhaps closing marks, then a blank before something that can begin a sentence; or a blank line.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s+[\"'“‘«(\[]?[^\W_a-z])|\n\s*\n")
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|e\.g|i\.e|al|Fig|No|cf|pp?|Vol|Art|Sec|ca)|\b[A-Z])\.$")
SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a page, as a reader found it."""

    text: str
    page: int | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: `text` equals the document's text from `start` to `end`."""

    position: int
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str


def clean(text: str) -> str:
    """Without what cannot be seen; runs of blanks are one, blank lines are one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BLANKS.sub(" ", INVISIBLE.sub("", text))
    return _BLANK_LINES.sub(SEPARATOR, text.replace(" \n", "\n")).strip()


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, blanks between them left out."""
    start = 0
    for match in _END.finditer(text):
        end = match.start() if match[0][0] == "\n" else match.end()
        if match[0] == "." and _ABBREVIATION.search(text, max(start, end - 6), end):
            continue
        if text[start:end].strip():
            yield _trimmed(text, start, end)
        start = end
    if text[start:].strip():
        yield _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))


class Cutter:
    """Cuts a stream of blocks into passages, holding no more than one page of them.

    A passage is whole sentences under one heading that begin on one page. A sentence that runs on over the end of
    a page belongs to the page it begins on.
    """

    def __init__(self, most: int, overlap: int) -> None:
        self._most, self._overlap = most, overlap
        self._text = ""  # of the page or heading being read, from `_base` on
        self._base = 0
        self._page: int | None = None
        self._heading: str | None = None
        self.count = 0
        self.characters = 0
        """Of the document's text so far."""

    def feed(self, block: Block) -> Iterator[Passage]:
        """Take in a block; passages that are complete come out."""
        text = clean(block.text)
        if not text:
            return
        same = (block.page, block.heading) == (self._page, self._heading)
        if self._text and not same:
            rest = self._runs_on(block, text)
            yield from self._cut(rest)
            self._text, self._base = self._text[rest:], self._base + rest
        if not self._text:
            self._base = self.characters = self.characters + (len(SEPARATOR) if self.characters else 0)
            self._page, self._heading = block.page, block.heading
            self._text = text
        elif same:
            self._text += SEPARATOR + text
        else:
            yield from self._over_the_page(block, text)
        self.characters = self._base + len(self._text)
        if len(self._text) > 20 * self._most:  # paragraph after paragraph without a heading: no need to hold all
            yield from self._drain()

    def finish(self) -> Iterator[Passage]:
        """What is left at the end."""
        yield from self._cut(len(self._text))
        self._text = ""

    def _runs_on(self, block: Block, text: str) -> int:
        """How much of the held text is complete: all of it, unless its last sentence goes on in `block`."""
        held = self._text
        if block.heading != self._heading or block.page is None or held[-1] in '.!?…:"”»' or not text[0].islower():
            return len(held)
        *_, (start, _) = sentences(held)
        return start if len(held) - start <= self._most // 2 else len(held)

    def _over_the_page(self, block: Block, text: str) -> Iterator[Passage]:
        """The sentence begun on the page before takes its rest from this one; then this page begins."""
        end = next(sentences(text))[1]
        self._text += "\n" + text[:end]
        yield from self._cut(len(self._text))
        rest = text[end:]
        self._base += len(self._text) + len(rest) - len(rest.lstrip())
        self._text, self._page = rest.lstrip(), block.page

    def _drain(self) -> Iterator[Passage]:
        """Give out all but the last passage of what is held."""
        cuts = self._cuts(self._text)
        for start, end in cuts[:-1]:
            yield self._passage(start, end)
        begin = cuts[-1][0]
        self._text, self._base = self._text[begin:], self._base + begin

    def _cut(self, end: int) -> Iterator[Passage]:
        for start, stop in self._cuts(self._text[:end]):
            yield self._passage(start, stop)

    def _cuts(self, text: str) -> list[tuple[int, int]]:
        cuts: list[tuple[int, int]] = []
        held: list[tuple[int, int]] = []
        for start, end in self._pieces(text):
            if held and end - held[0][0] > self._most:
                cuts.append((held[0][0], held[-1][1]))
                held = self._repeated(held, end)
            held.append((start, end))
        return [*cuts, (held[0][0], held[-1][1])] if held else cuts

    def _repeated(self, held: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
        """The last sentences of a passage that the next one begins with."""
        kept: list[tuple[int, int]] = []
        for one in reversed(held[1:]):
            if held[-1][1] - one[0] > self._overlap or end - one[0] > self._most:
                break
            kept.insert(0, one)
        return kept

    def _pieces(self, text: str) -> Iterator[tuple[int, int]]:
        """Sentences; one that is longer than a passage is cut between words."""
        for start, end in sentences(text):
            while end - start > self._most:
                at = max(text.rfind(" ", start, start + self._most), text.rfind("\n", start, start + self._most))
                at = at if at > start + self._most // 2 else start + self._most
                yield _trimmed(text, start, at)
                start, _ = _trimmed(text, at, end)
            yield start, end

    def _passage(self, start: int, end: int) -> Passage:
        self.count += 1
        begin = self._base + start
        return Passage(self.count, self._page, self._heading, begin, self._base + end, self._text[start:end])
