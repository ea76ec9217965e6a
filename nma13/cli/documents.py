"""`documents`: put files in, list them, search in them, read them, take them out."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from nma13 import documents
from nma13.cli import options
from nma13.cli.render import printable, shortened
from nma13.clock import day
from nma13.documents import Document, Hit, Outcome, locator
from nma13.store import database_path

SHOWN = 280  # characters of a passage in a list
WIDTH = 24  # of a progress bar
REFUSED_SOME, STOPPED = 3, 130


def main(arguments: list[str]) -> int:
    parser = options.parser_of("documents", __doc__)
    words = parser.add_subparsers(dest="word", required=True, metavar="add|list|search|show|remove")
    add = words.add_parser("add", help="store files, or all files of a folder")
    add.add_argument("files", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    listed = words.add_parser("list", help="what is stored")
    search = words.add_parser("search", help="passages like a text")
    search.add_argument("query")
    search.add_argument("--limit", type=options.limit, default=8, help="how many at most (default %(default)s)")
    search.add_argument("--lexical", action="store_true", help="by words only, without the sentence encoder")
    show = words.add_parser("show", help="the text of a document, as it was read")
    show.add_argument("which", help="its number or name")
    remove = words.add_parser("remove", help="take a document out, with its passages")
    remove.add_argument("which", help="its number or name")
    for word in (add, listed, search, show, remove):
        word.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    return {"add": _add, "list": _list, "search": _search, "show": _show, "remove": _remove}[chosen.word](chosen)


def _add(chosen: argparse.Namespace) -> int:
    found = documents.candidates(chosen.files)
    done: list[Outcome] = []
    with _stopping() as stop:
        bar = _Bar(len(found))
        for outcome in documents.add_all(found, progress=bar.within, stop=stop):
            done.append(outcome)
            bar.finished(outcome)
        bar.clear()
        if any(one.added and one.added.new for one in done):
            documents.learn_meanings(stop=stop)
    if chosen.json:
        print(json.dumps({"outcomes": [asdict(one) for one in done]}))
    where = f" They lie in {database_path('memory')}." if any(one.added for one in done) else ""
    print(f"{documents.summary_of(done, len(found))}{where}", file=sys.stderr)
    if stop.is_set():
        return STOPPED
    if any(one.refused for one in done):
        return REFUSED_SOME if any(one.added for one in done) else 1
    return 0 if any(one.added for one in done) else 1


def _list(chosen: argparse.Namespace) -> int:
    stored = documents.documents()
    if chosen.json:
        print(json.dumps({"documents": [asdict(one) for one in stored]}))
        return 0
    for one in stored:
        print(_line(one))
    if not stored:
        print("No document is stored yet. ./lab documents add FILE puts one in.")
    return 0


def _search(chosen: argparse.Namespace) -> int:
    hits = documents.search(chosen.query, limit=chosen.limit, means="lexical" if chosen.lexical else None)
    if chosen.json:
        print(json.dumps({"query": chosen.query, "passages": [asdict(hit) for hit in hits]}))
        return 0
    for hit in hits:
        print(f"{_place(hit)}\n    {shortened(hit.text, SHOWN)}\n")
    if not hits:
        print("No passage resembles this.")
    return 0


def _show(chosen: argparse.Namespace) -> int:
    one = documents.find(chosen.which)
    if chosen.json:
        passages = [asdict(passage) for passage in documents.passages(one.id)]
        print(json.dumps({"document": asdict(one), "passages": passages}))
        return 0
    print(_line(one), file=sys.stderr)
    page, heading = None, None
    for passage, text in documents.text_of(one.id):
        if (passage.page, passage.heading) != (page, heading):
            page, heading = passage.page, passage.heading
            print(f"\n[{printable(locator(page, heading))}]")
        print(printable(text))
    return 0


def _remove(chosen: argparse.Namespace) -> int:
    one = documents.remove(chosen.which)
    if chosen.json:
        print(json.dumps({"removed": asdict(one)}))
    else:
        print(f"Taken out: {printable(one.name)}, with its {one.passages:,} passages.")
        still = "Answers written with it at hand stay; ./lab forget removes such runs. Your file was not touched."
        print(still, file=sys.stderr)
    return 0


def _line(one: Document) -> str:
    pages = f", {one.pages:,} pages" if one.pages else ""
    size = f"{one.characters:,} characters{pages}, {one.passages:,} passages"
    return f"{one.id:>4}  {day(one.created_ms)}  {one.kind:<4}  {printable(one.name)}  ({size})"


def _place(hit: Hit) -> str:
    place = locator(hit.page, hit.heading)
    return printable(
        f"{hit.name} (document {hit.document}){', ' + place if place else ''}, "
        f"characters {hit.start:,}–{hit.end:,}  [{hit.score:.2f}]"
    )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Ctrl-C ends after what is under way was undone; a second one is not needed."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


class _Bar:
    """Progress on a terminal; where there is none, a line for each file that is done."""

    def __init__(self, whole: int) -> None:
        self._whole, self._done = whole, 0
        self._live = sys.stderr.isatty()
        self._began = time.monotonic()

    def within(self, done: int, total: int) -> None:
        """How far it is, the file being read included."""
        if self._live:
            share = (self._done + (done / total if total else 0.0)) / self._whole
            bar = bar_of(share, time.monotonic() - self._began)
            print(f"\r\033[K{self._done + 1} of {self._whole} {bar}", end="", file=sys.stderr, flush=True)

    def finished(self, outcome: Outcome) -> None:
        self._done += 1
        self.clear()
        for line in _told(outcome):
            print(line, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def bar_of(share: float, elapsed: float) -> str:
    """A bar, the share in words, and what is left of the time once that can be told."""
    filled = round(WIDTH * share)
    left = ""
    if elapsed > 3 and share > 0.02:
        seconds = elapsed / share * (1 - share)
        left = f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {share:.0%}{left}"


def _told(outcome: Outcome) -> Iterator[str]:
    if outcome.refused:
        yield f"refused: {printable(outcome.refused)}"
    elif outcome.passed_over:
        yield f"passed over: {printable(outcome.name)}: {outcome.passed_over}"
    elif outcome.added:
        one = outcome.added.document
        if outcome.added.new:
            pages = f"{one.pages:,} pages, " if one.pages else ""
            yield f"stored: {printable(outcome.name)} as document {one.id} ({pages}{one.passages:,} passages)"
        else:
            yield f"already there: {printable(outcome.name)} is document {one.id} ({printable(one.name)})"
        for note in outcome.added.notes:
            yield f"  note: {printable(note)}"
