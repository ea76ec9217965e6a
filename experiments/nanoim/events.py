"""Raw event logs: what a recorder writes, and how it becomes micro-turns.

A log is JSONL. Each session opens with one line `{"session", "event": "session", "consent", "redaction",
"recorded_by"}` and then has lines `{"session", "t_ms", "event", "value"}`, where `event` is a stream, `user_text`,
`decision` (value: the right action) or `end`. A session may name its `pair`, `member` and `family`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from experiments.nanoim.families import IDLE
from experiments.nanoim.turns import ACTIONS, STREAMS, TICK_MS, MicroTurn, Trace, TraceError

SHOWN = (*STREAMS, "user_text")
KINDS = (*SHOWN, "decision", "end")
HEADER = {"session", "event", "consent", "redaction", "recorded_by", "pair", "member", "family"}
LINE = {"session", "t_ms", "event", "value"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment of a session."""

    t_ms: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Session:
    """One recording: who agreed to it, and what happened."""

    name: str
    consent: dict[str, Any] = field(default_factory=dict)
    redaction: str = ""
    recorded_by: str = ""
    pair: str = ""
    member: str = ""
    family: str = ""
    events: tuple[Event, ...] = ()


def read_log(text: str, name: str = "event log") -> list[Session]:
    """All sessions of a log, in order; every line's shape is checked."""
    headers: dict[str, dict[str, Any]] = {}
    events: dict[str, list[Event]] = {}
    for number, plain in _lines(text, name):
        session = plain.get("session")
        if not isinstance(session, str) or not session:
            raise TraceError(f"{name} line {number}: no session is named. Nothing was imported.")
        if plain.get("event") == "session":
            _refuse(set(plain) - HEADER, f"{name} line {number}")
            if session in headers:
                raise TraceError(f"{name} line {number}: session {session} opens twice. Nothing was imported.")
            headers[session], events[session] = plain, []
        elif session not in headers:
            raise TraceError(f"{name} line {number}: session {session} has no opening line. Nothing was imported.")
        else:
            events[session].append(_event(plain, f"{name} line {number}"))
    return [_session(header, events[key]) for key, header in headers.items()]


def _lines(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(
        text.removeprefix("\ufeff").split("\n"), 1
    ):  # JSON may hold other signs that Python takes for line ends
        if not line.strip():
            continue
        try:
            plain = json.loads(line)
        except (ValueError, RecursionError):
            plain = None
        if not isinstance(plain, dict):
            raise TraceError(f"{name} line {number}: not a JSON object. Nothing was imported.")
        yield number, plain


def _event(plain: dict[str, Any], where: str) -> Event:
    _refuse(set(plain) - LINE, where)
    moment, kind, value = plain.get("t_ms"), plain.get("event"), plain.get("value", "")
    if not isinstance(moment, int) or isinstance(moment, bool) or not 0 <= moment < 86_400_000:
        raise TraceError(f"{where}: t_ms is {moment!r}; it wants whole milliseconds since the session began.")
    if kind not in KINDS:
        raise TraceError(f"{where}: {kind!r} is no event; known are {', '.join(KINDS)}.")
    if not isinstance(value, str) or (kind == "decision" and value not in ACTIONS):
        raise TraceError(f"{where}: the value {value!r} does not fit the event {kind!r}.")
    return Event(moment, kind, value)


def _refuse(unknown: set[str], where: str) -> None:
    if unknown:
        raise TraceError(f"{where}: unknown {', '.join(sorted(unknown))}. Nothing was imported.")


def _session(header: dict[str, Any], events: Sequence[Event]) -> Session:
    given = {key: header[key] for key in HEADER - {"session", "event", "consent"} if key in header}
    consent = header.get("consent", {})
    if not isinstance(consent, dict) or not all(isinstance(value, str) for value in given.values()):
        raise TraceError(f"session {header['session']}: its opening line has values of the wrong kind.")
    return Session(name=header["session"], consent=consent, events=tuple(events), **given)


def to_trace(session: Session) -> Trace:
    """One session as micro-turns: ticks of 200 ms, merged while nothing changes."""
    decisions = [event for event in session.events if event.kind == "decision"]
    if len(decisions) != 1:
        raise TraceError(f"session {session.name}: it has {len(decisions)} decisions; a trace needs exactly one.")
    moments = [event.t_ms for event in session.events]
    if moments != sorted(moments):
        raise TraceError(f"session {session.name}: its clock runs backwards. Nothing was imported.")
    decided, end = decisions[0], moments[-1]
    if any(event.t_ms == end and event.kind in SHOWN for event in session.events):
        end += TICK_MS  # what comes with the last line is there for a tick; otherwise its words would be lost
    if decided.t_ms == 0:
        raise TraceError(f"session {session.name}: the decision falls at 0 ms, before anything was recorded.")
    turns, critical = _cut(session, decided, end)
    pair = session.pair or session.name
    return Trace(pair, "b" if session.member == "b" else "a", session.family, "test", critical, tuple(turns))


def _cut(session: Session, decided: Event, end: int) -> tuple[list[MicroTurn], int]:
    """Boundaries: every change, the first tick after a change, and the decision."""
    changes = sorted({e.t_ms for e in session.events if e.kind in SHOWN})
    marks = {0, decided.t_ms, end, *changes}
    marks |= {t + TICK_MS for t in changes if not any(t < other < t + TICK_MS for other in marks)}
    edges = sorted(mark for mark in marks if mark <= end)
    states, turns, critical = dict(IDLE), [], 0
    for begin, stop in pairwise(edges):
        here = [e for e in session.events if e.t_ms == begin]
        states.update({e.kind: e.value for e in here if e.kind in STREAMS})
        words = "".join(e.value for e in here if e.kind == "user_text")
        action = decided.value if stop >= decided.t_ms else "WAIT"
        turns.append(MicroTurn(stop, stop - begin, user_text_delta=words, action=action, **states))
        if stop == decided.t_ms:
            critical = len(turns) - 1
    return turns, critical


def to_traces(sessions: Sequence[Session]) -> list[Trace]:
    return [to_trace(session) for session in sessions]


def read_sessions(path: Path) -> list[Session]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path.name} cannot be read as text ({error}). Nothing was imported.") from None
    return read_log(text, path.name)
