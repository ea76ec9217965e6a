"""Stored documents as a person reads them: values from the store in, HTML out. No handlers here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from apps import glyphs, pieces
from apps.html import Html, el
from nma13 import documents
from nma13.clock import day
from nma13.documents import Document, Given, Hit, Outcome, locator
from nma13.material import citation

SHOWN = 200  # documents in the list
READ = 40_000  # characters of a document that are shown at once
LAST = 8  # outcomes that stay in sight while files are being read
KINDS = ("PDF", "DOCX", "TXT", "MD", "CSV", "HTML")


def screen(stored: Sequence[Document], folder: Path) -> Html:
    """The whole list as one value."""
    if not stored:
        return nothing_stored(folder)
    top = pieces.cards(
        pieces.card("Documents", f"{len(stored):,}"),
        pieces.card("Pages", f"{sum(one.pages or 0 for one in stored):,}", below=_small("where the kind has pages")),
        pieces.card("Passages", f"{sum(one.passages for one in stored):,}", below=_small("what a run can be given")),
        pieces.card("Newest", day(stored[0].created_ms), below=_small(stored[0].name)),
        label="Documents in short",
    )
    rows = [_row(one) for one in stored[:SHOWN]]
    table = pieces.table(("Number", "Name", "Kind", "Pages", "Passages", "Stored"), rows, "Stored documents")
    more = f"{len(stored) - SHOWN:,} older ones are not listed here." if len(stored) > SHOWN else None
    return Html(top + el("div", pieces.panel("Stored documents", table, el("p", more) if more else None), class_="why"))


def nothing_stored(folder: Path) -> Html:
    return pieces.empty_state(
        glyphs.page(),
        "Texts that answers may rest on",
        "Here you give the lab documents to draw on, search in them, and take them out again. "
        "What an answer takes from a document is cited with document, page and place.",
        [
            f"Files: {', '.join(KINDS)}. Scripts and macros in them are never run.",
            ["Stored documents stay on this machine, in ", pieces.code(str(folder)), "."],
            "For one question only, attach a file under Navigate instead: it is read, and not stored.",
        ],
    )


def progress(done: Sequence[Outcome], whole: int, name: str, at: int, of: int) -> Html:
    """How far it is: which file, how much of it, and what became of those before."""
    share = (len(done) + (at / of if of else 0.0)) / whole if whole else 0.0
    where = f", {at / of:.0%}" if of else ""
    head = f"File {min(len(done) + 1, whole):,} of {whole:,}: {name}{where}"
    return pieces.panel("Reading", el("p", head), pieces.meter(share, "Files read"), outcomes(done[-LAST:]))


def outcomes(done: Sequence[Outcome]) -> Html:
    """What became of each file."""
    return el("ul", [el("li", _told(one)) for one in done], class_="notices") if done else Html("")


def summary(done: Sequence[Outcome], whole: int) -> Html:
    """The end of it, in one line, then file by file."""
    return pieces.panel(documents.summary_of(done, whole).rstrip("."), outcomes(done))


def looked_at(given: Given) -> Html:
    """What a run would be given of files that are not stored."""
    notes = [el("li", notice.text) for notice in given.notices]
    passages = [
        el("article", el("h3", citation(one)), el("p", one.text, class_="passage"), aria_label=citation(one))
        for one in given.materials
    ]
    told = "This is what one run would be given. Nothing was stored. To use it, attach the file under Navigate."
    return pieces.panel("Read, not stored", el("p", told), el("ul", notes, class_="notices"), passages)


def found(hits: Sequence[Hit], query: str) -> Html:
    """Passages like the query, each with its place."""
    if not query.strip():
        return pieces.panel("Search", el("p", "Write what the passage is about."))
    if not hits:
        return pieces.panel("Search", el("p", "No passage resembles this."))
    return pieces.panel("Passages like this", [_passage(hit) for hit in hits])


def text(one: Document, folder: Path) -> Html:
    """The beginning of a document, as it was read, with pages and headings."""
    parts: list[Html] = []
    shown, place = 0, ""
    for passage, words in documents.text_of(one.id, folder):
        here = locator(passage.page, passage.heading)
        if here != place:
            parts.append(el("h3", here))
            place = here
        parts.append(el("p", words, class_="passage"))
        shown += len(words)
        if shown > READ:
            rest = (
                f"The rest is not shown here: ./lab documents show {one.id} prints all {one.characters:,} characters."
            )
            parts.append(el("p", rest, class_="source"))
            break
    return pieces.panel(one.name, parts)


def label(one: Document) -> str:
    """How a document is called in a choice."""
    return f"{one.id} · {one.name}"


def _row(one: Document) -> tuple[str | int, ...]:
    pages = f"{one.pages:,}" if one.pages else "–"
    return one.id, one.name, one.kind, pages, f"{one.passages:,}", day(one.created_ms)


def _passage(hit: Hit) -> Html:
    place = locator(hit.page, hit.heading)
    where = f"{hit.name}{', ' + place if place else ''}, characters {hit.start:,}–{hit.end:,}"
    alike = pieces.chip(f"{hit.score:.2f}", "plain", "how like your words it is, by words and by meaning")
    return el("article", el("h3", where, " ", alike), el("p", hit.text, class_="passage"), aria_label=where)


def _small(words: str) -> Html:
    return el("p", words, class_="source passage")


def _told(one: Outcome) -> str:
    if one.refused:
        return f"Refused: {one.refused}"
    if one.passed_over:
        return f"Passed over: {one.name}: {one.passed_over}"
    if one.added is None:
        return one.name
    if not one.added.new:
        return f"Already there: {one.name} is document {one.added.document.id}."
    notes = " ".join(one.added.notes)
    return f"Stored: {one.name} as document {one.added.document.id}. {notes}".strip()
