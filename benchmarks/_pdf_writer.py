"""Writes plain text PDFs of any length, page by page: what the document benchmark and tests read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

LEADING = 14


def write_pdf(path: Path, pages: Iterable[Sequence[str]], contents: Sequence[tuple[str, int]] = ()) -> int:
    """A PDF whose pages hold these lines; `contents` is its table of contents (title, page). Returns the pages."""
    with path.open("wb") as file:
        return _write(file, pages, contents)


def _write(file: BinaryIO, pages: Iterable[Sequence[str]], contents: Sequence[tuple[str, int]]) -> int:
    at: dict[int, int] = {}

    def put(number: int, body: bytes) -> None:
        at[number] = file.tell()
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    file.write(b"%PDF-1.4\n")
    put(3, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    kids: list[int] = []
    number = 4
    for lines in pages:
        shown = b" T* ".join(b"(" + _escaped(line) + b") Tj" for line in lines)
        stream = b"BT /F1 11 Tf %d TL 60 780 Td %s ET" % (LEADING, shown)
        put(number, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        put(
            number + 1,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % number,
        )
        kids.append(number + 1)
        number += 2
    outline = b""
    if contents:
        root, entries = number, range(number + 1, number + 1 + len(contents))
        for entry, (title, page) in zip(entries, contents, strict=True):
            following = b" /Next %d 0 R" % (entry + 1) if entry + 1 in entries else b""
            put(entry, b"<< /Title (%s) /Parent %d 0 R /Dest [%d 0 R /Fit]%s >>"
                % (_escaped(title), root, kids[page - 1], following))  # fmt: skip
        put(
            root,
            b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (entries[0], entries[-1], len(entries)),
        )
        outline = b" /Outlines %d 0 R" % root
        number += 1 + len(contents)
    put(2, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)))
    put(1, b"<< /Type /Catalog /Pages 2 0 R%s >>" % outline)
    table = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % number)
    file.writelines(b"%010d 00000 n \n" % at[one] for one in range(1, number))
    file.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (number, table))
    return len(kids)


def _escaped(text: str) -> bytes:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252", "replace")
