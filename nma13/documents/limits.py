"""What one file may cost, and how a file that costs more, or is not what it says, is refused."""

from __future__ import annotations

from dataclasses import dataclass

from nma13.errors import LabError

MEGABYTE = 1024 * 1024
STORED_NOTHING = "Nothing of it was stored."


class DocumentError(LabError):
    """A document that was not taken, told in words."""


class Refused(Exception):
    """Raised by a reader: one or two sentences on what is wrong with the file and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one file. The child process keeps them on itself; the parent keeps the clock."""

    bytes: int = 64 * MEGABYTE
    pages: int = 3_000
    characters: int = 20_000_000
    unpacked: int = 256 * MEGABYTE
    """What a DOCX may unpack to: all its parts together."""
    markup: int = 16 * MEGABYTE
    """HTML and one part of a DOCX: they are read as a whole."""
    line: int = 1_000_000
    """Characters of one CSV record."""
    memory: int = 1024 * MEGABYTE
    seconds: int = 600
    """Of processor time, and of the clock."""
    silence: float = 60.0
    """Seconds without a page or paragraph: something in the file keeps the reader busy."""
    passage: int = 1_200
    """Characters of a passage, at most."""
    overlap: int = 200
    """Characters of whole sentences that a passage repeats from the one before."""
    stop_at: int = 0
    """Stop in peace after so many characters (0: read all): a live document is read no further than it is used."""


STANDARD = Limits()
