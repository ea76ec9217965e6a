"""The loop: the ceiling and the floor, both meanings of a consultation, budgets, probes, policies."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.verisim.factory import Plan, scripts
from experiments.verisim.loop import Rules, Trace, run
from experiments.verisim.policies import Fixed, Moment, Random, Unsure, calibrated, calibrated_drift
from experiments.verisim.proposers import Null, OracleBacked, Prediction, Succeeds
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, Delta

WORLDS = ("network", "filesystem")


def some(world: Any, steps: int = 40) -> Any:
    return scripts(world, Plan(("weighted", "adversarial"), ("empty", world.starts[1]), (7, 8), steps, "test"))


def test_three_wrong_facts_are_not_more_than_three() -> None:
    """However many facts there are: of seventeen, three come out as 3.0000000000000004 before they are rounded."""
    for facts in range(1, 200):
        three = Trace(divergences=[3 * (1 / facts)], units=[1 / facts])
        thrice = Trace(divergences=[6 / (2 * facts)], units=[1 / facts])
        assert three.graded_horizon(3.0) == thrice.graded_horizon(3.0) == 1
        assert three.graded_share(3.0) == thrice.graded_share(3.0) == 1.0


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_is_faithful_to_the_end(name: str) -> None:
    world = make_world(name)
    for trace in run(world, OracleBacked(world), some(world)):
        assert trace.horizon() == 40
        assert all(trace.exact)
        assert trace.graded_share(0.0) == 1.0


@pytest.mark.parametrize("name", WORLDS)
def test_consulting_at_every_step_makes_any_proposer_faithful(name: str) -> None:
    world = make_world(name)
    for consult in ("belief", "anchor"):
        rules = Rules(rho=1.0, consult=consult, policy=lambda _: Fixed())  # type: ignore[arg-type]
        for trace in run(world, Null(), some(world), rules):
            assert trace.horizon() == 40
            assert len(trace.consulted) == 40


@pytest.mark.parametrize("name", WORLDS)
def test_to_say_that_everything_succeeds_is_better_than_to_say_nothing(name: str) -> None:
    world = make_world(name)
    null, succeeds = (run(world, each, some(world)) for each in (Null(), Succeeds(world)))
    assert not any(any(trace.exact) for trace in null)
    assert any(any(trace.exact) for trace in succeeds)


def test_only_an_anchor_removes_drift() -> None:
    world = make_world("network")
    belief, anchor = (
        run(world, Null(), some(world), Rules(0.25, consult, lambda _: Fixed()))  # type: ignore[arg-type]
        for consult in ("belief", "anchor")
    )
    for trace in anchor:
        assert all(trace.divergences[step] == 0 for step in trace.consulted)
    assert any(trace.divergences[step] > 0 for trace in belief for step in trace.consulted)


class Doubtful:
    """Wrong exactly where it says so."""

    name = "doubtful"

    def __init__(self, world: Any) -> None:
        self.world = world
        self.asked = 0

    def predict_delta(self, state: Any, action: Action) -> Delta:
        raise AssertionError("the loop asks for all together")

    def predict_many(self, pairs: Any) -> list[Prediction]:
        self.asked += 1
        wrong = self.asked % 10 == 0
        return [Prediction(() if wrong else self.world.step(*pair).delta, float(wrong)) for pair in pairs]


def test_doubt_spends_the_budget_where_it_is_needed() -> None:
    world = make_world("network")
    unsure = run(world, Doubtful(world), some(world), Rules(0.1, "belief", lambda _: Unsure(0.5)))
    fixed = run(world, Doubtful(world), some(world), Rules(0.1, "belief", lambda _: Fixed()))
    assert all(trace.horizon() == 40 and trace.consulted == [9, 19, 29, 39] for trace in unsure)
    assert min(trace.horizon() for trace in fixed) == 9


def test_a_probe_tells_little_and_costs_little() -> None:
    world = make_world("network")
    all_told = run(world, Null(), some(world), Rules(0.25, "anchor", lambda _: Fixed()))
    probed = run(
        world,
        Null(),
        some(world),
        Rules(0.25, "anchor", lambda _: Fixed(), lambda *now: now[2].args[0] if now[2].args else 0),
    )
    assert sum(trace.revealed for trace in probed) < sum(trace.revealed for trace in all_told) / 2
    assert sum(sum(trace.divergences) for trace in probed) > sum(sum(trace.divergences) for trace in all_told)


def test_every_consultation_is_told_to_the_learner() -> None:
    world, heard = make_world("network"), []
    traces = run(world, Null(), some(world), Rules(0.5, "belief", lambda _: Fixed()), lambda *said: heard.append(said))
    assert len(heard) == sum(len(trace.consulted) for trace in traces)
    for state, action, delta in heard:
        assert delta == world.step(state, action).delta


@pytest.mark.parametrize("rho", [0.05, 0.1, 0.3, 0.5])
def test_policies_keep_the_budget(rho: float) -> None:
    world = make_world("network")
    for policy in (Fixed(), Random(3), calibrated([0.0] * 50, rho)):
        for trace in run(world, Null(), some(world), Rules(rho, "belief", lambda _, it=policy: it)):
            assert len(trace.consulted) <= rho * 40 + 1e-9
    spaced = run(world, Null(), some(world), Rules(rho, "belief", lambda _: Fixed()))[0].consulted
    assert len(spaced) == int(rho * 40)
    assert spaced[0] == 0
    assert max(b - a for a, b in zip(spaced, [*spaced[1:], 40], strict=True)) <= 40 / len(spaced) + 1


def test_thresholds_come_from_other_rollouts() -> None:
    assert calibrated([0.1, 0.2, 0.3, 0.4], 1.0).consults(Moment(0, 1, 0.0, 0.0, 0, 1))
    some_doubts = [step / 100 for step in range(100)]
    chosen = calibrated(some_doubts, 0.1)
    assert sum(chosen.consults(Moment(0, 1, doubt, 0.0, 0, 1)) for doubt in some_doubts) == 10
    drift = calibrated_drift([[0.1] * 50], 0.2)
    assert drift.consults(Moment(0, 1, 0.1, 0.51, 0, 1))
    assert not drift.consults(Moment(0, 1, 0.1, 0.49, 0, 1))
