"""Ask the web, only when the user asked for it: cached with its date, untrusted, and never in the way of a run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from nma13.clock import day, now_ms
from nma13.context import Material, MaterialKind
from nma13.errors import LabError
from nma13.state import Notice
from nma13.store import open_ro, open_rw, storable, transaction
from nma13.web_search.needed import LONGEST_QUERY, should_search
from nma13.web_search.providers import Provider, Result, SearchFailed, providers

RESULTS = 4
FRESH_MS = 7 * 24 * 3_600_000
KEPT_MS = 90 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought: when, from whom, and what the person should know."""

    query: str
    results: tuple[Result, ...] = ()
    provider: str = ""
    fetched_ms: int = 0
    cached: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def materials(self) -> tuple[Material, ...]:
        """The results as material for a run: fenced, and no proof of anything."""
        found_on = f"found {day(self.fetched_ms)}"
        return tuple(Material(MaterialKind.WEB, r.title, r.snippet, r.address, found_on) for r in self.results)


def for_text(
    text: str,
    query: str = "",
    folder: Path | None = None,
    *,
    store: bool = True,
    ask: Sequence[Provider] | None = None,
) -> Found:
    """Search for `query`, or for the first factual question of the text; where there is none, for nothing."""
    if query.strip():
        return search(query, folder, store=store, ask=ask)
    verdict = should_search(text)
    if not verdict.search:
        told = f"Nothing was searched for on the web. {verdict.reason} To search all the same, name a query."
        return Found("", notices=(Notice("search", told),))
    return search(verdict.query, folder, store=store, ask=ask)


def search(
    query: str,
    folder: Path | None = None,
    *,
    store: bool = True,
    ask: Sequence[Provider] | None = None,
    clock: Callable[[], int] = now_ms,
) -> Found:
    """Results for a query, from the cache where they are fresh. A failure is a notice and never an error."""
    query = storable(" ".join(query.split()))[:LONGEST_QUERY]
    if not query:
        return Found("", notices=(Notice("search", "There was nothing to search for."),))
    now, failures = clock(), []
    for provider in providers() if ask is None else ask:
        if known := _remembered(query, provider.name, folder, now - FRESH_MS):
            return known
        try:
            results = provider.ask(query, RESULTS)
        except SearchFailed as error:
            failures.append(f"{provider.name}: {error}")
            continue
        found = Found(query, tuple(results), provider.name, now, notices=_told(query, provider.name, results))
        return _remember(found, folder) if store and results else found
    return _stale(query, folder, ask, failures)


def snippets(query: str, folder: Path | None = None) -> list[str]:
    """What was found as plain texts, best first; raises LabError where nobody could be asked. For the loops."""
    found = search(query, folder)
    if not found.results and not found.provider:
        raise LabError(" ".join(notice.text for notice in found.notices))
    return [f"{result.title}: {result.snippet}" for result in found.results]


def _told(query: str, provider: str, results: Sequence[Result]) -> tuple[Notice, ...]:
    brought = f"{len(results)} results" if results else "nothing"
    told = f"{provider} was asked for «{query}» and brought {brought}. What it brought is unverified."
    return (Notice("search", told),)


def _stale(query: str, folder: Path | None, ask: Sequence[Provider] | None, failures: list[str]) -> Found:
    """Nobody answered: older results, with their date, are better than none."""
    why = "; ".join(failures) or "no search service is set up"
    for provider in providers() if ask is None else ask:
        if known := _remembered(query, provider.name, folder, 0):
            told = f"The web could not be searched ({why}). Results kept since {day(known.fetched_ms)} were used."
            return Found(query, known.results, known.provider, known.fetched_ms, True, (Notice("search", told),))
    told = f"The web could not be searched ({why}). Are you on line? The run went on without it."
    return Found(query, notices=(Notice("search", told),))


def _remembered(query: str, provider: str, folder: Path | None, since_ms: int) -> Found | None:
    try:
        with closing(open_ro("memory", folder)) as connection:
            row = connection.execute(
                "SELECT results, fetched_ms FROM search_cache WHERE query = ? AND provider = ? AND fetched_ms >= ?",
                (query.lower(), provider, since_ms),
            ).fetchone()
            if row is None:
                return None
            results = tuple(Result(**one) for one in json.loads(row["results"]))
    except (LabError, sqlite3.Error, OSError, ValueError, TypeError):
        return None  # a cache that cannot be read is a cache that holds nothing
    told = f"«{query}»: {len(results)} results of {provider}, kept since {day(row['fetched_ms'])}. They are unverified."
    return Found(query, results, provider, row["fetched_ms"], True, (Notice("search", told),))


def _remember(found: Found, folder: Path | None) -> Found:
    try:
        with closing(open_rw("memory", folder)) as connection, transaction(connection):
            connection.execute(
                "INSERT OR REPLACE INTO search_cache (query, provider, results, fetched_ms) VALUES (?, ?, ?, ?)",
                (found.query.lower(), found.provider, json.dumps([asdict(r) for r in found.results]), found.fetched_ms),
            )
            connection.execute("DELETE FROM search_cache WHERE fetched_ms < ?", (found.fetched_ms - KEPT_MS,))
    except (LabError, sqlite3.Error, OSError) as error:
        told = Notice("search", f"What was found could not be kept ({error}).")
        return Found(found.query, found.results, found.provider, found.fetched_ms, notices=(*found.notices, told))
    return found
