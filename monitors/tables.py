"""Rows of cycles and of entries as tables; every text whole."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from apps import pieces
from apps.html import Child, Html, el, text
from monitors.charts import UNREAD
from monitors.read.search import PART
from monitors.stations import who
from nma13.store import LoopTables

TONES = {"TRAGIC FORK": "alarm", "IRREDUCIBLE": "warm", "UNPRODUCTIVE": "warm", "PRODUCTIVE": "calm"}


def cycle_link(cycle: int) -> Html:
    """Opens Cycle Detail; also an address to send to somebody."""
    return el("a", f"{cycle:,}", href=f"?tab=detail&cycle={cycle}", data_cycle=cycle, class_="cycle-link")


def outcome(row: Mapping[str, Any] | sqlite3.Row, loop: LoopTables) -> Html:
    """How a cycle ended."""
    if row["status"] == "running":
        return pieces.chip("running", "plain")
    if loop.asks_can:
        return pieces.chip("CAN resolved", "calm") if row["can_resolved"] else pieces.chip("blocked", "plain")
    return friction(row)


def friction(row: Mapping[str, Any] | sqlite3.Row) -> Html:
    """The friction as the arbitration named it; a parse error is a status of its own."""
    if row["friction_type"] is None and row["bof_status"] == "parse_error":
        return pieces.chip(UNREAD, "plain", "The arbitration's answer was no JSON that could be read; no friction.")
    if row["friction_type"] is None:
        return text("–")
    return pieces.chip(row["friction_type"], TONES.get(row["friction_type"], "plain"))


def when(ms: int | None) -> str:
    """A moment, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M") if ms else "–"


def cycles(
    rows: Sequence[sqlite3.Row], loop: LoopTables, passages: Mapping[int, Sequence[sqlite3.Row]], words: str
) -> Html:
    """One line a cycle; in a search, beneath it what was found."""
    own = {"loop_c": ["Bare"]}.get(loop.source, [])
    head = ["Cycle", "Scenario", "CAN" if loop.asks_can else "Friction", *(["Friction"] if loop.asks_can else []),
            "Lead", "Took", "CONFAB", "Gate 2", *own, "Finished (UTC)"]  # fmt: skip
    body: list[Html] = []
    for row in rows:
        cells: list[Child] = [
            cycle_link(row["cycle"]),
            [row["scenario_type"], el("small", row["scenario_id"])],
            outcome(row, loop),
        ]
        if loop.asks_can:
            cells.append(friction(row))
        kept = {1: "passed", 0: "kept out", None: "–"}[row["g2_passed"]]
        cells += [
            who(row["lead_station"]) if row["lead_station"] else "–",
            f"{row['seconds']:,.0f} s" if row["seconds"] is not None else "–",
            "–" if row["confab_count"] is None else str(row["confab_count"]), kept,
        ]  # fmt: skip
        if own:
            cells.append(who(row["bare_station"]) if row["bare_station"] else "–")
        cells.append(when(row["finished_ms"]))
        body.append(el("tr", [el("td", cell) for cell in cells]))
        for hit in passages.get(row["cycle"], ()):
            said = el(
                "div",
                el("span", who(hit["station"]), " ", hit["round"], class_="hit-who"),
                el("p", found(hit["text"], words), class_="words"),
                class_="hit",
            )
            body.append(el("tr", el("td", said, colspan=len(head)), class_="hit-row"))
    whole = el(
        "table",
        el("caption", "Cycles"),
        el("thead", el("tr", [el("th", name, scope="col") for name in head])),
        el("tbody", body),
    )
    return el("div", whole, class_="table rows", tabindex=0, role="region", aria_label="Cycles")


def found(said: str, words: str) -> Html:
    """The text whole, with what was searched for marked in it."""
    wanted = [re.escape((quoted or bare).rstrip("*").strip()) for quoted, bare in PART.findall(words)]
    pattern = "|".join(sorted(filter(None, wanted), key=len, reverse=True))
    if not pattern:
        return text(said)
    pieces_: list[Child] = []
    end = 0
    for match in re.finditer(pattern, said, re.IGNORECASE):
        pieces_ += [said[end : match.start()], el("mark", match.group(), class_="seen")]
        end = match.end()
    return text([*pieces_, said[end:]])


def entries(rows: Iterable[Html], label: str) -> Html:
    """A list of small cards, one an entry."""
    return el("div", list(rows), class_="entries", role="list", aria_label=label)


def nothing(words: str) -> Html:
    return el("p", words, class_="note")
