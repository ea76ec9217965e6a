"""The policies that are not trained by gradient, and the metrics they are scored by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.nanoim import metrics, shelf
from experiments.nanoim.metrics import MEANING, policy_taa_psr, recovery_ms, score, taa_psr
from experiments.nanoim.policies import BASELINES, FieldLookup, RuleHarness
from experiments.nanoim.turns import TraceError, pairs_of
from nma13.errors import UsageError


@pytest.mark.parametrize("suite", ["mini", "hard", "noisy"])
def test_no_transcript_policy_separates_a_pair(suite: str) -> None:
    train, test = shelf.split_of(suite, "train"), shelf.split_of(suite, "test")
    for name in ("transcript_majority", "transcript_nb"):
        taa, psr = policy_taa_psr(BASELINES[name](), train, test)
        assert taa <= 0.5
        assert psr == 0
    assert policy_taa_psr(BASELINES["transcript_oracle"](), train, test) == (0.5, 0.0)


def test_transcript_majority_scores_exactly_three_tenths_on_hard() -> None:
    found = policy_taa_psr(
        BASELINES["transcript_majority"](), shelf.split_of("hard", "train"), shelf.split_of("hard", "test")
    )
    assert found == (pytest.approx(0.3), 0.0)


@pytest.mark.parametrize("suite", ["hard", "noisy"])
@pytest.mark.parametrize("make", [RuleHarness, FieldLookup])
def test_what_sees_the_streams_is_always_right(suite: str, make: type) -> None:
    assert policy_taa_psr(make(), shelf.split_of(suite, "train"), shelf.split_of(suite, "test")) == (1.0, 1.0)


def test_a_table_knows_nothing_of_a_family_it_never_saw() -> None:
    train = [t for t in shelf.split_of("hard", "train") if t.family != "approval_interruption"]
    test = [t for t in shelf.split_of("hard", "test") if t.family == "approval_interruption"]
    assert policy_taa_psr(FieldLookup(), train, test) == (0.0, 0.0)


def test_a_scorecard_has_every_metric_and_each_can_fail() -> None:
    train, test = shelf.split_of("hard", "train"), shelf.split_of("hard", "test")
    rule, majority = RuleHarness(), BASELINES["transcript_majority"]()
    majority.fit(train)
    good, bad = score(rule, train, test), score(majority, train, test)
    assert set(good) == set(bad) == set(MEANING)
    assert good["missed_interrupt_rate"] == 0
    assert bad["missed_interrupt_rate"] == 1
    assert good["clarification_timing_score"] == 1
    assert bad["clarification_timing_score"] == 0
    assert good["tool_weaving_score"] == 1
    assert bad["turn_based_baseline_delta"] == 0
    assert good["turn_based_baseline_delta"] == pytest.approx(0.7)
    assert good["barge_in_recovery_time"] < bad["barge_in_recovery_time"]


def test_recovery_counts_from_the_interruption() -> None:
    trace = next(t for t in shelf.split_of("hard", "test") if t.target == "STOP_SPEAKING")
    onset = trace.critical - 1
    begun = trace.turns[onset].t_ms - trace.turns[onset].dt_ms
    taken = ["WAIT"] * len(trace.turns)
    assert recovery_ms(trace, taken) == trace.turns[-1].t_ms - begun
    taken[trace.critical] = "STOP_SPEAKING"
    assert recovery_ms(trace, taken) == trace.turns[trace.critical].t_ms - begun


def test_a_pair_counts_only_when_both_members_are_right() -> None:
    test = shelf.split_of("mini", "test")
    actions = [t.target if t.member == "a" else "nothing" for t in test]
    assert taa_psr(test, actions) == (0.5, 0.0)
    with pytest.raises(TraceError, match="lack a member"):
        pairs_of(test[:-1])
    with pytest.raises(TraceError, match="two members"):
        pairs_of([*test, test[-1]])


def test_families_are_scored_apart() -> None:
    test = shelf.split_of("hard", "test")
    wrong = [t.target if t.family != "hesitation" else "SPEAK" for t in test]
    found = metrics.by_family(test, wrong)
    assert found["hesitation"] == {"taa": 0.0, "psr": 0.0}
    assert found["yield_detection"] == {"taa": 1.0, "psr": 1.0}


def test_rules_look_at_how_long_a_state_has_held() -> None:
    trace = next(t for t in shelf.split_of("hard", "test") if t.family == "self_correction" and t.target == "SPEAK")
    turns = list(trace.turns)
    turns[trace.critical] = replace(turns[trace.critical], dt_ms=200)
    sooner = replace(trace, turns=tuple(turns))
    actions = [metrics.chosen(RuleHarness().decide([t]))[0][t.critical] for t in (trace, sooner)]
    assert actions == ["SPEAK", "WAIT"]


def test_an_unknown_policy_is_told_what_there_is() -> None:
    with pytest.raises(UsageError, match="rule_harness"):
        shelf.policy_named("nobody", "hard")
