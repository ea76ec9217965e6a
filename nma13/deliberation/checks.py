"""What Gate 2's output side saw in a station's words: flags beside the text, which stays as it was written."""

from __future__ import annotations

import json
from dataclasses import dataclass

from nma13.gates.gate2_epistemic import output_faults
from nma13.state import OutputViolation
from nma13.terms import OutputFault, Station


@dataclass(frozen=True, slots=True)
class Checked:
    """The flags of one output, each with its evidence."""

    confab: bool = False
    closure: bool = False
    overreach: bool = False
    violations: tuple[OutputViolation, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.violations

    @property
    def findings(self) -> str:
        """The evidence as JSON: what, where, which rule, why."""
        return json.dumps(
            [
                {
                    "fault": str(violation.fault), "start": violation.span.start, "end": violation.span.end,
                    "text": violation.span.text, "rule": violation.rule, "reason": violation.reason,
                }
                for violation in self.violations
            ],
            ensure_ascii=False,
        )  # fmt: skip


def check_output(text: str, grounds: str, station: str | None = None) -> Checked:
    """`grounds` is all that the words may rest on; naming oneself is no overreach."""
    violations = output_faults(text, grounds, Station(station) if station else None)
    faults = {violation.fault for violation in violations}
    return Checked(
        confab=OutputFault.CONFABULATION in faults,
        closure=OutputFault.CLOSURE in faults,
        overreach=OutputFault.OVERREACH in faults,
        violations=violations,
    )
