"""The gate before memory: what was said earlier is given to a later run only if it was sound.

Binary, no grades. Whatever is kept out is kept out with a reason that can be stored; the reason names the
kind of fault and never quotes, so that it may outlive the text it speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass

from nma13.gates.gate2_epistemic import output_faults
from nma13.gates.step0_fidelity import inject_premise_flags
from nma13.rules.engine import shipped
from nma13.state import PipelineState
from nma13.terms import OutputFault, PremiseCategory
from nma13.text import read

CONFAB_SHARE = (2, 3)  # 14 of a cycle's 21 outputs
SCANNED = (PremiseCategory.STATISTICAL, PremiseCategory.AUTHORITY, PremiseCategory.CERTAINTY)


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Whether a remembered text may be given on, and why not."""

    kept: bool
    reason: str = ""


def fidelity(text: str, *, confab_count: int, output_count: int, g2_passed: bool) -> Fidelity:
    """May `text`, said in a cycle with these counts, be remembered?"""
    part, whole = CONFAB_SHARE
    if confab_count * whole >= output_count * part:  # also a cycle of which nothing is known
        return Fidelity(False, f"confabulation in {confab_count} of the cycle's {output_count} outputs")
    if not g2_passed:
        return Fidelity(False, "the cycle did not pass Gate 2")
    return scan(text)


def scan(text: str) -> Fidelity:
    """The third check alone: Step 0's categories, and a text that declares the matter closed."""
    step0 = inject_premise_flags(shipped().scan(read(text)))
    if step0.degraded:
        return Fidelity(False, step0.degraded)
    hits = [category for category in SCANNED if any(flag.category == category for flag in step0.flags)]
    if hits:
        return Fidelity(False, f"{', '.join(hits)}: an unverified premise")
    if any(fault.fault == OutputFault.CLOSURE for fault in output_faults(text)):
        return Fidelity(False, "CLOSURE: it declares the matter settled")
    return Fidelity(True)


def fidelity_of_run(state: PipelineState) -> Fidelity:
    """May a person's own earlier run be given to a later one? A run has no outputs that could confabulate."""
    if state.gate2 is None or state.halted:
        return Fidelity(False, "the run was halted")
    if state.red_flags:
        return Fidelity(False, f"the run did not pass Gate 2: {', '.join(state.red_flags)}")
    return scan(state.text)
