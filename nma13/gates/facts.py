"""The decided values of a run as plain `NAME=VALUE` facts: what sentences rest on and priors ask for."""

from __future__ import annotations

from nma13.state import EngineOutput, Gate1Output, Gate2Output, Gate3Output, Step0Output
from nma13.terms import spelled


def facts(
    gate1: Gate1Output,
    gate2: Gate2Output,
    gate3: Gate3Output | None = None,
    step0: Step0Output | None = None,
    engine: EngineOutput | None = None,
) -> frozenset[str]:
    """Everything that holds, e.g. `I=HIGH`, `routing=NMA-3`, `friction=NONE`, `premise@12`."""
    found = {
        f"I={gate1.irreversibility}",
        f"C={gate1.capacity}",
        f"X={spelled(gate1.collision)}",
        f"A={spelled(gate1.ambiguity)}",
        f"T={spelled(gate1.time_pressure)}",
        f"R={spelled(gate1.advice_risk)}",
        f"S={gate1.standing}",
        f"override={gate1.override}",
        f"routing={gate2.effective_routing}",
    }
    found |= {f"constraint={c}" for c in gate1.constraints}
    found |= {f"flag={flag}" for flag in gate2.red_flags}
    found |= {f"claim@{claim.span.start}" for claim in gate2.claims}
    if gate3 is None:
        found.add("friction=NONE")
    else:
        found |= {f"friction={gate3.friction}", f"level={gate3.level}", f"lead={gate3.lead}"}
        found |= {f"axis={axis.a}–{axis.b}" for axis in gate3.axes}
        found |= {f"loss@{span.start}" for span in gate3.losses}
    if step0 is not None:
        found |= {f"premise@{flag.span.start}" for flag in step0.flags}
        if step0.degraded:
            found.add("degraded=step0")
    if engine is not None:
        found |= {f"trust={engine.trust}", f"class={engine.output_class}"}
    return frozenset(found)
