"""Gate 1: seven variables, overrides, routing, and what binds every later step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nma13.evidence import Derivation, Finding
from nma13.rules.engine import Reading
from nma13.state import Budgets, Gate1Output, Step0Output
from nma13.terms import (
    AKind,
    Capacity,
    Constraint,
    IKind,
    Irreversibility,
    Lock,
    Origin,
    OutputClass,
    Override,
    Routing,
    Standing,
    Station,
    TrustGate,
)

VARIABLES = ("I", "C", "X", "A", "T", "R", "S", "O")

# Strongest first: the first value that was found holds.
I_ORDER = (Irreversibility.HIGH, Irreversibility.MOD, Irreversibility.LOW, Irreversibility.UNKNOWN)
C_ORDER = (Capacity.HIGH, Capacity.MOD, Capacity.LOW)
S_ORDER = (Standing.ABSENT, Standing.UNCLEAR, Standing.SHARED, Standing.CLEAR)
A_KINDS = (AKind.THRESHOLD, AKind.FRAME, AKind.OPTIONS, AKind.EPISTEMIC)


class Seven(NamedTuple):
    """The seven variables and what they rest on."""

    i: Irreversibility
    i_kind: IKind | None
    c: Capacity
    x: bool
    a: bool
    a_kind: AKind | None
    t: bool
    r: bool
    s: Standing


class Route(NamedTuple):
    id: str
    because: str
    holds: Callable[[Seven], bool]
    routing: Routing


ROUTING: tuple[Route, ...] = (
    Route("ROUTE-0", "S=ABSENT", lambda v: v.s is Standing.ABSENT, Routing.REDIRECT),
    Route("ROUTE-1", "X=TRUE", lambda v: v.x, Routing.NMA3),
    Route("ROUTE-2", "I=HIGH", lambda v: v.i is Irreversibility.HIGH, Routing.NMA3),
    Route("ROUTE-3", "A=TRUE T=TRUE", lambda v: v.a and v.t, Routing.NMA3),
    Route("ROUTE-4", "A=TRUE I=UNKNOWN", lambda v: v.a and v.i is Irreversibility.UNKNOWN, Routing.CLARIFY),
    Route("ROUTE-5", "otherwise", lambda _: True, Routing.STANDARD),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an override brings: tone, budgets, locks, presets. It never lowers NMA-3 or REDIRECT."""

    budgets: Budgets
    locks: tuple[Lock, ...] = ()
    trust: TrustGate | None = None
    output_class: OutputClass | None = None
    lead: Station | None = None


NO_EFFECT = Effect(Budgets())
EFFECTS: dict[Override, Effect] = {
    Override.NONE: NO_EFFECT,
    Override.TC20: Effect(
        Budgets(question=0, option=0, comfort=0),
        (Lock.HANDSHAKE_DISABLED,),
        TrustGate.DECLINE,
        OutputClass.EXPLICIT_DECLINE,
    ),
    Override.TC19: Effect(Budgets(question=1), (), TrustGate.HEDGE, OutputClass.HEDGED_VECTOR),
    Override.TC05: Effect(Budgets(question=0), (Lock.CLARIFY_LOCK,), lead=Station.S1),
}


def route(reading: Reading, step0: Step0Output) -> Gate1Output:
    """Read the findings into variables, override, routing and constraints. `step0` is the interlock."""
    del step0
    found = reading.of(*VARIABLES)
    counting = (f for f in reversed(found) if not f.suppressed_by)
    signals = {f.sets: f for f in sorted(counting, key=lambda f: f.origin is Origin.RULE)}  # rules speak last
    steps: list[Derivation] = []
    crisis = any(f.counts and f.sets == "FLAG=CRISIS" for f in reading.of("FLAG"))
    seven = _seven(found, signals, crisis, steps)
    override = _override(signals, seven, steps)
    chosen = next(row for row in ROUTING if row.holds(seven))
    steps.append(Derivation(f"routing={chosen.routing}", chosen.id, tuple(chosen.because.split())))
    routing = chosen.routing
    if override is not Override.NONE and routing is Routing.CLARIFY:
        routing = Routing.STANDARD
        steps.append(Derivation("routing=STANDARD", "OVERRIDE-ROUTE", (f"override={override}",)))
    effect = EFFECTS[override]
    budgets = effect.budgets
    if routing is Routing.CLARIFY:
        budgets = Budgets(question=1)
    constraints = _constraints(seven, steps)
    return Gate1Output(
        irreversibility=seven.i,
        irreversibility_kind=seven.i_kind,
        capacity=seven.c,
        collision=seven.x,
        ambiguity=seven.a,
        ambiguity_kind=seven.a_kind,
        time_pressure=seven.t,
        advice_risk=seven.r,
        standing=seven.s,
        override=override,
        routing=routing,
        constraints=constraints,
        locks=effect.locks,
        budgets=budgets,
        trust_preset=effect.trust,
        class_preset=effect.output_class,
        lead_preset=effect.lead,
        derivations=tuple(steps),
        findings=found,
    )


