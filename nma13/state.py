"""The one object that flows through every gate, and what each gate adds to it.

Every output is frozen; a gate returns its own and the pipeline adds it with `replace`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from nma13.context import EMPTY_CONTEXT, Handshake, LearnedPrior, NavigationContext
from nma13.evidence import Derivation, Finding, Span
from nma13.terms import (
    AKind,
    Capacity,
    ClaimClass,
    Constraint,
    Criterion,
    FrictionLevel,
    FrictionType,
    Gate,
    IKind,
    Irreversibility,
    Lock,
    Mode,
    OutputClass,
    OutputFault,
    Override,
    PremiseCategory,
    ProseSource,
    RedFlag,
    Routing,
    Standing,
    Station,
    TraceMark,
    TrustGate,
)

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know about this run: what happened and what it means."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A gate that was left out on purpose; it satisfies the interlock of its successor."""

    gate: Gate
    reason: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What decided: enough to repeat the run byte for byte."""

    engine: str
    rules_sha256: str
    overlay: str = ""
    """Name and hash of the user's overlay; empty when there is none."""
    rules_off: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    semantic: bool = False


@dataclass(frozen=True, slots=True)
class PremiseFlag:
    category: PremiseCategory
    span: Span
    sentence: Span
    penalty: int
    reason: str
    verify: str
    """What would settle it."""
    rule: str


@dataclass(frozen=True, slots=True)
class Step0Output:
    score: int | None
    """100 is clean; None: not measured, because Step 0 itself failed."""
    flags: tuple[PremiseFlag, ...]
    cited: tuple[Finding, ...]
    """Premises with a source one could look up: recorded, not penalised."""
    serious: bool
    """Below 60: several unverified premises carry weight."""
    findings: tuple[Finding, ...]
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many questions, options and comforts the answer may hold; None: no limit."""

    question: int | None = None
    option: int | None = None
    comfort: int | None = None


@dataclass(frozen=True, slots=True)
class Gate1Output:
    irreversibility: Irreversibility
    irreversibility_kind: IKind | None
    capacity: Capacity
    collision: bool
    ambiguity: bool
    ambiguity_kind: AKind | None
    time_pressure: bool
    advice_risk: bool
    standing: Standing
    override: Override
    routing: Routing
    constraints: tuple[Constraint, ...]
    locks: tuple[Lock, ...]
    budgets: Budgets
    trust_preset: TrustGate | None
    class_preset: OutputClass | None
    lead_preset: Station | None
    derivations: tuple[Derivation, ...]
    findings: tuple[Finding, ...]


class Claim(NamedTuple):
    """A clause that asserts. A plain tuple: a text has dozens of them, most with nothing to tell."""

    span: Span
    klass: ClaimClass
    rule: str
    """Rule that classed it, or DEFAULT: a bare assertion is ASSUMED."""
    rejected: str = ""
    """Why it may not be used (an appeal to rank); empty otherwise."""


@dataclass(frozen=True, slots=True)
class Gate2Output:
    claims: tuple[Claim, ...]
    red_flags: tuple[RedFlag, ...]
    effective_routing: Routing
    contested: tuple[Claim, ...]
    """Two traceable claims that contradict each other on the point that decides; else empty."""
    derivations: tuple[Derivation, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class StationVoice:
    station: Station
    signals: int
    activation: float
    forced: bool
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Two stations in tension, both active."""

    a: Station
    b: Station
    name: str


@dataclass(frozen=True, slots=True)
class Gate3Output:
    voices: tuple[StationVoice, ...]
    axes: tuple[Axis, ...]
    friction: FrictionType
    level: FrictionLevel
    lead: Station
    losses: tuple[Span, ...]
    """The person's own words for what each path of a TRAGIC FORK costs."""
    derivations: tuple[Derivation, ...]
    findings: tuple[Finding, ...]


class Sentence(NamedTuple):
    """One sentence of the structural text and what it rests on."""

    text: str
    rests_on: tuple[str, ...]
    mark: TraceMark


