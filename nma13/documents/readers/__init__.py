"""One reader a kind of file: bytes in, blocks of text out. They run only in a child process with limits."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nma13.documents.blocks import Block
from nma13.documents.limits import Limits

MODULES = {"pdf": "pdf", "docx": "word", "txt": "plain", "md": "plain", "csv": "table", "html": "web"}


@dataclass(slots=True)
class Reading:
    """What a reader is given, and what it finds out on the way."""

    file: BinaryIO
    kind: str
    limits: Limits
    progress: Callable[[int, int], None]
    pages: int | None = None
    notes: list[str] = field(default_factory=list)
    """What a person should know about how the file was read."""


def blocks(reading: Reading) -> Iterator[Block]:
    """Read the file with the reader of its kind, imported when it is needed."""
    module = importlib.import_module(f"nma13.documents.readers.{MODULES[reading.kind]}")
    found: Iterator[Block] = module.read(reading)
    return found
