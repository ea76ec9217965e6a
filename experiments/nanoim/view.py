"""One pair as a value: lanes, blocks, the critical step, what each policy chose, what the transcript hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from experiments.nanoim import shelf
from experiments.nanoim.families import DECOYS, FAMILIES, IDLE, family_titles
from experiments.nanoim.features import held_ms
from experiments.nanoim.turns import ACTIONS, STREAMS, Pair, Trace, flatten, pairs_of

LANES = {
    "user_audio_state": "User audio",
    "user_text_delta": "User words",
    "model_audio_state": "Assistant audio",
    "visual_event": "Camera",
    "background_event": "Background",
    "policy_event": "Policy",
    "action": "Right action",
}
POLICY_TITLES = {
    "transcript_majority": "Transcript majority",
    "transcript_nb": "Transcript naive Bayes",
    "transcript_oracle": "Transcript oracle",
    "rule_harness": "Rule harness",
    "field_lookup": "Field lookup",
    "gru": "Tiny GRU",
    "transformer": "Tiny Transformer",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A state from one moment to another. `quiet`: nothing happens in it."""

    begin_ms: int
    end_ms: int
    label: str
    quiet: bool
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One stream of a trace."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class TraceView:
    """One member of a pair as it is drawn."""

    letter: str
    target: str
    lanes: tuple[Lane, ...]
    critical_begin_ms: int
    critical_end_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one policy did in one trace, and how sure it was."""

    action: str
    sure: float
    right: bool


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy on both members."""

    title: str
    sees: str
    a: Chosen
    b: Chosen


@dataclass(frozen=True, slots=True)
class PairView:
    """All that a page shows of one pair."""

    suite: str
    family: str
    name: str
    transcript: str
    a: TraceView
    b: TraceView
    policies: tuple[PolicyRow, ...]
    hides: tuple[str, ...]

    @property
    def length_ms(self) -> int:
        return max(self.a.length_ms, self.b.length_ms)


def plain_name(value: str) -> str:
    """A state's name in words."""
    return value.replace("_", " ")


def of_pair(pair: Pair, suite: str, policies: Sequence[PolicyRow]) -> PairView:
    titles = family_titles()
    return PairView(
        suite=suite,
        family=titles.get(pair.a.family, plain_name(pair.a.family) or "unnamed"),
        name=pair.name,
        transcript=pair.transcript,
        a=_trace(pair.a, pair.b),
        b=_trace(pair.b, pair.a),
        policies=tuple(policies),
        hides=tuple(hidden_in_words(pair)),
    )


def shipped_pair(suite: str, name: str) -> PairView:
    """A test pair of a shipped suite with every policy's choice."""
    index = {pair.name: pair for pair in test_pairs(suite)}
    pair = index[name]
    return of_pair(pair, suite, policy_rows(pair, suite))


@cache
def test_pairs(suite: str) -> tuple[Pair, ...]:
    return tuple(pairs_of(shelf.split_of(suite, "test")))


@cache
def _decisions(policy: str, suite: str) -> dict[str, Chosen]:
    """Trace name → choice, for a whole suite at once."""
    test = [member for pair in test_pairs(suite) for member in (pair.a, pair.b)]
    return {
        trace.name: _chosen(trace, found[trace.critical])
        for trace, found in zip(test, shelf.decided(policy, suite, test), strict=True)
    }


def _chosen(trace: Trace, probabilities: Sequence[float]) -> Chosen:
    best = max(range(len(ACTIONS)), key=lambda i: probabilities[i])
    return Chosen(ACTIONS[best], float(probabilities[best]), ACTIONS[best] == trace.target)


def policy_rows(pair: Pair, suite: str) -> list[PolicyRow]:
    rows = []
    for name, title in POLICY_TITLES.items():
        found = _decisions(name, suite)
        rows.append(PolicyRow(title, shelf.policy_named(name, suite).sees, found[pair.a.name], found[pair.b.name]))
    return rows


def fresh_rows(pair: Pair) -> list[PolicyRow]:
    """What the policies say of a pair that is not shipped; they know the hard suite."""
    rows = []
    for name, title in POLICY_TITLES.items():
        a, b = (
            _chosen(trace, found[trace.critical])
            for trace, found in zip((pair.a, pair.b), shelf.decided(name, "pilot", [pair.a, pair.b]), strict=True)
        )
        rows.append(PolicyRow(title, shelf.policy_named(name, "pilot").sees, a, b))
    return rows


def _trace(trace: Trace, other: Trace) -> TraceView:
    critical = trace.turns[trace.critical]
    differing = _differing(trace, other)
    lanes = [Lane(title, tuple(_blocks(trace, name, name in differing))) for name, title in LANES.items()]
    return TraceView(
        trace.member.upper(), trace.target, tuple(lanes), critical.t_ms - critical.dt_ms, critical.t_ms,
        trace.turns[-1].t_ms,
    )  # fmt: skip


def _blocks(trace: Trace, field: str, differs: bool) -> list[Block]:
    """Stretches with one value become one block."""
    blocks: list[Block] = []
    critical_end = trace.turns[trace.critical].t_ms
    for turn in trace.turns:
        value = getattr(turn, field).strip()
        begin = turn.t_ms - turn.dt_ms
        label = value if field in ("action", "user_text_delta") else plain_name(value)
        falls = field == "action" and begin < critical_end <= turn.t_ms  # the decision begins a block of its own
        if blocks and blocks[-1].label == label and field != "user_text_delta" and not falls:
            begin = blocks.pop().begin_ms
        quiet = value in ("", "WAIT") or value == IDLE.get(field)
        inside = begin < critical_end <= turn.t_ms
        blocks.append(Block(begin, turn.t_ms, label, quiet, differs and inside))
    return blocks


def _differing(trace: Trace, other: Trace) -> set[str]:
    mine, theirs = trace.turns[trace.critical], other.turns[other.critical]
    return {stream for stream in STREAMS if getattr(mine, stream) != getattr(theirs, stream)} | {"action"}


def hidden_in_words(pair: Pair) -> list[str]:
    """What decides and is not in the transcript."""
    a, b = pair.a.turns[pair.a.critical], pair.b.turns[pair.b.critical]
    told = [
        f"{LANES[stream]}: {plain_name(getattr(a, stream))} in A, {plain_name(getattr(b, stream))} in B."
        for stream in STREAMS
        if getattr(a, stream) != getattr(b, stream)
    ]
    held = [held_ms(trace, trace.critical) / 1000 for trace in (pair.a, pair.b)]
    if not told:
        told.append("No state differs at the critical step. Only time does.")
    told.append(f"How long that state had held: {held[0]:.1f} s in A, {held[1]:.1f} s in B.")
    passing = {v for t in (pair.a, pair.b) for u in t.turns for v in u.states() if v in _PASSING}
    if passing:
        told.append(f"Also there, and meaning nothing: {', '.join(plain_name(v) for v in sorted(passing))}.")
    told.append(f"The transcript keeps «{flatten(pair.a)}» and nothing else.")
    return told


_PASSING = {value for values in DECOYS.values() for value in values if value != "none"}


def families_of(suite: str) -> dict[str, str]:
    """Name → title of the families of a suite."""
    return {f.name: f.title for f in FAMILIES["hard" if suite == "pilot" else suite]}
