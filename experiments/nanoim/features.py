"""What a policy is shown. The boundary of the whole lab: nothing else of a trace ever reaches one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from experiments.nanoim.families import vocabulary
from experiments.nanoim.turns import ACTIONS, STREAMS, MicroTurn, Trace, flatten
from nma13.errors import UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TIME = "t_ms / dt_ms"
FIELDS = (*STREAMS, TIME)
"""What can be blanked, one at a time."""
DT_EDGES = (150, 250, 330, 420, 560, 760, 1000)
TIMES = 3


def transcript_words(trace: Trace) -> list[str]:
    """The features of every transcript policy: the words of the flattened text."""
    return re.findall(r"[a-z0-9']+", flatten(trace).lower())


@dataclass(frozen=True, slots=True)
class Batch:
    """Traces as arrays, padded at the end. Id 0 means «not shown»."""

    ids: Ints
    """(traces, steps, streams)"""
    text: Floats
    """(traces, steps): whether words fell; which ones is not shown."""
    dt_bucket: Ints
    times: Floats
    """(traces, steps, TIMES)"""
    actions: Ints
    critical: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.lengths)

    def part(self, rows: Ints) -> Batch:
        return Batch(*(getattr(self, name)[rows] for name in self.__slots__))


@cache
def stream_values() -> dict[str, dict[str, int]]:
    """Value to id, stream by stream; 0 is kept for «not shown»."""
    return {stream: {value: i for i, value in enumerate(values, 1)} for stream, values in vocabulary().items()}


def sizes() -> tuple[int, ...]:
    """Rows each stream's embedding needs."""
    return tuple(len(stream_values()[stream]) + 1 for stream in STREAMS)


def to_batch(traces: Sequence[Trace], hidden: Sequence[str] = ()) -> Batch:
    """The arrays of these traces, the fields in `hidden` blanked."""
    steps = max(len(trace.turns) for trace in traces)
    batch = Batch(
        np.zeros((len(traces), steps, len(STREAMS)), np.int64),
        np.zeros((len(traces), steps)),
        np.zeros((len(traces), steps), np.int64),
        np.zeros((len(traces), steps, TIMES)),
        np.zeros((len(traces), steps), np.int64),
        np.array([trace.critical for trace in traces]),
        np.array([len(trace.turns) for trace in traces]),
    )
    for row, trace in enumerate(traces):
        for step, turn in enumerate(trace.turns):
            _fill(batch, row, step, turn)
    return blank(batch, hidden)


def _fill(batch: Batch, row: int, step: int, turn: MicroTurn) -> None:
    values = stream_values()
    batch.ids[row, step] = [values[stream].get(value, 0) for stream, value in zip(STREAMS, turn.states(), strict=True)]
    batch.text[row, step] = bool(turn.user_text_delta)
    batch.dt_bucket[row, step] = 1 + int(np.searchsorted(DT_EDGES, turn.dt_ms))
    batch.times[row, step] = time_features(turn)
    batch.actions[row, step] = ACTIONS.index(turn.action)


def time_features(turn: MicroTurn) -> tuple[float, float, float]:
    return np.log2(turn.dt_ms / 400), turn.dt_ms / 1000, np.log2(1 + turn.t_ms / 1000)


def blank(batch: Batch, hidden: Sequence[str]) -> Batch:
    """The same batch with some fields not shown."""
    unknown = set(hidden) - set(FIELDS)
    if unknown:
        raise UsageError(f"{', '.join(sorted(unknown))} cannot be hidden; there are {', '.join(FIELDS)}.")
    ids = batch.ids.copy()
    for name in set(hidden) & set(STREAMS):
        ids[:, :, STREAMS.index(name)] = 0
    if TIME not in hidden:
        return replace(batch, ids=ids)
    return replace(batch, ids=ids, dt_bucket=np.zeros_like(batch.dt_bucket), times=np.zeros_like(batch.times))


def held_ms(trace: Trace, step: int) -> int:
    """How long the states of this step have held when it ends, without the stretch in which they began."""
    here, held = trace.turns[step].states(), 0
    while step > 0 and trace.turns[step - 1].states() == here:
        held += trace.turns[step].dt_ms
        step -= 1
    return held
