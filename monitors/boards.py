"""A cycle's board in HTML: every text whole; flags and movement are drawn over it, never into it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from apps import pieces
from apps.html import Child, Html, el, text
from loops.progress import OUTPUTS
from loops.scenarios import load_scenarios
from monitors import stations, tables
from monitors.charts import time_of
from monitors.difference import Difference, difference
from monitors.read.board import Board, blocking
from monitors.read.pulse import FLAGS
from nma13.store import ROUNDS, STATIONS, LoopTables

ROUND_NAMES = {"R1": "R1 · alone", "R2": "R2 · debate", "R3": "R3 · update"}


def show(board: Board, loop: LoopTables, *, mark: bool) -> Html:
    """Head, scenario, board, what the arbitration said, ledger, events."""
    return el(
        "article",
        _head(board, loop),
        _scenario(board.cycle),
        _grid(board, mark=mark),
        el("div", _arbitration(board.cycle), _ledger(board), _context(board.cycle), _events(board), class_="panels"),
        class_="board-page",
    )


def _head(board: Board, loop: LoopTables) -> Html:
    cycle = board.cycle
    chips: list[Child] = [tables.outcome(cycle, loop)]
    if loop.asks_can and not board.running:
        chips.append(tables.friction(cycle))
    if cycle["g2_passed"] == 0:
        chips.append(pieces.chip("kept out of memory by Gate 2", "warm"))
    if cycle.get("bare_station"):
        chips.append(
            pieces.chip(f"{stations.label(cycle['bare_station'])} was bare", "warm", "asked without a criterion")
        )
    said: list[Child] = [tables.when(cycle["started_ms"]), " UTC"]
    if cycle["seconds"] is not None:
        paused = cycle["seconds"] - cycle["working_seconds"]
        rest = f", {time_of(paused)} of it paused" if paused >= 1 else ""
        inside = f", {time_of(cycle['model_seconds'])} of it inside the model" if cycle["model_seconds"] else ""
        said.append(f" · took {time_of(cycle['seconds'])}{rest}{inside}")
    said.append(f" · {cycle['model']} · seed {cycle['seed']}")
    if board.running:
        said.append(f" · output {len(board.outputs)} of {OUTPUTS}")
    title = el("h2", f"Cycle {cycle['cycle']:,}")
    return el("header", title, el("div", chips, class_="chips"), el("p", said, class_="note"), class_="board-head")


def _scenario(cycle: Mapping[str, Any]) -> Html:
    written = next((one for one in load_scenarios() if one.id == cycle["scenario_id"]), None)
    words = written.text if written else "Its text is not in the pool of this lab."
    kind = f"{cycle['scenario_type']} · {cycle['scenario_id']}" + (f" · {written.field}" if written else "")
    return el("section", el("h3", kind), el("p", words, class_="words"), class_="panel scenario")


def _grid(board: Board, *, mark: bool) -> Html:
    cells: list[Html] = [el("div", class_="corner", aria_hidden="true")]
    cells += [el("h3", ROUND_NAMES[name], class_="round-head") for name in ROUNDS]
    blocked = blocking(board.cycle)
    for station in STATIONS:
        first, last = board.outputs.get((station, "R1")), board.outputs.get((station, "R3"))
        moved = difference(first["text"], last["text"]) if mark and first and last else None
        cells.append(_who(board, station, blocked, moved))
        cells += [_cell(board.outputs.get((station, name)), name, moved) for name in ROUNDS]
    return el("div", cells, class_="board", role="group", aria_label="Seven stations, three rounds")


def _who(board: Board, station: str, blocked: Sequence[str], moved: Difference | None) -> Html:
    notes: list[Child] = []
    if board.cycle["lead_station"] == station:
        notes.append(pieces.chip("leads", "calm"))
    if station in blocked:
        notes.append(pieces.chip("blocks CAN", "warm"))
    if board.cycle.get("bare_station") == station:
        notes.append(pieces.chip("bare", "warm", "asked without a criterion"))
    output = board.outputs.get((station, "R3")) or board.outputs.get((station, "R1"))
    if output and output.get("can_sequence"):
        notes.append(pieces.chip(output["can_sequence"], "plain", "its arrangement of CAN and the primes"))
    if moved:
        notes.append(el("small", f"{100 * moved.new_share:.0f} % of R3's words are not in R1"))
    return el("div", stations.who(station), notes, class_="board-who")


def _cell(output: Mapping[str, Any] | None, round_: str, moved: Difference | None) -> Html:
    if output is None:
        return el("div", el("p", "not said yet", class_="note"), class_="said empty-said", data_round=round_)
    side = {"R1": moved and moved.first, "R3": moved and moved.last}.get(round_)
    flags = [pieces.chip(flag.upper(), "alarm") for flag in FLAGS if output[flag]]
    can = output.get("can_confirmed")
    if round_ == "R3" and can is not None:
        flags.insert(0, pieces.chip("CAN confirmed", "calm") if can else pieces.chip("CAN not confirmed"))
    foot = f"{output['completion_tokens']} tokens · {time_of(output['seconds'])} · {output['made']}"
    words = el(
        "p", drawn(output["text"], side or (), json.loads(output["findings"]), gone=round_ == "R1"), class_="words"
    )
    label = el("b", ROUND_NAMES[round_], class_="said-round")
    return el(
        "div",
        label,
        el("div", flags, class_="said-flags") if flags else None,
        words,
        el("small", foot),
        class_="said",
        data_round=round_,
    )


def drawn(said: str, pieces_: Sequence[Any], findings: Sequence[Mapping[str, Any]], *, gone: bool) -> Html:
    """The text, letter for letter, with movement and findings drawn over it."""
    moved = [False] * len(said)
    at = 0
    for piece in pieces_:
        if piece.moved:
            moved[at : at + len(piece.text)] = [True] * len(piece.text)
        at += len(piece.text)
    flagged: list[int] = [-1] * len(said)
    for number, finding in enumerate(findings):
        for place in range(max(0, int(finding["start"])), min(len(said), int(finding["end"]))):
            flagged[place] = number
    parts: list[Child] = []
    start = 0
    for end in range(1, len(said) + 1):
        if end < len(said) and (moved[end], flagged[end]) == (moved[start], flagged[start]):
            continue
        parts.append(_stretch(said[start:end], moved[start], flagged[start], findings, gone=gone))
        start = end
    return text(parts)


def _stretch(words: str, moved: bool, flagged: int, findings: Sequence[Mapping[str, Any]], *, gone: bool) -> Html:
    made = text(words)
    if moved and words.strip():
        made = el("span", made, class_="gone" if gone else "come")
    if flagged >= 0:
        finding = findings[flagged]
        made = el("mark", made, class_="premise", title=f"{finding.get('fault', 'flag')}: {finding.get('reason', '')}")
    return made


def _arbitration(cycle: Mapping[str, Any]) -> Html:
    if cycle["bof_status"] is None:
        return pieces.panel("Arbitration", el("p", "Not yet: it follows the third round.", class_="note"))
    rows: list[tuple[str, Child]] = [
        ("Friction", tables.friction(cycle)),
        ("Between", cycle["friction_source"] or "–"),
        ("Leads", stations.who(cycle["lead_station"]) if cycle["lead_station"] else "–"),
        ("Stays open", cycle["arb_note"] or "–"),
    ]
    for column, name in (
        ("collective_lean", "The leans"),
        ("architecture_note", "Architecture"),
        ("sequence_note", "Sequences"),
    ):
        if cycle.get(column):
            rows.append((name, cycle[column]))
    raw = el("details", el("summary", "What the model answered, as it stands"), el("pre", cycle["bof_text"] or ""))
    return pieces.panel("Arbitration", pieces.facts(rows, "Arbitration"), raw)


def _ledger(board: Board) -> Html | None:
    if not board.ledger:
        return None
    rows = [
        el("li", stations.who(row["station"]), " ", pieces.chip(row["class"].lower()), el("p", row["uncertainty"]),
           el("p", el("small", "moved: "), row["movement"]))
        for row in board.ledger
    ]  # fmt: skip
    return pieces.panel("Ledger: what stays open", el("ul", rows, class_="ledger-list"))


def _context(cycle: Mapping[str, Any]) -> Html | None:
    """What stood in the prompts beside the scenario; an older store does not tell."""
    context = json.loads(cycle.get("context") or "{}")
    blocks = [
        el(
            "div",
            el("h3", block.get("heading", "")),
            [el("p", line, class_="words") for line in block.get("lines", ())],
        )
        for block in context.get("blocks", ())
    ]
    kept_out = [
        el("li", ", ".join(f"{name} {value}" for name, value in one.items())) for one in context.get("excluded", ())
    ]
    if not blocks and not kept_out:
        return None
    return pieces.panel(
        "What stood beside the scenario", blocks, el("h3", "Kept out") if kept_out else None, el("ul", kept_out)
    )


def _events(board: Board) -> Html | None:
    if not board.events:
        return None
    rows = [[tables.when(row["at_ms"]), row["event"], row["detail"]] for row in board.events]
    return pieces.panel("Process", pieces.table(["UTC", "event", ""], rows, "What the process did meanwhile"))
