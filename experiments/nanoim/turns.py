"""The values of the lab: micro-turns, traces, alias pairs, and the transcript they all collapse to.

A tick lasts about 200 ms. Ticks in which nothing changes are merged into one micro-turn, and `dt_ms` keeps
how long the merged stretch lasted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from experiments.manifest import write_whole
from nma13.errors import LabError

TICK_MS = 200
ACTIONS = (
    "WAIT",
    "SPEAK",
    "BACKCHANNEL",
    "STOP_SPEAKING",
    "ASK_CLARIFICATION",
    "REQUEST_APPROVAL",
    "CALL_TOOL",
    "RESUME_WITH_RESULT",
)
STREAMS = ("user_audio_state", "model_audio_state", "visual_event", "background_event", "policy_event")
SPLITS = ("train", "val", "test")
Split = Literal["train", "val", "test"]


class TraceError(LabError):
    """A trace or event log that does not have the shape it must have."""


@dataclass(frozen=True, slots=True)
class MicroTurn:
    """What is going on during one stretch of about 200 ms or a multiple of it."""

    t_ms: int
    """When the stretch ended, counted from the start of the trace."""
    dt_ms: int
    """How long it lasted."""
    user_audio_state: str
    user_text_delta: str
    model_audio_state: str
    visual_event: str
    background_event: str
    policy_event: str
    action: str
    """What should be done at its end."""

    def states(self) -> tuple[str, ...]:
        """The five state streams, in the order of STREAMS."""
        return tuple(getattr(self, stream) for stream in STREAMS)


@dataclass(frozen=True, slots=True)
class Trace:
    """One recorded interaction with one critical step. Names and labels are for scoring, never for a policy."""

    pair: str
    member: Literal["a", "b"]
    family: str
    split: Split
    critical: int
    turns: tuple[MicroTurn, ...]

    @property
    def target(self) -> str:
        return self.turns[self.critical].action

    @property
    def name(self) -> str:
        return f"{self.pair}/{self.member}"


TRACE_KINDS = {"pair": str, "member": str, "family": str, "split": str, "critical": int}
TURN_KINDS = {field.name: int if field.name.endswith("_ms") else str for field in fields(MicroTurn)}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two traces with one transcript and two right actions."""

    a: Trace
    b: Trace

    @property
    def name(self) -> str:
        return self.a.pair

    @property
    def transcript(self) -> str:
        return flatten(self.a)


def flatten(trace: Trace) -> str:
    """All that a chat keeps of a trace: the words."""
    return "User: " + "".join(turn.user_text_delta for turn in trace.turns).strip()


def pairs_of(traces: Iterable[Trace]) -> list[Pair]:
    """The alias pairs in order of their first member."""
    members: dict[str, dict[str, Trace]] = {}
    for trace in traces:
        if trace.member in members.setdefault(trace.pair, {}):
            raise TraceError(f"The pair {trace.pair} has two members {trace.member}. Nothing was scored.")
        members[trace.pair][trace.member] = trace
    lonely = [name for name, found in members.items() if set(found) != {"a", "b"}]
    if lonely:
        raise TraceError(f"{len(lonely)} pairs lack a member, the first is {lonely[0]}. Nothing was scored.")
    return [Pair(found["a"], found["b"]) for found in members.values()]


def to_json(trace: Trace) -> str:
    return json.dumps(asdict(trace), ensure_ascii=True, separators=(",", ":"))


def from_json(line: str, where: str = "trace") -> Trace:
    """One trace, every field checked."""
    try:
        plain = json.loads(line)
        plain["turns"] = tuple(MicroTurn(**turn) for turn in plain["turns"])
        trace = Trace(**plain)
        _refuse_wrong_kinds(trace)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TraceError(f"{where}: not a trace ({error}). Nothing was read from it.") from None
    check(trace, where)
    return trace


def _refuse_wrong_kinds(trace: Trace) -> None:
    for whole, kinds in ((trace, TRACE_KINDS), *((turn, TURN_KINDS) for turn in trace.turns)):
        for name, kind in kinds.items():
            if not isinstance(getattr(whole, name), kind):
                raise TypeError(f"{name} is {getattr(whole, name)!r}")


def check(trace: Trace, where: str = "trace") -> None:
    """What must hold of every trace, wherever it comes from."""
    if not trace.turns or not 0 <= trace.critical < len(trace.turns):
        raise TraceError(f"{where}: the critical step {trace.critical} is not among {len(trace.turns)} micro-turns.")
    elapsed = 0
    for place, turn in enumerate(trace.turns):
        elapsed += turn.dt_ms
        if turn.dt_ms <= 0 or turn.t_ms != elapsed:
            raise TraceError(f"{where}: time does not add up at micro-turn {place} (t {turn.t_ms}, dt {turn.dt_ms}).")
        if turn.action not in ACTIONS:
            raise TraceError(f"{where}: {turn.action!r} is no action; known are {', '.join(ACTIONS)}.")


def write_traces(path: Path, traces: Sequence[Trace]) -> str:
    """One JSON object a line; returns the hash of the bytes."""
    content = dump(traces)
    write_whole(path, content)
    return digest(content)


def dump(traces: Sequence[Trace]) -> bytes:
    return "".join(to_json(trace) + "\n" for trace in traces).encode()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def read_traces(path: Path) -> list[Trace]:
    """All traces of a JSONL file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read as text ({error}). Nothing was run.") from None
    return list(_parse(text, path.name))


def _parse(text: str, name: str) -> Iterator[Trace]:
    for number, line in enumerate(text.split("\n"), 1):  # JSON may hold other signs that Python takes for line ends
        if line.strip():
            yield from_json(line, f"{name} line {number}")


def field_names() -> tuple[str, ...]:
    """The fields of a micro-turn, for schemas and cards."""
    return tuple(field.name for field in fields(MicroTurn))
