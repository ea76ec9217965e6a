"""The protocol for logs of people: consent, redaction, a clock that runs forward, no identifiers, true alias pairs.

Passing without a corpus proves only that the lab is ready to take one in; the report says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.nanoim.events import Session, read_log, to_trace
from experiments.nanoim.turns import STREAMS, TraceError, flatten

IDENTIFIERS: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    # A date alone is none: recordings are named by it, and a consent has one.
    "a telephone number": re.compile(r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d))\+?\d(?:[ ()/.-]?\d){6,}(?!\w)"),
    "a web address": re.compile(r"(?:https?://|www\.)\S+", re.I),
    "a network address": re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    "an account handle": re.compile(r"(?<![\w.])@\w{2,}"),
    # A recogniser may write names small; «this is fine» is no name, so that one wants a capital.
    "a name given as one's own": re.compile(r"(?i:\b(?:my name is|i am called))\s+\w+|(?i:\bthis is)\s+[A-Z][^\W\d_]+"),
    "a street address": re.compile(r"\b\d{1,5}\s+\w+\s+(?:street|st\.|road|rd\.|avenue|ave\.|lane)\b", re.I),
    "a date of birth": re.compile(r"\bborn (?:on|in)\b.*\d{2,4}", re.I),
}
REDACTIONS = ("names removed", "words replaced", "nothing to redact")
SCOPES = ("research", "research and publication", "scripted, no person was recorded")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the protocol, and every place where it does not hold."""

    name: str
    asserts: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def audit(text: str, name: str = "event log") -> dict[str, Any]:
    """The report on a log; an empty one is checked too, and said to be empty."""
    try:
        sessions = read_log(text, name)
    except TraceError as error:
        return _report([Check("schema", SCHEMA, (str(error),))], [])
    checks = [Check("schema", SCHEMA, ())]
    for title, asserts, rule in RULES:
        checks.append(Check(title, asserts, tuple(rule(sessions))))
    return _report(checks, sessions)


def _report(checks: Sequence[Check], sessions: Sequence[Session]) -> dict[str, Any]:
    people = [s for s in sessions if s.consent.get("scope") != "scripted, no person was recorded"]
    return {
        "kind": "human_protocol",
        "passed": all(check.passed for check in checks),
        "sessions": len(sessions),
        "sessions_of_people": len(people),
        "says": "Logs of people were checked." if people else
        "No log of a person is here. Passing proves that the lab is ready to take one in, and nothing about people.",
        "checks": [{"name": c.name, "passed": c.passed, "asserts": c.asserts, "problems": list(c.problems)}
                   for c in checks],
    }  # fmt: skip


SCHEMA = "every line has the shape it must have, and no unknown key"


def _clock(sessions: Sequence[Session]) -> list[str]:
    found = []
    for session in sessions:
        moments = [event.t_ms for event in session.events]
        if moments != sorted(moments):
            found.append(f"session {session.name}: its clock runs backwards")
        if not session.events or session.events[-1].t_ms == 0:
            found.append(f"session {session.name}: no time passes")
    return found


def _consent(sessions: Sequence[Session]) -> list[str]:
    found = []
    for session in sessions:
        if session.consent.get("given") is not True:
            found.append(f"session {session.name}: no consent is recorded")
        elif session.consent.get("scope") not in SCOPES:
            found.append(f"session {session.name}: the consent covers {session.consent.get('scope')!r}")
    return found


def _redaction(sessions: Sequence[Session]) -> list[str]:
    wanted = ", ".join(REDACTIONS)
    return [f"session {s.name}: redaction is {s.redaction!r}; it wants one of {wanted}" for s in sessions
            if s.redaction not in REDACTIONS]  # fmt: skip


def _identifiers(sessions: Sequence[Session]) -> list[str]:
    found = []
    for session in sessions:
        said = "".join(event.value for event in session.events if event.kind == "user_text")
        ends = " ".join(event.value for event in session.events if event.kind == "end")
        told = {
            "what was said": said, "its name": session.name, "who recorded it": session.recorded_by,
            "its pair": session.pair, "its family": session.family, "its end": ends,
            "its consent": json.dumps(session.consent, ensure_ascii=False),
        }  # fmt: skip
        for where, text in told.items():
            found += [f"session {session.name}: {kind} in {where}" for kind, p in IDENTIFIERS.items() if p.search(text)]
    return found


def _streams(sessions: Sequence[Session]) -> list[str]:
    odd = [
        (s, e) for s in sessions for e in s.events if e.kind in STREAMS and not re.fullmatch(r"[a-z_]{2,40}", e.value)
    ]
    return [f"session {s.name}: {e.value!r} is no name of a state" for s, e in odd]


def _alias(sessions: Sequence[Session]) -> list[str]:
    """Where members of a pair are given: one transcript, two actions."""
    pairs: dict[str, list[Session]] = {}
    for session in sessions:
        if session.pair:
            pairs.setdefault(session.pair, []).append(session)
    found = []
    for name, members in pairs.items():
        try:
            traces = [to_trace(member) for member in members]
        except TraceError as error:
            found.append(f"pair {name}: {error}")
            continue
        if sorted(member.member for member in members) != ["a", "b"]:
            found.append(f"pair {name}: it wants one member a and one member b")
        elif len({flatten(trace) for trace in traces}) != 1:
            found.append(f"pair {name}: the two transcripts differ")
        elif len({trace.target for trace in traces}) != 2:
            found.append(f"pair {name}: both members call for {traces[0].target}")
    return found


Rule = Callable[[Sequence[Session]], list[str]]
RULES: tuple[tuple[str, str, Rule], ...] = (
    ("clock", "time never runs backwards within a session, and some passes", _clock),
    ("consent", "every session carries consent, and for what", _consent),
    ("redaction", "every session says how it was redacted", _redaction),
    ("identifiers", "nothing that obviously names or reaches a person", _identifiers),
    ("states", "states are names, not free text", _streams),
    ("alias pairs", "the two members of a pair share the transcript and differ in the action", _alias),
)


def audit_file(path: Path) -> dict[str, Any]:
    """As `audit`, from a file that must exist."""
    try:
        return audit(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read ({error}). Nothing was checked.") from None
