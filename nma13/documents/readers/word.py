"""DOCX: the package is inspected before any of it is unpacked; then paragraphs and tables in reading order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from nma13.documents.blocks import Block
from nma13.documents.limits import MEGABYTE, Refused
from nma13.documents.readers import Reading

PARTS = 5_000
RATIO = 200  # XML of a real document packs 10 to 30 times
NO_MEMORY = 2  # in the XML library
PIECE = 256 * 1024
MACROS = ("vbaproject.bin", "vbadata.xml")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEADING = re.compile(r"heading ?(\d)|title$", re.IGNORECASE)


def read(reading: Reading) -> Iterator[Block]:
    """Paragraphs under their headings; a table's rows as lines."""
    _inspect(reading)
    import docx
    from docx.opc.exceptions import OpcError
    from docx.table import Table

    try:
        document = docx.Document(reading.file)
        body = list(document.iter_inner_content())
    except (OpcError, SyntaxError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        if getattr(error, "code", 0) == NO_MEMORY:  # the XML library calls that a syntax error too
            raise MemoryError from None
        raise Refused(f"It is damaged, or no Word document ({type(error).__name__}). Open and save it anew.") from None
    heading: str | None = None
    found = False
    for number, part in enumerate(body, 1):
        if isinstance(part, Table):
            text = "\n".join(_rows(part))
        else:
            text = part.text
            if text.strip() and _HEADING.match((part.style.name or "") if part.style is not None else ""):
                heading = " ".join(text.split())[:200]
        if text.strip():
            found = True
            yield Block(text, None, heading)
        if number % 100 == 0 or number == len(body):
            reading.progress(number, len(body))
    if not found:
        raise Refused("There is no text in it.")


def _rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            if not cells or cells[-1] != text:  # a merged cell is listed once for each column it covers
                cells.append(text)
        if any(cells):
            yield " · ".join(cells)


def _inspect(reading: Reading) -> None:
    """Refuse what must not be unpacked: bombs, macros, declarations that multiply, packages that are no document."""
    limits = reading.limits
    try:
        with zipfile.ZipFile(reading.file) as package:
            parts = package.infolist()
            names = {part.filename.lower() for part in parts}
            if any(part.flag_bits & 1 for part in parts):
                raise Refused("It is protected with a password. Save a copy without one, and add that.")
            if "word/document.xml" not in names:
                raise Refused("It is a ZIP package, but no Word document. Unpack it and add the files you need.")
            if any(name.rsplit("/", 1)[-1] in MACROS for name in names):
                raise Refused("It carries macros (programs). Nothing was run. Save it as a plain .docx, and add that.")
            _weigh(parts, limits.unpacked)
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _look_into(package, part, limits.markup * 4)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise Refused(
            f"It is damaged or cut short ({type(error).__name__}: {error}). Fetch or copy it again."
        ) from None
    finally:
        reading.file.seek(0)


def _weigh(parts: list[zipfile.ZipInfo], most: int) -> None:
    if len(parts) > PARTS:
        raise Refused(f"It consists of {len(parts):,} parts; a document has a few dozen. It was not unpacked.")
    whole = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if whole > most or (whole > MEGABYTE * 8 and whole / packed > RATIO):
        raise Refused(
            f"It would unpack to {whole / MEGABYTE:,.0f} MB from {packed / MEGABYTE:,.1f} MB (a «zip bomb»). "
            "It was not unpacked."
        )


def _look_into(package: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> None:
    """No part of a real document declares entities; a few lines of them can stand for gigabytes."""
    if part.file_size > most:
        raise Refused(f"Its part {part.filename!r} is {part.file_size / MEGABYTE:,.0f} MB large. It was not read.")
    before = b""
    with package.open(part) as stream:
        while piece := stream.read(PIECE):
            seen = before + piece.replace(b"\x00", b"")  # UTF-16 says the same with zeros between
            if _DECLARES.search(seen):
                raise Refused(
                    "It declares entities (a «billion laughs»), which no Word document does. It was not read."
                )
            before = seen[-16:]
            if b"macroEnabled" in seen and part.filename == "[Content_Types].xml":
                raise Refused("It carries macros (programs). Nothing was run. Save it as a plain .docx, and add that.")