def _seven(found: tuple[Finding, ...], signals: dict[str, Finding], crisis: bool, steps: list[Derivation]) -> Seven:
    grounds: dict[str, list[str]] = {}
    for finding in found:
        if not finding.suppressed_by:
            grounds.setdefault(finding.sets[0], []).append(finding.rule)

    def note(value: str, rule: str) -> None:
        because = tuple(dict.fromkeys(grounds.get(value[0], ())))
        steps.append(Derivation(value, rule, because or ("nothing found",)))

    def true(variable: str) -> bool:
        value = f"{variable}=TRUE" in signals and f"{variable}=CANCEL" not in signals
        note(f"{variable}={'TRUE' if value else 'FALSE'}", "CANCELLED" if _cancelled(variable) else "FOUND")
        return value

    def _cancelled(variable: str) -> bool:
        return f"{variable}=TRUE" in signals and f"{variable}=CANCEL" in signals

    i = next((value for value in I_ORDER if f"I={value}" in signals), Irreversibility.FALSE)
    a = true("A")
    a_kind = _a_kind(found) if a else None
    if i is Irreversibility.UNKNOWN and a_kind is AKind.THRESHOLD and "O=axis" not in signals:
        i = Irreversibility.FALSE  # a threshold text that names no decision decides nothing
        steps.append(Derivation("I=FALSE", "THRESHOLD-WITHOUT-DECISION", ("A=TRUE Threshold",)))
    else:
        note(f"I={i}", "STRONGEST")
    i_kind = _i_kind(found) if i is Irreversibility.HIGH else None
    order = C_ORDER[1:] if "C=CANCEL" in signals else C_ORDER
    c = next((value for value in order if f"C={value}" in signals), Capacity.FALSE)
    note(f"C={c}", "CANCELLED" if "C=CANCEL" in signals else "STRONGEST")
    return Seven(i, i_kind, c, true("X"), a, a_kind, true("T"), true("R"), _standing(signals, crisis, steps, note))


def _standing(
    signals: dict[str, Finding],
    crisis: bool,
    steps: list[Derivation],
    note: Callable[[str, str], None],
) -> Standing:
    own = "S=CLEAR" in signals and signals["S=CLEAR"].origin is Origin.RULE
    for value in S_ORDER:
        if f"S={value}" not in signals:
            continue
        if value is Standing.ABSENT and own and signals["S=ABSENT"].origin is not Origin.RULE:
            steps.append(Derivation("S≠ABSENT", "SAID-TO-BE-THEIR-OWN", (signals["S=CLEAR"].rule,)))
            continue  # words that sound like it against a phrase that says whose decision it is
        if value is Standing.ABSENT and crisis:
            steps.append(Derivation("S≠ABSENT", "DANGER-REPORTED", ("FLAG=CRISIS",)))
            continue  # reporting another's danger is never a decision over them
        if value is Standing.ABSENT and "S=ASKED" in signals:
            steps.append(Derivation("S≠ABSENT", "ASKED", (signals["S=ASKED"].rule,)))
            continue
        note(f"S={value}", "STRONGEST")
        return value
    steps.append(Derivation("S=UNKNOWN", "NOTHING-SAID", ("nothing found",)))
    return Standing.UNKNOWN


def _i_kind(found: tuple[Finding, ...]) -> IKind | None:
    kinds = [IKind(f.kind) for f in found if f.counts and f.sets == "I=HIGH" and f.kind]
    return next((kind for kind in IKind if kind in kinds), None)


def _a_kind(found: tuple[Finding, ...]) -> AKind | None:
    """The kind a rule saw; a semantic finding speaks only where no rule did."""
    counting = [f for f in found if f.counts and f.sets == "A=TRUE" and f.kind]
    ruled = [f for f in counting if f.origin is Origin.RULE] or counting
    kinds = [AKind(f.kind) for f in ruled]
    return next((kind for kind in A_KINDS if kind in kinds), None)


def _override(signals: dict[str, Finding], seven: Seven, steps: list[Derivation]) -> Override:
    """TC20 before TC19 before TC05: the strongest refusal is heard first."""

    def on(name: str) -> bool:
        return f"O={name}" in signals

    if on("no_comfort") and (on("no_options") or on("stasis")):
        because = tuple(f"O={n}" for n in ("no_comfort", "no_options", "stasis") if on(n))
        steps.append(Derivation("override=O-TC20", "OVERRIDE-TC20", because))
        return Override.TC20
    if on("TC19"):
        steps.append(Derivation("override=O-TC19", "OVERRIDE-TC19", (signals["O=TC19"].rule,)))
        return Override.TC19
    drifting = on("stuck") and not (on("axis") or on("deadline") or seven.t or seven.x)
    if drifting and seven.c is not Capacity.HIGH and seven.i is not Irreversibility.HIGH:
        because = ("O=stuck", f"C={seven.c}", "no deadline", "no named decision")
        steps.append(Derivation("override=O-TC05", "OVERRIDE-TC05", because))
        return Override.TC05
    return Override.NONE


def _constraints(seven: Seven, steps: list[Derivation]) -> tuple[Constraint, ...]:
    rows = (
        (seven.r, Constraint.HEDGE_FLOOR, "R=TRUE"),
        (seven.s is Standing.UNCLEAR, Constraint.STANDING_FLAG, "S=UNCLEAR"),
        (seven.s is Standing.SHARED, Constraint.SHARED_FLAG, "S=SHARED"),
    )
    bound = tuple(constraint for holds, constraint, _ in rows if holds)
    steps += [Derivation(f"constraint={c}", "BINDING", (why,)) for holds, c, why in rows if holds]
    return bound
