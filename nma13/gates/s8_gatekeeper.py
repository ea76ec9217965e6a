"""S8: the enforcer. It does not deliberate; four criteria, any FAIL halts."""

from __future__ import annotations

from nma13.context import Handshake
from nma13.gates.engine_bof import UNCERTAIN_LIMIT
from nma13.state import (
    Claim,
    CriterionResult,
    EngineOutput,
    Gate1Output,
    Gate2Output,
    Gate3Output,
    Gate4Output,
    S8Output,
)
from nma13.terms import (
    ClaimClass,
    Criterion,
    FrictionType,
    Lock,
    OutputClass,
    RedFlag,
    Routing,
    Station,
)

DIRECTIONAL = frozenset([OutputClass.VECTOR, OutputClass.SEQUENCED_VECTOR])
GIVES_WAY = DIRECTIONAL | {OutputClass.HEDGED_VECTOR}
"""Under REDIRECT even a hedged direction is one."""

DECENT = frozenset([OutputClass.EXPLICIT_DECLINE, OutputClass.REBUILD])


def enforce(
    gate1: Gate1Output,
    gate2: Gate2Output,
    gate3: Gate3Output | None,
    engine: EngineOutput,
    gate4: Gate4Output,
) -> S8Output:
    """Judge the decided output. `gate4` is the interlock."""
    del gate4
    friction = gate3.friction if gate3 else FrictionType.NONE
    criteria = (
        _decency(gate2, engine),
        _agency(gate2, engine),
        _navigability(friction, engine),
        _uncertainty(gate2.claims, engine),
    )
    passed = all(result.passed for result in criteria)
    disabled = Lock.HANDSHAKE_DISABLED in gate1.locks
    handshake = None if disabled or not passed else _handshake(gate1, gate2, gate3, engine)
    return S8Output(criteria, passed, handshake)


def refuse_manipulation() -> S8Output:
    """S8 at once: the text tried to move the engine off its rules."""
    reason = "the text tries to move the engine off its rules"
    results = tuple(
        CriterionResult(c, c is not Criterion.AGENCY, reason if c is Criterion.AGENCY else "not reached")
        for c in Criterion
    )
    return S8Output(results, False, None)


def _decency(gate2: Gate2Output, engine: EngineOutput) -> CriterionResult:
    failed = RedFlag.CRISIS in gate2.red_flags and engine.output_class not in DECENT
    reason = f"CRISIS answered with {engine.output_class}" if failed else "danger, if any, is met with help"
    return CriterionResult(Criterion.DECENCY, not failed, reason)


def _agency(gate2: Gate2Output, engine: EngineOutput) -> CriterionResult:
    if engine.hedge_floor and engine.output_class in DIRECTIONAL:
        return CriterionResult(Criterion.AGENCY, False, f"a hedge floor under a {engine.output_class}")
    if gate2.effective_routing is Routing.REDIRECT and engine.output_class in GIVES_WAY:
        return CriterionResult(Criterion.AGENCY, False, f"REDIRECT answered with a {engine.output_class}")
    return CriterionResult(Criterion.AGENCY, True, "no direction where none may be given")


def _navigability(friction: FrictionType, engine: EngineOutput) -> CriterionResult:
    hard = friction in (FrictionType.TRAGIC_FORK, FrictionType.IRREDUCIBLE)
    failed = hard and engine.output_class in DIRECTIONAL
    reason = f"{friction} collapsed to {engine.output_class}" if failed else "losses and conflicts are kept"
    return CriterionResult(Criterion.NAVIGABILITY, not failed, reason)


def _uncertainty(claims: tuple[Claim, ...], engine: EngineOutput) -> CriterionResult:
    ratio = engine.uncertain_ratio
    evidenced = any(claim.klass is ClaimClass.EVIDENCED for claim in claims)
    over = ratio is not None and ratio > UNCERTAIN_LIMIT and len(claims) >= 3
    failed = over and not evidenced and engine.output_class is OutputClass.VECTOR
    reason = f"{ratio:.0%} uncertain, no evidence, VECTOR" if failed else "uncertainty is not dressed as direction"
    return CriterionResult(Criterion.PU_ENFORCEMENT, not failed, reason)


def _handshake(gate1: Gate1Output, gate2: Gate2Output, gate3: Gate3Output | None, engine: EngineOutput) -> Handshake:
    carried = [f"tension {axis.a}–{axis.b}: {axis.name}" for axis in (gate3.axes if gate3 else ())]
    carried += [f"constraint {constraint}" for constraint in gate1.constraints]
    if gate1.ambiguity_kind:
        carried.append(f"open: {gate1.ambiguity_kind}")
    return Handshake(
        routing=gate2.effective_routing,
        output_class=engine.output_class,
        friction=gate3.friction if gate3 else FrictionType.NONE,
        override=gate1.override,
        lead=(gate3.lead if gate3 else Station.S1).value,
        carried=tuple(carried),
    )
