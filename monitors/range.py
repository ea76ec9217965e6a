"""Which cycles a chart or a report is about: the last so many, all, or from one to another."""

from __future__ import annotations

import sqlite3
from typing import Any

from apps.gradio_setup import gr
from apps.registry import QUIET
from monitors.kit import whole
from monitors.read.trends import Span, extent
from nma13.store import LoopTables

ALL, OWN = "all", "from … to …"
CHOICES = ("last 100", "last 1,000", ALL, OWN)


def controls(chosen: str = "last 1,000") -> tuple[Any, Any, Any]:
    """A choice, and two numbers that show when they are needed."""
    choice = gr.Radio(list(CHOICES), value=chosen, label="Cycles", min_width=280, scale=3)
    first = gr.Textbox("", placeholder="first", label="From cycle", max_lines=1, visible=False, min_width=110, scale=1)
    last = gr.Textbox("", placeholder="last", label="To cycle", max_lines=1, visible=False, min_width=110, scale=1)
    choice.change(
        lambda chosen: [gr.update(visible=chosen == OWN)] * 2, choice, [first, last], **QUIET
    )  # fmt: skip
    return choice, first, last


def span_of(
    connection: sqlite3.Connection, loop: LoopTables, choice: str, first: str | None, last: str | None
) -> Span | None:
    """The cycles meant, of those that are finished; None when there are none."""
    there = extent(connection, loop)
    if there is None:
        return None
    if choice == OWN:
        low, high = whole(first), whole(last)
        meant = Span(max(there.first, low or there.first), there.last if high is None else min(there.last, high))
        return meant if len(meant) else None
    if choice == ALL:
        return there
    many = int(choice.removeprefix("last ").replace(",", ""))
    return Span(max(there.first, there.last - many + 1), there.last)
