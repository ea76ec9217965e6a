"""The gates one by one, on hand-made inputs: tables in order, nothing lowered, nothing hidden."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from nma13.context import EMPTY_CONTEXT, LearnedPrior, NavigationContext
from nma13.gates.engine_bof import CLASS_ROWS, TRUST_ROWS, decide
from nma13.gates.gate1_icxatrs import ROUTING, Seven
from nma13.gates.gate2_epistemic import output_faults
from nma13.gates.gate3_committee import ACTIVATION, AXES
from nma13.gates.gate4_trace import trace
from nma13.gates.s8_gatekeeper import enforce
from nma13.pipeline import run
from nma13.rules.engine import shipped_outputs
from nma13.state import EngineOutput, Gate1Output, Gate2Output, Gate3Output, Gate4Output, Step0Output
from nma13.terms import (
    Capacity,
    ClaimClass,
    Constraint,
    Criterion,
    FrictionLevel,
    FrictionType,
    Irreversibility,
    OutputClass,
    OutputFault,
    PremiseCategory,
    RedFlag,
    Routing,
    Standing,
    Station,
    TraceMark,
    TrustGate,
)
from nma13.text import read
from nma13.texts import table

Outputs = tuple[Step0Output, Gate1Output, Gate2Output, Gate3Output, EngineOutput, Gate4Output]


@pytest.fixture
def outputs() -> Outputs:
    """The outputs of a governed, otherwise quiet run."""
    state = run("I am a bit overwhelmed and I feel overwhelmed.")
    assert state.step0
    assert state.gate1
    assert state.gate2
    assert state.gate3
    assert state.engine
    assert state.gate4
    return state.step0, state.gate1, state.gate2, state.gate3, state.engine, state.gate4


def decided(outputs: Outputs, context: NavigationContext = EMPTY_CONTEXT, **changes: object) -> EngineOutput:
    step0, one, two, three, _, _ = outputs
    first = {k: v for k, v in changes.items() if k in Gate1Output.__dataclass_fields__}
    second = {k: v for k, v in changes.items() if k in ("red_flags", "effective_routing", "contested", "claims")}
    third = {k: v for k, v in changes.items() if k in ("friction", "level", "axes", "losses")}
    return decide(replace(one, **first), replace(two, **second), replace(three, **third), step0, context)  # type: ignore[arg-type]


# Step 0


@pytest.mark.parametrize(
    ("text", "categories", "score"),
    [
        ("A meta-analysis has proven it.", ["STATISTICAL"], 75),
        ("All clinicians agree.", ["AUTHORITY"], 80),
        ("It is guaranteed to work.", ["CERTAINTY"], 85),
        ("I am absolutely certain.", ["EPISTEMIC_STATE"], 85),
        ("As you mentioned, it is safe.", ["SELF_CITATION"], 80),
        ("She confirmed 20% off.", [], 100),
        ("No trial has shown a benefit.", [], 100),
        ("All clinicians agree. All experts agree.", ["AUTHORITY"], 60),
        ("All clinicians agree and experts agree.", ["AUTHORITY"], 80),
    ],
)
def test_step0(text: str, categories: list[str], score: int) -> None:
    output = run(text).step0
    assert output
    assert sorted({flag.category.value for flag in output.flags}) == categories
    assert output.score == score
    assert output.serious == (score < 60)


def test_step0_records_cited_premises_without_penalty() -> None:
    output = run("A meta-analysis has shown that mortality falls (Smith et al., 2019).").step0
    assert output
    assert output.score == 100
    assert output.cited


def test_step0_floor_and_advice_on_checking() -> None:
    output = run("All clinicians agree.\n\n" * 12).step0
    assert output
    assert output.score == 0
    assert all(flag.verify and flag.category in PremiseCategory for flag in output.flags)


# Gate 1


def test_routing_first_match_wins() -> None:
    def expected(v: Seven) -> Routing:
        if v.s is Standing.ABSENT:
            return Routing.REDIRECT
        if v.x or v.i is Irreversibility.HIGH or (v.a and v.t):
            return Routing.NMA3
        if v.a and v.i is Irreversibility.UNKNOWN:
            return Routing.CLARIFY
        return Routing.STANDARD

    flags = (False, True)
    for i, x, a, t, s in product(Irreversibility, flags, flags, flags, Standing):
        seven = Seven(i, None, Capacity.FALSE, x, a, None, t, False, s)
        assert next(row for row in ROUTING if row.holds(seven)).routing is expected(seven)


def test_overrides_never_lower_nma3_or_redirect() -> None:
    state = run("No questions. The surgery on my hand may end my playing.")
    assert state.routing is Routing.NMA3
    assert state.gate1
    assert state.gate1.budgets.question == 1
    assert state.gate1.trust_preset is TrustGate.HEDGE


def test_capacity_negation_cancels_high_only() -> None:
    state = run("I can't get out of bed some days but I am coping.")
    assert state.gate1
    assert state.gate1.capacity is not Capacity.HIGH


def test_clarify_asks_one_question() -> None:
    state = run("I don't know whether to stay or to go.")
    assert state.gate1
    assert state.routing is Routing.CLARIFY
    assert state.gate1.budgets.question == 1
    assert state.output_class is OutputClass.HEDGED_VECTOR
    assert state.engine
    assert state.engine.text.count("?") == 1


# Gate 2


@pytest.mark.parametrize(
    ("text", "klass"),
    [
        ("80% of people agree.", ClaimClass.ASSUMED),
        ("Studies show it works.", ClaimClass.ASSUMED),
        ("I don't know what he wants.", ClaimClass.UNCERTAIN),
        ("The MRI showed a tear.", ClaimClass.EVIDENCED),
        ("Therefore he knows.", ClaimClass.INFERRED),
        ("The house is red.", ClaimClass.ASSUMED),
    ],
)
def test_claim_classes(text: str, klass: ClaimClass) -> None:
    gate2 = run(text).gate2
    assert gate2
    assert [claim.klass for claim in gate2.claims] == [klass]


@pytest.mark.parametrize("text", ["Is it red?", "Tell me more.", "I want to understand this.", "I will call her."])
def test_what_asserts_nothing_is_no_claim(text: str) -> None:
    gate2 = run(text).gate2
    assert gate2
    assert gate2.claims == ()


def test_two_sources_that_contradict_fork() -> None:
    state = run(
        "Smith et al. 2019 found that surgery improves survival. "
        "Jones et al. 2021 found that surgery does not improve survival. Should I have the surgery?"
    )
    assert state.output_class is OutputClass.EPISTEMIC_FORK
    assert state.gate2
    assert len(state.gate2.contested) == 2


def test_output_faults() -> None:
    def faults(text: str, grounds: str = "", station: Station | None = None) -> list[object]:
        return [violation.fault for violation in output_faults(text, grounds, station)]

    assert faults("About 80% recover.") == [OutputFault.CONFABULATION]
    assert faults("About 80% recover.", grounds="They told me that 80% recover.") == []
    assert faults("Trust feels that it is over.", station=Station.S5) == [OutputFault.OVERREACH]
    assert faults("Trust feels that it is over.", station=Station.S1) == []
    assert OutputFault.CLOSURE in faults("Everything will be okay.")


# Gate 3


def test_axes_and_activation() -> None:
    pairs = {frozenset((axis.a, axis.b)) for axis in AXES}
    assert len(pairs) == len(AXES) == 11
    assert ACTIVATION == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_high_irreversibility_forces_every_station_to_speak_without_activating_it() -> None:
    gate3 = run("I was diagnosed with early dementia this spring.").gate3
    assert gate3
    assert all(voice.text for voice in gate3.voices)
    assert all(voice.activation == 0 for voice in gate3.voices if voice.forced)
    assert gate3.friction is FrictionType.NONE
    assert gate3.lead is Station.S1


def test_circling_is_unproductive_and_two_axes_are_high() -> None:
    text = "I love him but I need my freedom and I feel trapped. It is the same argument every night."
    gate3 = run(text + " I don't know whether to stay or to go.").gate3
    assert gate3
    assert gate3.axes
    assert gate3.friction is FrictionType.UNPRODUCTIVE


# Engine


@pytest.mark.parametrize(
    ("changes", "trust", "output_class"),
    [
        ({}, TrustGate.PROCEED, OutputClass.VECTOR),
        ({"level": FrictionLevel.HIGH, "axes": AXES[:2]}, TrustGate.PROCEED, OutputClass.SEQUENCED_VECTOR),
        ({"collision": True}, TrustGate.HEDGE, OutputClass.HEDGED_VECTOR),
        ({"constraints": (Constraint.HEDGE_FLOOR,)}, TrustGate.HEDGE, OutputClass.HEDGED_VECTOR),
        ({"friction": FrictionType.IRREDUCIBLE}, TrustGate.HEDGE, OutputClass.HEDGED_VECTOR),
        ({"friction": FrictionType.TRAGIC_FORK}, TrustGate.FORK, OutputClass.TRAGIC_FORK),
        ({"capacity": Capacity.HIGH}, TrustGate.HEDGE, OutputClass.REBUILD),
        (
            {"capacity": Capacity.HIGH, "irreversibility": Irreversibility.HIGH},
            TrustGate.DECLINE,
            OutputClass.REBUILD,
        ),
        ({"effective_routing": Routing.REDIRECT}, TrustGate.DECLINE, OutputClass.EXPLICIT_DECLINE),
        ({"red_flags": (RedFlag.CRISIS,)}, TrustGate.DECLINE, OutputClass.EXPLICIT_DECLINE),
        (
            {"red_flags": (RedFlag.CRISIS,), "capacity": Capacity.HIGH},
            TrustGate.DECLINE,
            OutputClass.REBUILD,
        ),
        (
            {"trust_preset": TrustGate.HEDGE, "capacity": Capacity.HIGH},
            TrustGate.HEDGE,
            OutputClass.REBUILD,
        ),
        ({"trust_preset": TrustGate.DECLINE}, TrustGate.DECLINE, OutputClass.EXPLICIT_DECLINE),
        ({"standing": Standing.ABSENT}, TrustGate.DECLINE, OutputClass.EXPLICIT_DECLINE),
    ],
)
def test_trust_and_class(
    outputs: Outputs, changes: dict[str, object], trust: TrustGate, output_class: OutputClass
) -> None:
    engine = decided(outputs, **changes)
    assert (engine.trust, engine.output_class) == (trust, output_class)
    assert {d.rule for d in engine.derivations} <= {row[0] for row in (*TRUST_ROWS, *CLASS_ROWS)}


@pytest.mark.parametrize("confidence", [0.0, 0.69, 0.7, 1.0])
@pytest.mark.parametrize("changes", [{}, {"red_flags": (RedFlag.CRISIS,)}, {"friction": FrictionType.TRAGIC_FORK}])
def test_priors_move_proceed_to_hedge_and_nothing_else(
    outputs: Outputs, confidence: float, changes: dict[str, object]
) -> None:
    prior = LearnedPrior(7, ("X=FALSE",), confidence, 5, "often hedged")
    with_prior = decided(outputs, NavigationContext(learned_priors=(prior,)), **changes)
    without = decided(outputs, **changes)
    assert with_prior.trust_without_priors is without.trust
    if without.trust is TrustGate.PROCEED and confidence >= 0.7:
        assert with_prior.trust is TrustGate.HEDGE
        assert with_prior.priors == (7,)
    else:
        assert with_prior.trust is without.trust
        assert with_prior.priors == ()


# Gate 4 and S8


def test_gate4_rejects_what_rests_on_nothing(outputs: Outputs) -> None:
    step0, one, two, three, engine, _ = outputs
    bad = replace(engine, sentences=(engine.sentences[0]._replace(rests_on=("X=TRUE",)),))
    traced = trace(step0, one, two, three, bad)
    assert not traced.passed
    assert traced.traces[0].mark is TraceMark.REJECT
    flagged = trace(step0, replace(one, constraints=(Constraint.SHARED_FLAG,)), two, three, engine)
    assert flagged.missing == ("SHARED_FLAG",)


@pytest.mark.parametrize(
    ("changes", "fails"),
    [
        ({"red_flags": (RedFlag.CRISIS,), "output_class": OutputClass.VECTOR}, Criterion.DECENCY),
        ({"hedge_floor": True, "output_class": OutputClass.VECTOR}, Criterion.AGENCY),
        (
            {"effective_routing": Routing.REDIRECT, "output_class": OutputClass.HEDGED_VECTOR},
            Criterion.AGENCY,
        ),
        ({"friction": FrictionType.TRAGIC_FORK, "output_class": OutputClass.VECTOR}, Criterion.NAVIGABILITY),
        ({"friction": FrictionType.IRREDUCIBLE, "output_class": OutputClass.VECTOR}, Criterion.NAVIGABILITY),
        (
            {"uncertain_ratio": 0.8, "output_class": OutputClass.VECTOR, "many": True},
            Criterion.PU_ENFORCEMENT,
        ),
        ({"output_class": OutputClass.EXPLICIT_DECLINE, "red_flags": (RedFlag.CRISIS,)}, None),
    ],
)
def test_s8(outputs: Outputs, changes: dict[str, object], fails: Criterion | None) -> None:
    _, one, two, three, engine, four = outputs
    engine_keys = {"output_class", "hedge_floor", "uncertain_ratio"}
    engine = replace(engine, **{k: v for k, v in changes.items() if k in engine_keys})  # type: ignore[arg-type]
    two = replace(two, **{k: v for k, v in changes.items() if k in ("red_flags", "effective_routing")})  # type: ignore[arg-type]
    if changes.get("many"):
        two = replace(two, claims=two.claims[:1] * 4)
    three = replace(three, **{k: v for k, v in changes.items() if k == "friction"})  # type: ignore[arg-type]
    result = enforce(one, two, three, engine, four)
    assert [c.criterion for c in result.criteria if not c.passed] == ([fails] if fails else [])
    assert (result.handshake is None) == (fails is not None)


def test_no_handshake_where_it_is_disabled() -> None:
    state = run("Don't comfort me. No advice either.")
    assert state.s8
    assert state.s8.passed
    assert state.s8.handshake is None


def test_structural_acknowledgements_are_recognised_by_the_output_rules() -> None:
    words = table("structural")["acknowledge"]
    engine = shipped_outputs()
    for key, sets in (("STANDING_FLAG", "OUTPUT=STANDING_ACK"), ("SHARED_FLAG", "OUTPUT=SHARED_ACK")):
        assert any(f.sets == sets and f.counts for f in engine.scan(read(words[key])).findings), key
