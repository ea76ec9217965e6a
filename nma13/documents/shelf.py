"""The stored documents: put one in (whole or not at all), list, show, take out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nma13.clock import now_ms
from nma13.documents.blocks import Passage
from nma13.documents.extract import NEVER, Extracted, Progress, Stop, extracted, taken, untold
from nma13.documents.limits import STANDARD, DocumentError, Limits
from nma13.store import open_ro, open_rw, transaction
from nma13.store.errors import MissingDatabaseError

_COLUMNS = "SELECT d.*, (SELECT count(*) FROM document_chunks c WHERE c.document = d.id) AS passages FROM documents d"


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document."""

    id: int
    name: str
    kind: str
    content_hash: str
    bytes: int
    pages: int | None
    characters: int
    created_ms: int
    passages: int


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file. `new` is False when the same content was stored before."""

    document: Document
    new: bool
    notes: tuple[str, ...] = ()


def add(
    path: Path,
    folder: Path | None = None,
    *,
    name: str = "",
    limits: Limits = STANDARD,
    progress: Progress = untold,
    stop: Stop = NEVER,
    clock: Callable[[], int] = now_ms,
) -> Added:
    """Store a file. It is read in a child process and written in one transaction: a kill leaves all or nothing."""
    with taken(path, limits, name, folder) as copy:
        with closing(open_rw("memory", folder)) as connection:
            if known := _by_hash(connection, copy.content_hash):
                return Added(known, False)
        with extracted(copy, limits, progress, stop, folder) as found, closing(open_rw("memory", folder)) as connection:
            return _store(connection, found, clock())


def _store(connection: sqlite3.Connection, found: Extracted, now_ms: int) -> Added:
    with transaction(connection):
        if known := _by_hash(connection, found.content_hash):  # somebody else was quicker
            return Added(known, False, found.notes)
        id_ = connection.execute(
            "INSERT INTO documents (name, kind, content_hash, bytes, pages, characters, created_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (found.name, found.kind, found.content_hash, found.bytes, found.pages, found.characters, now_ms),
        ).lastrowid
        connection.executemany(
            'INSERT INTO document_chunks (document, position, page, heading, start, "end", text)'
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((id_, p.position, p.page, p.heading, p.start, p.end, p.text) for p in found.passages()),
        )
        stored = _one(connection, "d.id = ?", id_)
    assert stored is not None
    return Added(stored, True, found.notes)


def documents(folder: Path | None = None) -> list[Document]:
    """All stored documents, the newest first; none where there is no store yet."""
    try:
        with closing(open_ro("memory", folder)) as connection:
            return [_document(row) for row in connection.execute(f"{_COLUMNS} ORDER BY d.id DESC")]
    except MissingDatabaseError:
        return []


def find(which: str, folder: Path | None = None) -> Document:
    """The document of this number or this name, if only one can be meant; «#3» means the number and nothing else."""
    everything = documents(folder)
    wanted = which.strip()
    numbered = [one for one in everything if str(one.id) == wanted.removeprefix("#")]
    if numbered and wanted.startswith("#"):
        return numbered[0]
    found = numbered + [one for one in everything if one.name == wanted and one not in numbered]
    if len(found) > 1:
        each = ", ".join(f"#{one.id} «{one.name}»" for one in found)
        raise DocumentError(
            f"«{wanted}» may mean several documents: {each}. Nothing was changed. Say the number, with its #."
        )
    if found:
        return found[0]
    raise DocumentError(f"There is no document «{wanted}». Nothing was changed. ./lab documents list shows them all.")


def remove(which: str, folder: Path | None = None) -> Document:
    """Take a document out: its row, passages, index entries and vectors, in one transaction."""
    known = find(which, folder)
    with closing(open_rw("memory", folder)) as connection, transaction(connection):
        connection.execute("DELETE FROM documents WHERE id = ?", (known.id,))
    return known


def passages(document: int, folder: Path | None = None) -> Iterator[Passage]:
    """The passages of a document, in order."""
    with closing(open_ro("memory", folder)) as connection:
        rows = connection.execute(
            'SELECT position, page, heading, start, "end", text FROM document_chunks WHERE document = ?'
            " ORDER BY position",
            (document,),
        )
        for row in rows:
            yield Passage(*row)


def text_of(document: int, folder: Path | None = None) -> Iterator[tuple[Passage, str]]:
    """Each passage with what it adds to the text: what it repeats from the one before is left out."""
    end = 0
    for passage in passages(document, folder):
        yield passage, passage.text[max(0, end - passage.start) :]
        end = max(end, passage.end)


def _by_hash(connection: sqlite3.Connection, content_hash: str) -> Document | None:
    return _one(connection, "d.content_hash = ?", content_hash)


def _one(connection: sqlite3.Connection, condition: str, value: object) -> Document | None:
    row = connection.execute(f"{_COLUMNS} WHERE {condition}", (value,)).fetchone()
    return _document(row) if row else None


def _document(row: sqlite3.Row) -> Document:
    return Document(
        row["id"], row["name"], row["kind"], row["content_hash"], row["bytes"], row["pages"], row["characters"],
        row["created_ms"], row["passages"],
    )  # fmt: skip
