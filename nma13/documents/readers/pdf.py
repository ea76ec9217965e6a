"""PDF, page by page. What a page needed is let go before the next, so memory does not grow with the pages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from nma13.documents.blocks import Block
from nma13.documents.limits import Refused
from nma13.documents.readers import Reading
from nma13.documents.readers.page_tree import REST_EVERY, Leaf, leaves, number_of, page_at

TAIL = 2048
ENTRIES = 2_000  # of a table of contents
_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
_SOFT_BREAK = re.compile(r"(?<!\n)\n(?!\n|\s*(?:[•●▪*\-–]|\d{1,3}[.)])\s)")


def read(reading: Reading) -> Iterator[Block]:
    """The pages' text; the headings are those of the file's own table of contents."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    _has_an_end(reading)
    try:
        reader = PdfReader(reading.file)
        _unlock(reader)
        pages = leaves(reader, reading.limits.pages)
    except (PyPdfError, DependencyError) as error:
        raise _unreadable(error) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, AssertionError) as error:
        raise _unreadable(error) from None  # how the library meets a structure that makes no sense
    reading.pages = total = len(pages)
    starts, headings = _contents(reader, reading, number_of(pages))
    empty = 0
    for number, leaf in enumerate(pages, 1):
        text = _page_text(reader, leaf, number)
        empty += not text.strip()
        heading = headings[bisect_right(starts, number) - 1] if starts and number >= starts[0] else None
        yield Block(text, number, heading)
        reading.progress(number, total)
        if number % REST_EVERY == 0:
            reader.resolved_objects.clear()
    if empty == total:
        raise Refused(
            "No text is in it, only pictures: it was probably scanned. Run a text recognition (OCR) over it first."
        )
    if empty:
        reading.notes.append(f"{empty} of {total} pages hold no text (pictures, or blank).")


def _page_text(reader: Any, leaf: Leaf, number: int) -> str:
    try:
        text = str(page_at(reader, leaf).extract_text())
    except MemoryError:
        raise
    except RecursionError:
        raise Refused(f"Page {number} is nested too deeply to be read.") from None
    except Exception as error:  # noqa: BLE001  whatever a broken page does to the library: the file is refused whole
        raise Refused(
            f"Page {number} cannot be read ({_said(error)}). Save the file anew, or leave the page out."
        ) from None
    return _SOFT_BREAK.sub(" ", _HYPHEN.sub("", text))


def _has_an_end(reading: Reading) -> None:
    size = reading.file.seek(0, 2)
    reading.file.seek(max(0, size - TAIL))
    tail = reading.file.read()
    reading.file.seek(0)
    if b"%%EOF" not in tail:
        raise Refused("The file ends too early: the end of the PDF is missing. Fetch or copy it again.")


def _unlock(reader: Any) -> None:
    """Files that anybody may read but not change are encrypted with an empty password."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("It is protected with a password. Save a copy without one, and add that.")


def _unreadable(error: Exception) -> Refused:
    if type(error).__name__ in ("DependencyError", "FileNotDecryptedError", "WrongPasswordError"):
        return Refused("It is encrypted. Save a copy without a password, and add that.")
    return Refused(f"It is damaged, or no PDF ({_said(error)}). Open it in a viewer and save it anew.")


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())[:120]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _contents(reader: Any, reading: Reading, numbers: dict[int, int]) -> tuple[list[int], list[str]]:
    """On which page each entry of the table of contents begins. A broken one is told and left aside."""
    found: list[tuple[int, str]] = []
    try:
        for entry in _flat(reader.outline):
            number = numbers.get(getattr(entry.page, "idnum", -1))
            if number and len(found) < ENTRIES:
                found.append((number, " ".join(str(entry.title).split())[:200]))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  the text does not depend on it
        reading.notes.append(f"The table of contents cannot be read ({_said(error)}); places are given by page only.")
        return [], []
    last = dict(sorted(found, key=lambda one: one[0]))
    return list(last), list(last.values())


def _flat(outline: Any, depth: int = 0) -> Iterator[Any]:
    for entry in outline:
        if isinstance(entry, list):
            if depth < 20:
                yield from _flat(entry, depth + 1)
        else:
            yield entry
