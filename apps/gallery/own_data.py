"""A log of your own: checked against the protocol, cut into micro-turns, drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence

from apps import pieces
from apps.gallery import drawing
from apps.html import Html, el
from experiments.nanoim.events import read_log, to_trace
from experiments.nanoim.features import stream_values
from experiments.nanoim.human_protocol import audit
from experiments.nanoim.turns import STREAMS, Pair, Trace, TraceError, flatten
from experiments.nanoim.view import fresh_rows, of_pair

MOST_BYTES, MOST_PAIRS = 2_000_000, 12


def sample() -> str:
    """A small log that passes, to be filled with one's own."""
    consent = {"given": True, "scope": "research"}
    lines: list[dict[str, object]] = []
    for member, state, moment, action in (("a", "hesitating", 1100, "WAIT"), ("b", "silent", 1900, "SPEAK")):
        name = f"mine-{member}"
        lines.append({"session": name, "event": "session", "consent": consent, "redaction": "words replaced",
                      "recorded_by": "me", "pair": "mine", "member": member, "family": "yield_detection"})  # fmt: skip
        events = [(0, "user_audio_state", "speaking"), (0, "user_text", "book"), (300, "user_text", " the slot")]
        events += [(700, "user_audio_state", state), (moment, "decision", action), (moment + 100, "end", "")]
        lines += [{"session": name, "t_ms": t, "event": kind, "value": value} for t, kind, value in events]
    return "".join(json.dumps(line) + "\n" for line in lines)


def show(text: str, name: str) -> Html:
    """The protocol's report, then what could be drawn. Nothing is kept."""
    if len(text.encode()) > MOST_BYTES:
        raise TraceError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB. Nothing was read. Send a part of it.")
    report = audit(text, name)
    rows = [
        (check["name"], _passed(check["passed"]), "; ".join(check["problems"][:5]) or check["asserts"])
        for check in report["checks"]
    ]
    table = pieces.table(("Rule", "", "What was found"), rows, "The protocol")
    title = "The log keeps the protocol" if report["passed"] else "The log does not keep the protocol"
    first = pieces.panel(title, table, el("p", report["says"], " Nothing of it was stored.", class_="note"))
    return el("div", first, drawn(text, name) if _readable(report) else None)


def _readable(report: dict[str, object]) -> bool:
    checks = report["checks"]
    return isinstance(checks, list) and all(c["passed"] for c in checks if c["name"] in ("schema", "clock", "states"))


def _passed(yes: bool) -> Html:
    return el("span", "holds" if yes else "does not hold", class_="right" if yes else "wrong")


def drawn(text: str, name: str) -> Html:
    """The pairs of the log, drawn like the shipped ones."""
    try:
        traces = [to_trace(session) for session in read_log(text, name)]
    except TraceError as error:
        return pieces.panel("Nothing could be drawn", el("p", str(error)))
    pairs = real_pairs(traces)
    if not pairs:
        return pieces.panel("Nothing to set side by side", el("p", "No two sessions of the log form a pair."))
    parts = [
        drawing.pair(of_pair(pair, "pilot", fresh_rows(pair)), f"own-{i}") for i, pair in enumerate(pairs[:MOST_PAIRS])
    ]
    more = f"{len(pairs) - MOST_PAIRS} more pairs are not drawn." if len(pairs) > MOST_PAIRS else ""
    return el("div", _unknown(traces), parts, el("p", more, class_="note"))


def real_pairs(traces: Sequence[Trace]) -> list[Pair]:
    """Sessions that name one pair, in which both transcripts agree."""
    found: dict[str, dict[str, Trace]] = {}
    for trace in traces:
        found.setdefault(trace.pair, {})[trace.member] = trace
    pairs = [Pair(members["a"], members["b"]) for members in found.values() if set(members) == {"a", "b"}]
    return [pair for pair in pairs if flatten(pair.a) == flatten(pair.b)]


def _unknown(traces: Sequence[Trace]) -> Html | None:
    """States the shipped networks never met are said, because they see nothing there."""
    known = stream_values()
    odd = {
        value
        for trace in traces
        for turn in trace.turns
        for stream, value in zip(STREAMS, turn.states(), strict=True)
        if value not in known[stream]
    }
    return el("p", f"Unknown to the shipped policies, and not seen by them: {', '.join(sorted(odd))}.") if odd else None