@dataclass(frozen=True, slots=True)
class Check:
    """One audited condition: its name, whether it held, and why."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EngineOutput:
    trust: TrustGate
    output_class: OutputClass
    hedge_floor: bool
    sentences: tuple[Sentence, ...]
    audit: tuple[Check, ...]
    uncertain_ratio: float | None
    """UNCERTAIN claims among all; None when nothing was claimed."""
    unsupported_ratio: float | None
    """UNCERTAIN and ASSUMED claims among all."""
    trust_without_priors: TrustGate
    priors: tuple[int, ...]
    derivations: tuple[Derivation, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


class ClaimTrace(NamedTuple):
    text: str
    mark: TraceMark
    source: str


@dataclass(frozen=True, slots=True)
class Gate4Output:
    traces: tuple[ClaimTrace, ...]
    missing: tuple[str, ...]
    """Acknowledgements the constraints ask for and the output lacks."""
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CriterionResult:
    criterion: Criterion
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class S8Output:
    criteria: tuple[CriterionResult, ...]
    passed: bool
    handshake: Handshake | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A generated text that was not shown, and why."""

    text: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interpretation:
    text: str
    source: ProseSource
    model: str = ""
    seed: int | None = None
    tokens: int = 0
    rejected: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputViolation:
    """A place in a generated text that broke the contract."""

    fault: OutputFault | str
    span: Span
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The second pass of Gates 2, 4 and S8, over the prose."""

    passed: bool
    violations: tuple[OutputViolation, ...] = ()
    repairs: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineState:
    text: str
    provenance: Provenance
    context: NavigationContext = EMPTY_CONTEXT
    mode: Mode = Mode.GOVERNED
    mode_reason: str = ""
    step0: Step0Output | None = None
    gate1: Gate1Output | None = None
    gate2: Gate2Output | None = None
    gate3: Gate3Output | None = None
    engine: EngineOutput | None = None
    gate4: Gate4Output | None = None
    s8: S8Output | None = None
    interpretation: Interpretation | None = None
    audit: Audit | None = None
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[Notice, ...] = ()
    degraded: tuple[str, ...] = ()
    """Parts that fell back to a safe default; any entry forces GOVERNED and at least HEDGE."""
    halted: bool = False
    halt_reason: str = ""
    halt_message: str = ""
    """What the person is told: what happened and what they can do; help first in a crisis."""
    schema: int = SCHEMA

    def skip_reason(self, gate: Gate) -> str | None:
        return next((record.reason for record in self.skipped if record.gate == gate), None)

    @property
    def red_flags(self) -> tuple[RedFlag, ...]:
        return self.gate2.red_flags if self.gate2 else ()

    @property
    def routing(self) -> Routing:
        """The routing that holds: Gate 1's, unless a red flag overlays it. Unknown is treated as closed."""
        return self.gate2.effective_routing if self.gate2 else Routing.REDIRECT

    @property
    def trust(self) -> TrustGate:
        return self.engine.trust if self.engine else TrustGate.DECLINE

    @property
    def output_class(self) -> OutputClass:
        return self.engine.output_class if self.engine else OutputClass.EXPLICIT_DECLINE

    @property
    def friction(self) -> FrictionType:
        return self.gate3.friction if self.gate3 else FrictionType.NONE

    @property
    def friction_level(self) -> FrictionLevel:
        return self.gate3.level if self.gate3 else FrictionLevel.NONE

    @property
    def lead(self) -> Station:
        return self.gate3.lead if self.gate3 else Station.S1

    @property
    def derivations(self) -> tuple[Derivation, ...]:
        """What followed from what, gate after gate."""
        gates = (self.gate1, self.gate2, self.gate3, self.engine)
        return tuple(derivation for gate in gates if gate for derivation in gate.derivations)

    @property
    def applied_priors(self) -> tuple[LearnedPrior, ...]:
        """The learned rules that asked for more caution than the gates alone, and were heard."""
        applied = self.engine.priors if self.engine else ()
        return tuple(prior for prior in self.context.learned_priors if prior.id in applied)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything any rule saw, suppressed findings included, in the order of the text."""
        parts = (gate.findings for gate in (self.step0, self.gate1, self.gate2, self.gate3) if gate)
        return tuple(sorted((f for part in parts for f in part), key=_place))


def _place(finding: Finding) -> tuple[int, int, str]:
    first = finding.spans[0] if finding.spans else finding.clause
    return first.start, first.end, finding.rule


def summary(state: PipelineState) -> dict[str, Any]:
    """The flat row that batches, tables and scripts read; names are a promise."""
    one, two, zero = state.gate1, state.gate2, state.step0
    return {
        "I": one.irreversibility.value if one else None,
        "C": one.capacity.value if one else None,
        "X": one.collision if one else None,
        "A": one.ambiguity if one else None,
        "T": one.time_pressure if one else None,
        "R": one.advice_risk if one else None,
        "S": one.standing.value if one else None,
        "I_kind": one.irreversibility_kind.value if one and one.irreversibility_kind else None,
        "A_kind": one.ambiguity_kind.value if one and one.ambiguity_kind else None,
        "override": one.override.value if one else None,
        "routing": state.routing.value,
        "routing_gate1": one.routing.value if one else None,
        "trust": state.trust.value,
        "mode": state.mode.value,
        "mode_reason": state.mode_reason,
        "output_class": state.output_class.value,
        "friction": state.friction.value,
        "friction_level": state.friction_level.value,
        "lead": state.lead.value,
        "hedge_floor": bool(one and Constraint.HEDGE_FLOOR in one.constraints),
        "red_flags": [flag.value for flag in state.red_flags],
        "step0_flags": [c.value for c in PremiseCategory if zero and any(f.category == c for f in zero.flags)],
        "step0_score": zero.score if zero else None,
        "claim_class": two.claims[0].klass.value if two and two.claims else None,
        "degraded": bool(state.degraded),
        "halted": state.halted,
        "halt_reason": state.halt_reason or None,
        "semantic": state.provenance.semantic,
    }
