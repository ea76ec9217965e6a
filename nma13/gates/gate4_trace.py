"""Gate 4: every sentence of the output is traced to what it rests on; what must be said is looked for."""

from __future__ import annotations

from nma13.gates.facts import facts
from nma13.state import (
    ClaimTrace,
    EngineOutput,
    Gate1Output,
    Gate2Output,
    Gate3Output,
    Gate4Output,
    Step0Output,
)
from nma13.terms import Constraint, RedFlag, TraceMark

ACKNOWLEDGED = (Constraint.STANDING_FLAG, Constraint.SHARED_FLAG)
"""Constraints whose acknowledgement the output must hold."""


def trace(
    step0: Step0Output,
    gate1: Gate1Output,
    gate2: Gate2Output,
    gate3: Gate3Output | None,
    engine: EngineOutput,
    degraded: bool = False,
) -> Gate4Output:
    """Trace the structural text. A sentence that rests on nothing that holds is REJECT."""
    holding = facts(gate1, gate2, gate3, step0, engine) | ({"degraded"} if degraded or step0.degraded else set())
    traces = tuple(_trace(s.text, s.rests_on, s.mark, holding) for s in engine.sentences)
    said = {fact for sentence in engine.sentences for fact in sentence.rests_on}
    needed = () if RedFlag.CRISIS in gate2.red_flags else ACKNOWLEDGED
    missing = tuple(str(c) for c in needed if c in gate1.constraints and f"constraint={c}" not in said)
    rejected = [t for t in traces if t.mark is TraceMark.REJECT]
    reasons = [f"«{t.text}» rests on {t.source}, which does not hold" for t in rejected]
    reasons += [f"the acknowledgement for {name} is missing" for name in missing]
    return Gate4Output(traces, missing, not reasons, "; ".join(reasons) or "every sentence is traced")


def _trace(text: str, rests_on: tuple[str, ...], mark: TraceMark, holding: frozenset[str]) -> ClaimTrace:
    if not rests_on or not holding.issuperset(rests_on):
        lacking = ", ".join(fact for fact in rests_on if fact not in holding) or "nothing"
        return ClaimTrace(text, TraceMark.REJECT, lacking)
    return ClaimTrace(text, mark, ", ".join(rests_on))
