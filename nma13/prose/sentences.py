"""Whole sentences out of a stream of pieces, so that each can be audited before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

END = re.compile(r"(?<=[.!?…])[»\"”’)\]]*\s+")
ABBREVIATIONS = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|vs|etc|e\.g|i\.e|approx|No)|\b[A-Z])\.$")


class SentenceSplitter:
    """Feed pieces, take sentences; what has no end yet waits."""

    def __init__(self) -> None:
        self._pending = ""

    def feed(self, piece: str) -> Iterator[str]:
        self._pending += piece
        start = 0
        for match in END.finditer(self._pending):
            candidate = self._pending[start : match.end()].strip()
            if ABBREVIATIONS.search(candidate) or candidate.count("«") > candidate.count("»"):
                continue  # an abbreviation, or a quotation that is still open
            start = match.end()
            if candidate:
                yield candidate
        self._pending = self._pending[start:]

    def finish(self) -> Iterator[str]:
        """The last sentence, if it came to an end; a text cut off by its token limit loses its stump."""
        last = self._pending.strip()
        self._pending = ""
        if last and last[-1] in '.!?…»"”)':
            yield last
