"""Engine (BOF): how far the answer may be trusted, which class it has, and the plain text that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nma13.context import LearnedPrior, NavigationContext
from nma13.evidence import Derivation
from nma13.gates.facts import facts
from nma13.gates.structural import compose
from nma13.state import Check, EngineOutput, Gate1Output, Gate2Output, Gate3Output, Step0Output
from nma13.terms import (
    Capacity,
    ClaimClass,
    Constraint,
    FrictionLevel,
    FrictionType,
    Irreversibility,
    OutputClass,
    RedFlag,
    Routing,
    Standing,
    TrustGate,
)

PRIOR_CONFIDENCE = 0.7
UNCERTAIN_LIMIT = 0.7
ENOUGH_CLAIMS = 3
"""A ratio over fewer claims is no ratio: one honest «I don't know» is not a text full of doubt."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables look at."""

    gate1: Gate1Output
    gate2: Gate2Output
    friction: FrictionType
    level: FrictionLevel
    degraded: bool
    trust: TrustGate = TrustGate.PROCEED

    def flag(self, flag: RedFlag) -> bool:
        return flag in self.gate2.red_flags

    @property
    def crisis(self) -> bool:
        return self.flag(RedFlag.CRISIS)

    @property
    def tragic(self) -> bool:
        return self.friction is FrictionType.TRAGIC_FORK

    @property
    def collapse(self) -> bool:
        return self.gate1.capacity is Capacity.HIGH

    @property
    def irreversible(self) -> bool:
        return self.gate1.irreversibility is Irreversibility.HIGH

    @property
    def absent(self) -> bool:
        return self.gate1.standing is Standing.ABSENT

    @property
    def floor(self) -> bool:
        return Constraint.HEDGE_FLOOR in self.gate1.constraints


Holds = Callable[[Known], bool]
HEDGE, DECLINE, FORK, PROCEED = TrustGate.HEDGE, TrustGate.DECLINE, TrustGate.FORK, TrustGate.PROCEED

# First row that holds decides. None: the override's preset.
TRUST_ROWS: tuple[tuple[str, str, Holds, TrustGate | None], ...] = (
    ("TRUST-CRISIS", "flag=CRISIS", lambda k: k.crisis, DECLINE),
    ("TRUST-MANIPULATION", "flag=MANIPULATION", lambda k: k.flag(RedFlag.MANIPULATION), DECLINE),
    ("TRUST-ABSENT", "S=ABSENT", lambda k: k.absent, DECLINE),
    ("TRUST-PRESET", "override preset", lambda k: k.gate1.trust_preset is not None, None),
    ("TRUST-REDIRECT", "routing=REDIRECT", lambda k: k.gate2.effective_routing is Routing.REDIRECT, DECLINE),
    ("TRUST-COLLAPSE-FINAL", "C=HIGH I=HIGH", lambda k: k.collapse and k.irreversible, DECLINE),
    ("TRUST-COLLAPSE", "C=HIGH", lambda k: k.collapse, HEDGE),
    ("TRUST-TRAGIC", "friction=TRAGIC-FORK", lambda k: k.tragic, FORK),
    ("TRUST-CONTESTED", "two claims contradict", lambda k: bool(k.gate2.contested), FORK),
    ("TRUST-IRREDUCIBLE", "friction=IRREDUCIBLE", lambda k: k.friction is FrictionType.IRREDUCIBLE, HEDGE),
    ("TRUST-IRREVERSIBLE", "I=HIGH", lambda k: k.irreversible, HEDGE),
    ("TRUST-FLOOR", "constraint=HEDGE_FLOOR", lambda k: k.floor, HEDGE),
    ("TRUST-COLLISION", "X=TRUE", lambda k: k.gate1.collision, HEDGE),
    ("TRUST-CLARIFY", "routing=CLARIFY", lambda k: k.gate2.effective_routing is Routing.CLARIFY, HEDGE),
    ("TRUST-RANK", "flag=AUTHORITY", lambda k: k.flag(RedFlag.AUTHORITY), HEDGE),
    ("TRUST-DEGRADED", "degraded", lambda k: k.degraded, HEDGE),
    ("TRUST-DEFAULT", "otherwise", lambda _: True, PROCEED),
)

