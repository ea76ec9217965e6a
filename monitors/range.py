"""Which cycles a chart or a report is about: the last so many, all, or from one to another."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps.gradio_setup import gr
from monitors.read.trends import Span, extent
from nma13.store import LoopTables

ALL, OWN = "all", "from … to …"
CHOICES = ("last 100", "last 1,000", ALL, OWN)


def controls(chosen: str = "last 1,000") -> tuple[Any, Any, Any]:
    """A choice, and two numbers that show when they are needed."""
    choice = gr.Radio(list(CHOICES), value=chosen, label="Cycles", min_width=280, scale=3)
    first = gr.Number(None, label="From cycle", precision=0, visible=False, min_width=110, scale=1)
    last = gr.Number(None, label="To cycle", precision=0, visible=False, min_width=110, scale=1)
    choice.change(
        lambda chosen: [gr.update(visible=chosen == OWN)] * 2, choice, [first, last],
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    return choice, first, last


def span_of(
    connection: sqlite3.Connection, loop: LoopTables, choice: str, first: float | None, last: float | None
) -> Span | None:
    """The cycles meant, of those that are finished; None when there are none."""
    whole = extent(connection, loop)
    if whole is None:
        return None
    if choice == OWN:
        meant = Span(max(whole.first, int(first or whole.first)), min(whole.last, int(last or whole.last)))
        return meant if len(meant) else None
    if choice == ALL:
        return whole
    many = int(choice.removeprefix("last ").replace(",", ""))
    return Span(max(whole.first, whole.last - many + 1), whole.last)
