"""Who is asked: DuckDuckGo through the `ddgs` package, or Google Custom Search when the user gave keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nma13.documents.blocks import clean

TIMEOUT_S = 8
TITLE, SNIPPET = 150, 600  # characters kept of each
GOOGLE = "https://www.googleapis.com/customsearch/v1"


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was found."""

    title: str
    address: str
    snippet: str


class SearchFailed(Exception):
    """Why a provider brought nothing, in words."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody who can be asked. `ask` raises SearchFailed."""

    name: str
    ask: Callable[[str, int], list[Result]]


def providers(env: Mapping[str, str] = os.environ) -> list[Provider]:
    """In the order in which they are asked."""
    found = [Provider("DuckDuckGo", duckduckgo)]
    key, engine = env.get("NMA_GOOGLE_KEY", "").strip(), env.get("NMA_GOOGLE_ENGINE", "").strip()
    if key and engine:
        found.append(Provider("Google", lambda query, most: google(query, most, key, engine)))
    return found


def duckduckgo(query: str, most: int) -> list[Result]:
    """DuckDuckGo alone: the package could ask a dozen services, and the user named none of them."""
    try:
        from ddgs import DDGS
    except ImportError:
        raise SearchFailed("the package ddgs is missing; ./lab setup installs it") from None
    try:
        found = DDGS(timeout=TIMEOUT_S).text(query, max_results=most, backend="duckduckgo")
    except Exception as error:  # noqa: BLE001  whatever the package or the network raises, the run goes on
        raise SearchFailed(_plain(error)) from None
    return _kept((str(one.get("title", "")), str(one.get("href", "")), str(one.get("body", ""))) for one in found)


def google(query: str, most: int, key: str, engine: str, address: str = GOOGLE) -> list[Result]:
    """Google Custom Search with the user's own key, which is sent there and nowhere else."""
    import httpx

    asked: dict[str, str | int] = {"key": key, "cx": engine, "q": query, "num": min(most, 10)}
    try:
        answer = httpx.get(address, params=asked, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found = answer.json().get("items", [])
    except httpx.HTTPStatusError as error:
        raise SearchFailed(f"it answered {error.response.status_code}; are key and engine right?") from None
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        raise SearchFailed(type(error).__name__) from None  # its words would hold the address, and so the key
    return _kept((str(one.get("title", "")), str(one.get("link", "")), str(one.get("snippet", ""))) for one in found)


def _kept(found: object) -> list[Result]:
    kept = []
    for title, address, snippet in found:  # type: ignore[attr-defined]
        if address.startswith(("http://", "https://")) and clean(snippet):
            flat = " ".join(clean(snippet).split())[:SNIPPET]
            kept.append(Result(" ".join(clean(title).split())[:TITLE] or address[:TITLE], address[:500], flat))
    return kept


def _plain(error: Exception) -> str:
    words = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
