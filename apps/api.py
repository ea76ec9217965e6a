"""The lab for programs: six functions by HTTP and by MCP, behind the same guard as the pages.

What is public is listed in `apps/registry.py`; every other handler of the page is private. docs/web.md shows calls.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from apps.gradio_setup import gr
from apps.lab import Lab
from nma13 import documents, inner_house, memory
from nma13.context import NavigationContext
from nma13.errors import UsageError
from nma13.inner_house import Asked as InnerHouse
from nma13.inner_house import Declined
from nma13.jsonio import to_plain
from nma13.kit import default_kit
from nma13.locale import chosen
from nma13.navigation_loop import Asked, Turn
from nma13.navigation_loop import navigate as turns
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import summary
from nma13.store import open_ro
from nma13.store.errors import MissingDatabaseError

MOST = 50
AT_ONCE = 2  # a model writes one text after the other anyway


def build(lab: Lab) -> None:
    """Register the public functions with the page that is being built."""
    for function in (*functions(lab), *deliberation(lab)):
        # Unqueued, an agent's call is answered in place. Gradio would otherwise call its own address, without a token.
        gr.api(function, api_name=function.__name__, queue=False)


def speak_json(blocks: Any) -> None:
    """Agents are given JSON. Gradio would print a Python value, and take one that looks like a file for a file."""
    server = blocks.mcp_server_obj
    if server is None:
        return
    as_gradio_does = server.postprocess_output_data

    def as_json(data: list[Any], root_url: str) -> Any:
        return as_gradio_does([json.dumps(one, ensure_ascii=False) for one in data], root_url)

    server.postprocess_output_data = as_json


def functions(lab: Lab) -> tuple[Callable[..., Any], ...]:
    """The public functions for one lab; names, words and types are what HTTP and MCP clients see."""
    writing = threading.BoundedSemaphore(AT_ONCE)

    def navigate(text: str, use_model: bool = True, store: bool = True, session: str = "") -> dict:  # type: ignore[type-arg]
        """Take one text through all gates and give the answer they allow, written by a model where there is one.

        Args:
            text: The person's own words.
            use_model: False gives the engine's own structural text.
            store: False keeps nothing of this run.
            session: Runs of one session hand on where they stand; empty means today's.
        """
        context = NavigationContext(locale=chosen(lab.data))
        asked = Asked(session.strip(), store=store, context=context)
        kit = default_kit(chosen_screen(None))
        with writing:
            *_, turn = turns(text, kit, lab.writer.voice if use_model else None, asked, lab.data)
        assert isinstance(turn, Turn)
        return _answer(turn)

    def gates(text: str, semantic: bool = True) -> dict:  # type: ignore[type-arg]
        """What the gates decide about one text, without writing an answer. No model is asked, nothing is stored.

        Args:
            text: The person's own words.
            semantic: False leaves out the second look by meaning.
        """
        context = NavigationContext(locale=chosen(lab.data))
        state = run(text, context, default_kit(chosen_screen(None if semantic else "off")))
        return {"summary": summary(state), "state": to_plain(state)}

    def recall(query: str, limit: int = 5) -> list[dict]:  # type: ignore[type-arg]
        """The earlier episodes most like a text, best first.

        Args:
            query: What to look for.
            limit: How many at most, 1 to 50.
        """
        _within(limit)
        try:
            with closing(open_ro("memory", lab.data)) as connection:
                return _plain(memory.recall(connection, query, limit))
        except MissingDatabaseError:
            return []

    def search_documents(query: str, limit: int = 8) -> list[dict]:  # type: ignore[type-arg]
        """The passages of stored documents most like a text, best first, each with where it stands.

        Args:
            query: What to look for.
            limit: How many at most, 1 to 50.
        """
        _within(limit)
        return _plain(documents.search(query, lab.data, limit))

    return navigate, gates, recall, search_documents


def deliberation(lab: Lab) -> tuple[Callable[..., Any], ...]:
    """The two that begin a deliberation and follow it."""

    def inner_house_start(text: str, terrain: bool = True) -> dict:  # type: ignore[type-arg]
        """Begin a deliberation of the seven stations on one problem. It takes minutes and runs by itself: ask for its
        status with the session that is given back. In a crisis help is given instead, and nothing is begun or stored.

        Args:
            text: The person's own words.
            terrain: False gives the stations nothing of what the research loops have found.
        """
        context = NavigationContext(locale=chosen(lab.data))
        begun = inner_house.start(text, InnerHouse(terrain, lab.writer.wish, context=context), lab.data)
        if isinstance(begun, Declined):
            return {"session": None, "status": "declined", "text": begun.words, "summary": summary(begun.state)}
        return {"session": begun.session, "status": "starting", "text": "", "summary": summary(begun.state)}

    def inner_house_status(session: str) -> dict:  # type: ignore[type-arg]
        """How a deliberation stands: its status, every station's words as far as they have come, and its resolution.

        Args:
            session: What inner_house_start gave back.
        """
        return inner_house.look(session.strip(), lab.data).to_dict()

    return inner_house_start, inner_house_status


def _answer(turn: Turn) -> dict[str, Any]:
    made = turn.state.interpretation
    return {
        "text": made.text if made else "",
        "written_by": made.model if made and made.source.value in ("model", "repaired") else None,
        "source": made.source.value if made else None,
        "summary": summary(turn.state),
        "notices": [notice.text for notice in turn.state.notices],
        "episode": turn.episode,
        "session": turn.loop.session,
    }


def _plain(hits: Iterable[Any]) -> list[dict[str, Any]]:
    return [to_plain(hit) for hit in hits]


def _within(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit is {limit}; it may be 1 to {MOST}.")
