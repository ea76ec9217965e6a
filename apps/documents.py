"""Documents: put texts in that answers may rest on, see and search them, take them out."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps import pieces, remembered, shelved
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from apps.registry import QUIET
from nma13 import documents
from nma13.documents import Candidate, Outcome
from nma13.documents.kinds import SUFFIXES
from nma13.errors import LabError, UsageError

BUSY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
LOOK_EVERY_S = 0.3
NEWS_EVERY_S = 3.0
HITS = 8


@dataclass(slots=True)
class Job:
    """Files being read in a thread of their own; the page looks at it, and may ask it to stop."""

    chosen: list[Candidate]
    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[Outcome] = field(default_factory=list)
    at: tuple[int, int] = (0, 0)
    failure: str = ""

    def run(self) -> None:
        try:
            for outcome in documents.add_all(self.chosen, self.folder, progress=self._progress, stop=self.stop):
                self.done.append(outcome)
                self.at = (0, 0)
            if any(one.added and one.added.new for one in self.done):
                documents.learn_meanings(self.folder, self.stop)
        except (LabError, sqlite3.Error, OSError) as error:
            self.failure = f"{error} What was stored before that is stored whole."
        finally:
            for one in self.chosen:  # the page's own copy, made by the upload
                one.path.unlink(missing_ok=True)

    def _progress(self, done: int, total: int) -> None:
        self.at = (done, total)

    @property
    def name(self) -> str:
        waiting = self.chosen[len(self.done) :]
        return waiting[0].name if waiting else "making them findable by meaning"


def build(lab: Lab) -> None:
    """What is stored; then put in, search, read and take out."""
    shown = gr.HTML(lambda: shelved.screen(documents.documents(lab.data), lab.data))
    chosen = gr.Dropdown([], label="Which document?", value=None, render=False)
    seen = gr.State(("", ()))
    gr.Timer(NEWS_EVERY_S).tick(lambda known: _news(lab, known), [seen], [shown, chosen, seen], **QUIET)
    with gr.Row():
        with gr.Column(min_width=300):
            _put_in(lab, shown, chosen)
        with gr.Column(min_width=300):
            _search(lab)
    with gr.Accordion("Read or take out", open=False):
        _one(lab, shown, chosen)


def _put_in(lab: Lab, shown: Any, chosen: Any) -> None:
    files = gr.File(
        label=f"Files to put in ({', '.join(shelved.KINDS)})", file_count="multiple", file_types=sorted(SUFFIXES)
    )
    with gr.Row():
        go = gr.Button("Store", variant="primary")
        look = gr.Button("Only look")
        stop = gr.Button("Stop")
    report = gr.HTML()
    ticket = gr.State("")
    jobs: dict[str, Job] = {}

    def begin(paths: list[str] | None) -> str:
        if not paths:
            raise UsageError("Choose one or more files first. Nothing was stored.")
        name = secrets.token_hex(8)
        jobs[name] = Job([Candidate(Path(path), Path(path).name) for path in paths], lab.data)
        return name

    def store(name: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from _watched(lab, jobs[name])
        finally:
            jobs.pop(name, None)

    def end(name: str) -> None:
        if name in jobs:
            jobs[name].stop.set()

    def read(paths: list[str] | None) -> Html:
        if not paths:
            raise UsageError("Choose one or more files first.")
        try:
            return shelved.looked_at(documents.live([Path(path) for path in paths], lab.data))
        except LabError as error:
            return pieces.panel("It was not read", el("p", str(error)))

    begun = go.click(begin, [files], [ticket], **QUIET)
    begun.success(store, [ticket], [report, shown, chosen, files], concurrency_limit=2, **BUSY)
    stop.click(end, [ticket], None, **QUIET)
    look.click(read, [files], [report], **BUSY)


def _watched(lab: Lab, job: Job) -> Iterator[tuple[Any, ...]]:
    """Run the job and show how far it is; at the end what became of each file, and the new list."""
    thread = threading.Thread(target=job.run, name="documents", daemon=True)
    thread.start()
    before: object = None
    while thread.is_alive():
        now = (len(job.done), job.at)
        if now != before:
            before = now
            told = shelved.progress(job.done, len(job.chosen), job.name, *job.at)
            yield told, gr.skip(), gr.skip(), gr.skip()
        time.sleep(LOOK_EVERY_S)
    told = shelved.summary(job.done, len(job.chosen))
    if job.failure:
        told = Html(pieces.panel("It ended early", el("p", job.failure)) + told)
    yield told, *_after(lab), None


def _search(lab: Lab) -> None:
    query = gr.Textbox(label="Search in the documents", placeholder="In any words: meaning counts too.")
    go = gr.Button("Search")
    results = gr.HTML()

    def search(words: str) -> Html:
        return shelved.found(documents.search(words, lab.data, HITS), words)

    gr.on([go.click, query.submit], search, [query], [results], **BUSY)


def _one(lab: Lab, shown: Any, chosen: Any) -> None:
    chosen.render()
    sure = gr.Checkbox(label="I know that taking it out cannot be undone", value=False)
    with gr.Row():
        read = gr.Button("Read")
        remove = gr.Button("Take out", variant="stop")
    report = gr.HTML()

    def show(which: int | None) -> Html:
        return shelved.text(documents.find(_named(which), lab.data), lab.data)

    def take_out(which: int | None, sure: bool) -> tuple[Any, ...]:
        name = _named(which)
        if not sure:
            raise UsageError("Tick that you know it cannot be undone. Nothing was changed.")
        gone = documents.remove(name, lab.data)
        told = f"Its {gone.passages:,} passages are gone from the store and the index. Your own file was not touched."
        return pieces.panel(f"Taken out: {gone.name}", el("p", told)), *_after(lab, value=None), False

    read.click(show, [chosen], [report], **BUSY)
    remove.click(take_out, [chosen, sure], [report, shown, chosen, sure], **BUSY)


def _named(which: int | None) -> str:
    if which is None:
        raise UsageError("Choose a document first. Nothing was changed.")
    return f"#{which}"


def _news(lab: Lab, known: tuple[str, tuple[int, ...]]) -> tuple[Any, Any, Any]:
    """What somebody else stored or took out; a choice half made is left alone while nothing changed."""
    version = remembered.version(lab.data)
    if version == known[0]:
        return gr.skip(), gr.skip(), gr.skip()
    ids = tuple(one.id for one in documents.documents(lab.data))
    if ids == known[1]:
        return gr.skip(), gr.skip(), (version, ids)
    return *_after(lab), (version, ids)


def _after(lab: Lab, **choice: None) -> tuple[Any, Any]:
    """The list and the choices, as they are now; what is chosen stays unless `value` says otherwise."""
    stored = documents.documents(lab.data)
    choices = [(shelved.label(one), one.id) for one in stored]
    return shelved.screen(stored, lab.data), gr.Dropdown(choices=choices, **choice)
