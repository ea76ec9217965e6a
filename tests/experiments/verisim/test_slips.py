"""The proposer with known faults errs as often as it is told to, always alike, and mostly knows it."""

from __future__ import annotations

from typing import Any

from experiments.verisim.factory import Plan, transitions
from experiments.verisim.metrics import delta_exact
from experiments.verisim.slips import Slips
from experiments.verisim.worlds import make_world

WORLD: Any = make_world("network", 5)
STEPS = transitions(WORLD, Plan(("weighted", "traffic"), ("empty", "gnp"), tuple(range(8)), 40, "test"))


def test_errors_come_at_the_rate_that_was_set() -> None:
    for rate in (0.0, 0.1, 0.4):
        slips = Slips(WORLD, rate)
        wrong = [not delta_exact(slips.predict_delta(step.state, step.action), step.delta) for step in STEPS]
        assert abs(sum(wrong) / len(wrong) - rate) < 0.04


def test_the_same_step_is_answered_alike_and_doubt_tells_something() -> None:
    pairs = [(step.state, step.action) for step in STEPS]
    told = Slips(WORLD, 0.2).predict_many(pairs)
    assert told == Slips(WORLD, 0.2).predict_many(pairs)
    doubt: dict[bool, list[float]] = {True: [], False: []}
    for each, step in zip(told, STEPS, strict=True):
        doubt[delta_exact(each.delta, step.delta)].append(each.doubt)
    assert sum(doubt[False]) / len(doubt[False]) > 0.5
    assert sum(doubt[True]) / len(doubt[True]) < 0.35
