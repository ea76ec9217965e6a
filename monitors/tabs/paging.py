"""A list that is paged by key: newest first, older and newer, and nothing that moves under the reader's hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.gradio_setup import gr
from apps.html import Html, el
from apps.registry import QUIET
from monitors.kit import Part, Room, read
from monitors.read.pulse import Pulse

ReadPage = Callable[..., tuple[Html, Any]]
"""`(connection, after, *wishes)` → what to show, and the key at which the next page begins (None: the last)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which page is open: the keys at which the pages up to here began, where the next begins, how much there was."""

    began: tuple[Any, ...] = (None,)
    next: Any = None
    stamp: int = 0


def paged(
    room: Room,
    shown: Any,
    wishes: Sequence[Any],
    read_page: ReadPage,
    count: Callable[[sqlite3.Connection], int],
    things: str,
) -> Part:
    """Buttons beneath `shown`. A wish that changes opens the first page; what the loop adds only says that it came."""
    place = gr.State(Place())
    with gr.Row(elem_classes="pager"):
        first = gr.Button("Newest", elem_classes="quiet")
        newer = gr.Button("← Page before", elem_classes="quiet", interactive=False)
        older = gr.Button("Next page →", elem_classes="quiet", interactive=False)
        news = gr.HTML(elem_classes="news")
    outputs = [shown, place, newer, older, news]

    def open_page(
        connection: sqlite3.Connection, began: tuple[Any, ...], values: Sequence[Any], stamp: int
    ) -> list[Any]:
        html, following = read_page(connection, began[-1], *values)
        number = el("p", f"Page {len(began)}", class_="note") if len(began) > 1 or following is not None else el("span")
        return [
            html, Place(began, following, stamp), gr.update(interactive=len(began) > 1),
            gr.update(interactive=following is not None), number,
        ]  # fmt: skip

    def refresh(connection: sqlite3.Connection, _: Pulse, seen: Any, now: Place, *values: Any) -> Any:
        stamp = count(connection)
        if seen is None or seen[0] != values:
            return (values, stamp), open_page(connection, (None,), values, stamp)
        if seen == (values, stamp):
            return None
        word = el("p", f"{stamp - now.stamp:,} {things} since this page was read: «Newest» shows them.", class_="note")
        return (values, stamp), [gr.skip(), gr.skip(), gr.skip(), gr.skip(), word]

    def turn(now: Place, began: tuple[Any, ...], values: Sequence[Any], *, anew: bool = False) -> list[Any]:
        nothing = [el("p", "Nothing yet.", class_="note"), now, gr.skip(), gr.skip(), gr.skip()]
        return read(room, lambda c: open_page(c, began, values, count(c) if anew else now.stamp), nothing)  # type: ignore[no-any-return]

    first.click(lambda now, *values: turn(now, (None,), values, anew=True), [place, *wishes], outputs, **QUIET)
    older.click(lambda now, *values: turn(now, (*now.began, now.next), values), [place, *wishes], outputs, **QUIET)
    newer.click(lambda now, *values: turn(now, now.began[:-1] or (None,), values), [place, *wishes], outputs, **QUIET)
    return Part(outputs, refresh, [place, *wishes], wishes)
