"""TXT and Markdown: paragraphs; in Markdown under their headings. Also how bytes become text."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator

from nma13.documents.blocks import Block
from nma13.documents.limits import Refused
from nma13.documents.readers import Reading

PIECE = 1 << 18
PARAGRAPH = 50_000  # characters; a longer one is handed on in pieces
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read(reading: Reading) -> Iterator[Block]:
    """Paragraph by paragraph, so that a long file is never held whole."""
    markdown = reading.kind == "md"
    heading: str | None = None
    fenced = found = False
    held: list[str] = []
    length = 0
    with lines_of(reading) as stream:
        while line := stream.readline(PARAGRAPH):
            bare = line.strip()
            fenced ^= markdown and bool(_FENCE.match(line))
            titled = _HEADING.match(line) if markdown and not fenced else None
            if titled or not bare or length > PARAGRAPH:
                if held:
                    yield Block("".join(held), None, heading)
                held, length = [], 0
            if titled:
                heading = titled[2][:200] or heading
            if bare:
                found = True
                held.append(line)
                length += len(line)
            reading.progress(reading.file.tell(), 0)
    if held:
        yield Block("".join(held), None, heading)
    if not found:
        raise Refused("There is no text in it.")


def lines_of(reading: Reading) -> io.TextIOWrapper:
    """The file as text, whatever common encoding it is in; refuses what is no text."""
    encoding = encoding_of(reading)
    return io.TextIOWrapper(io.BufferedReader(_Uncloseable(reading)), encoding, errors="strict", newline=None)


def encoding_of(reading: Reading, *, quiet: bool = False) -> str:
    """UTF-8, UTF-16 with its mark, else Windows-1252 (and then it says so)."""
    reading.file.seek(0)
    head = reading.file.read(4)
    reading.file.seek(0)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            _check(reading, encoding)
            return encoding
    if _check(reading, "utf-8"):
        return "utf-8"
    if not quiet:
        reading.notes.append("It is not in UTF-8; it was read as Windows-1252. Look whether accents are right.")
    return "cp1252" if _check(reading, "cp1252") else "latin-1"


def _check(reading: Reading, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    whole = True
    while piece := reading.file.read(PIECE):
        if b"\x00" in piece and encoding != "utf-16":
            raise Refused("It holds null bytes, so it is no text. Save it as text in UTF-8, and add that.")
        try:
            if whole:
                decoder.decode(piece)
        except UnicodeDecodeError:
            whole = False
            if encoding.startswith("utf-") and encoding != "utf-8":
                raise Refused(f"It says it is {encoding.upper()} and is not. Save it as text in UTF-8.") from None
    reading.file.seek(0)
    if whole:
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            whole = False
    return whole


class _Uncloseable(io.RawIOBase):
    """The given file, which stays open when the text layer above it is closed."""

    def __init__(self, reading: Reading) -> None:
        self._file = reading.file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
