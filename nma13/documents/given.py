"""What a run is given of documents: passages of stored ones that resemble the text, and files attached to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nma13.context import Material, MaterialKind
from nma13.documents.extract import NEVER, Stop, extracted, taken
from nma13.documents.limits import STANDARD
from nma13.documents.retrieval import Hit, search
from nma13.errors import LabError
from nma13.memory.ranking import THRESHOLD
from nma13.state import Notice

LIVE_LIMIT = 12_000  # characters of all attached files together
GIVEN = 4  # stored passages
CLOSE = 0.5  # in meaning; a person who searches sees more than a run is given
LIVE = replace(STANDARD, stop_at=LIVE_LIMIT, passage=3_000, overlap=0, seconds=60, silence=30.0)


@dataclass(frozen=True, slots=True)
class Given:
    """Material for one run, and what the person should know about it."""

    materials: tuple[Material, ...] = ()
    notices: tuple[Notice, ...] = ()


def stored_for(text: str, folder: Path | None = None) -> Given:
    """Passages of the stored documents that resemble the text. A failure is a notice, and the run goes on."""
    try:
        hits = search(text, folder, 2 * GIVEN)
    except (LabError, sqlite3.Error, OSError) as error:
        told = f"Your documents could not be searched ({error}). The run went on without them."
        return Given(notices=(Notice("documents", told),))
    close = [hit for hit in hits if hit.lexical >= THRESHOLD or (hit.meaning or 0.0) >= CLOSE]
    return Given(tuple(_material(hit) for hit in close[:GIVEN]))


def live(paths: Sequence[Path], folder: Path | None = None, stop: Stop = NEVER) -> Given:
    """The beginning of each attached file, read as carefully as a stored one; nothing is kept.

    Raises DocumentError where a file is not taken: somebody who attaches a file wants it to be read.
    """
    materials: list[Material] = []
    notices: list[Notice] = []
    left = LIVE_LIMIT
    for path in paths:
        if left <= 0:
            told = f"{path.name} was not read: the files before it fill the {LIVE_LIMIT:,} characters of one run."
            notices.append(Notice("attached", told))
            continue
        found, notes, used = _live(path, left, folder, stop)
        materials += found
        notices += [Notice("attached", f"{path.name}: {note}") for note in notes]
        left -= used
    return Given(tuple(materials), tuple(notices))


def _live(path: Path, left: int, folder: Path | None, stop: Stop) -> tuple[list[Material], list[str], int]:
    limits = replace(LIVE, stop_at=left)
    found: list[Material] = []
    used = 0
    with taken(path, limits, folder=folder) as copy, extracted(copy, limits, stop=stop, folder=folder) as read:
        notes = list(read.notes)
        for passage in read.passages():
            text = passage.text[: left - used]
            if not text:
                break
            used += len(text)
            place = locator(passage.page, passage.heading)
            end = passage.start + len(text)
            found.append(Material(MaterialKind.LIVE, read.name, text, read.name, place, passage.start, end))
        if read.stopped:
            notes.append(
                f"only its first {used:,} characters were read; add it to your documents to have all of it used."
            )
    return found, notes, used


def _material(hit: Hit) -> Material:
    place = locator(hit.page, hit.heading)
    return Material(MaterialKind.DOCUMENT, hit.name, hit.text, hit.name, place, hit.start, hit.end)


def locator(page: int | None, heading: str | None) -> str:
    """Page and heading, as a citation gives them."""
    return " · ".join(([f"p. {page}"] if page else []) + ([heading] if heading else []))
