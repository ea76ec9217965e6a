"""What a file is: by its name and by how it begins. Where the two disagree the file is refused."""

from __future__ import annotations

from pathlib import PurePath
from typing import BinaryIO

from nma13.documents.limits import Refused

SUFFIXES = {
    ".pdf": "pdf", ".docx": "docx", ".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md",
    ".csv": "csv", ".html": "html", ".htm": "html",
}  # fmt: skip
NAMES = {
    "pdf": "a PDF", "docx": "a Word document", "txt": "plain text", "md": "Markdown",
    "csv": "a table (CSV)", "html": "a web page (HTML)",
}  # fmt: skip
TAKEN = "The lab reads PDF, DOCX, TXT, MD, CSV and HTML."
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "docx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, or one protected with a password"),
    (b"{\\rtf", "rich text (RTF)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a packed file (gzip)"),
    (b"Rar!", "a packed file (RAR)"),
    (b"7z\xbc\xaf", "a packed file (7z)"),
    (b"SQLite format 3", "a database"),
)
HEAD = 2048


def kind_of(name: str, file: BinaryIO) -> str:
    """The kind to read the file as; raises Refused where name and content disagree."""
    suffix = PurePath(name).suffix.lower()
    kind = SUFFIXES.get(suffix)
    if kind is None:
        named = f"files ending in «{suffix}»" if suffix else "files without an ending"
        raise Refused(f"The lab does not read {named}. {TAKEN}")
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise Refused("The file is empty.")
    looks = _looks_like(head, kind)
    if looks != kind and not (looks is None and kind not in ("pdf", "docx")):
        found = NAMES.get(looks or "", looks or "something else")
        advice = "Give it its right ending, or save it anew." if looks in NAMES else f"{TAKEN} Save it as one of these."
        raise Refused(f"By its name it is {NAMES[kind]}; by its content it is {found}. {advice}")
    return kind


def _looks_like(head: bytes, kind: str) -> str | None:
    """None: nothing but text is known to begin like this."""
    for magic, what in _MAGIC:
        if head.startswith(magic) and (magic != b"MZ" or b"\x00" in head):  # words may begin with MZ too
            return what
    if kind == "pdf" and b"%PDF-" in head[:1024]:  # some begin with a few strange bytes
        return "pdf"
    return None