CLASS_ROWS: tuple[tuple[str, str, Holds, OutputClass], ...] = (
    ("CLASS-CRISIS-REBUILD", "flag=CRISIS C=HIGH", lambda k: k.crisis and k.collapse, OutputClass.REBUILD),
    ("CLASS-CRISIS", "flag=CRISIS", lambda k: k.crisis, OutputClass.EXPLICIT_DECLINE),
    ("CLASS-ABSENT", "S=ABSENT", lambda k: k.absent, OutputClass.EXPLICIT_DECLINE),
    ("CLASS-REBUILD", "C=HIGH", lambda k: k.collapse, OutputClass.REBUILD),
    ("CLASS-TRAGIC", "friction=TRAGIC-FORK", lambda k: k.tragic, OutputClass.TRAGIC_FORK),
    ("CLASS-DECLINE", "trust=DECLINE", lambda k: k.trust is DECLINE, OutputClass.EXPLICIT_DECLINE),
    ("CLASS-FORK", "trust=FORK", lambda k: k.trust is FORK, OutputClass.EPISTEMIC_FORK),
    ("CLASS-HEDGE", "trust=HEDGE", lambda k: k.trust is HEDGE or k.floor, OutputClass.HEDGED_VECTOR),
    ("CLASS-SEQUENCE", "level=HIGH", lambda k: k.level is FrictionLevel.HIGH, OutputClass.SEQUENCED_VECTOR),
    ("CLASS-VECTOR", "otherwise", lambda _: True, OutputClass.VECTOR),
)  # fmt: skip


def decide(
    gate1: Gate1Output,
    gate2: Gate2Output,
    gate3: Gate3Output | None,
    step0: Step0Output,
    context: NavigationContext,
    degraded: bool = False,
) -> EngineOutput:
    """Trust, class and structural text. `gate3` is None only where it was skipped on purpose."""
    friction = gate3.friction if gate3 else FrictionType.NONE
    level = gate3.level if gate3 else FrictionLevel.NONE
    known = Known(gate1, gate2, friction, level, degraded or bool(step0.degraded))
    row = next(row for row in TRUST_ROWS if row[2](known))
    trust = row[3] or gate1.trust_preset or TrustGate.HEDGE
    steps = [Derivation(f"trust={trust}", row[0], _because(row[1], gate1))]
    uncertain, unsupported = _ratios(gate2)
    ratio = _ratio_check(gate2, uncertain)
    if trust is PROCEED and not ratio.passed:
        trust = HEDGE
        steps.append(Derivation("trust=HEDGE", "AUDIT-RATIO", (ratio.reason,)))
    before_priors = trust
    priors: tuple[LearnedPrior, ...] = ()
    if trust is PROCEED and context.learned_priors:
        priors = _applicable(context.learned_priors, facts(gate1, gate2, gate3, step0))
    if priors:
        trust = HEDGE
        steps += [Derivation("trust=HEDGE", f"LEARNED-{p.id}", (*p.when, f"confidence={p.confidence}")) for p in priors]
    known = Known(gate1, gate2, friction, level, known.degraded, trust)
    id_, because, _, output_class = next(row for row in CLASS_ROWS if row[2](known))
    steps.append(Derivation(f"class={output_class}", id_, tuple(because.split())))
    floor_kept = not (known.floor and output_class in (OutputClass.VECTOR, OutputClass.SEQUENCED_VECTOR))
    floor = Check("HEDGE_FLOOR", floor_kept, "a hedge floor never carries an unhedged direction")
    return EngineOutput(
        trust=trust,
        output_class=output_class,
        hedge_floor=known.floor,
        sentences=compose(output_class, gate1, gate2, gate3, step0, context.locale, known.degraded),
        audit=(floor, ratio),
        uncertain_ratio=uncertain,
        unsupported_ratio=unsupported,
        trust_without_priors=before_priors,
        priors=tuple(prior.id for prior in priors),
        derivations=tuple(steps),
    )


def _because(condition: str, gate1: Gate1Output) -> tuple[str, ...]:
    return (f"override={gate1.override}",) if condition == "override preset" else (condition,)


def _ratios(gate2: Gate2Output) -> tuple[float | None, float | None]:
    if not gate2.claims:
        return None, None
    count = dict.fromkeys(ClaimClass, 0)
    for claim in gate2.claims:
        count[claim.klass] += 1
    total = len(gate2.claims)
    uncertain = count[ClaimClass.UNCERTAIN]
    return round(uncertain / total, 4), round((uncertain + count[ClaimClass.ASSUMED]) / total, 4)


def _ratio_check(gate2: Gate2Output, uncertain: float | None) -> Check:
    """Nearly everything uncertain and nothing traceable: no plain direction may come of that."""
    evidenced = any(claim.klass is ClaimClass.EVIDENCED for claim in gate2.claims)
    if uncertain is None or len(gate2.claims) < ENOUGH_CLAIMS:
        return Check("EPISTEMIC_RATIO", True, f"fewer than {ENOUGH_CLAIMS} claims: not applicable")
    passed = uncertain <= UNCERTAIN_LIMIT or evidenced
    return Check("EPISTEMIC_RATIO", passed, f"{uncertain:.0%} of the claims are uncertain, evidence: {evidenced}")


def _applicable(priors: tuple[LearnedPrior, ...], holding: frozenset[str]) -> tuple[LearnedPrior, ...]:
    """Learned priors that fit this run. They move PROCEED to HEDGE and nothing else."""
    return tuple(p for p in priors if p.confidence >= PRIOR_CONFIDENCE and p.when and holding.issuperset(p.when))
