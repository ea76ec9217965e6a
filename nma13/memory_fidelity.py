"""The gate before memory: what was said in an earlier cycle is given to a later one only if it was sound.

Binary, no grades. Whatever is kept out is kept out with a reason that can be stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from nma13.gates.gate2_epistemic import output_faults
from nma13.gates.step0_fidelity import inject_premise_flags
from nma13.rules.engine import shipped
from nma13.terms import OutputFault
from nma13.text import read

CONFAB_SHARE = (2, 3)  # 14 of a cycle's 21 outputs


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Whether a remembered text may be given on, and why not."""

    kept: bool
    reason: str = ""


def fidelity(text: str, *, confab_count: int, output_count: int, g2_passed: bool) -> Fidelity:
    """May `text`, said in a cycle with these counts, be remembered?"""
    part, whole = CONFAB_SHARE
    if confab_count * whole >= output_count * part:
        return Fidelity(False, f"confabulation in {confab_count} of the cycle's {output_count} outputs")
    if not g2_passed:
        return Fidelity(False, "the cycle did not pass Gate 2")
    step0 = inject_premise_flags(shipped().scan(read(text)))
    if step0.degraded:
        return Fidelity(False, step0.degraded)
    if step0.flags:
        flag = step0.flags[0]
        return Fidelity(False, f"{flag.category}: «{flag.span.text}»")
    closing = next((v for v in output_faults(text) if v.fault == OutputFault.CLOSURE), None)
    if closing is not None:
        return Fidelity(False, f"CLOSURE: «{closing.span.text}»")
    return Fidelity(True)
