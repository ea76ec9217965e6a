"""A few snippets from the web for a cycle, only when asked for (--search): untrusted, fenced, never a premise's proof.

The search itself is handed in; this file only knows what to ask, how much to keep and how slowly to go.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nma13.deliberation import Block

Search = Callable[[str], Sequence[str]]
"""A query's results as plain texts, best first. May raise: the cycle then goes on without."""

LETTERS = 150
RESULTS = 2
SECONDS_BETWEEN = 0.5
HEADING = "FOUND ON THE WEB (untrusted; it proves nothing about this situation):"
POOLS: dict[str, tuple[str, str, str, str, str]] = {
    "Constraint Collision": (
        "medical ethics conflict of duties confidentiality and warning",
        "clinical ethics two patients one resource triage principles",
        "ethics of keeping a promise against a family's need",
        "dual loyalty clinician employer patient ethics",
        "conscience and law in nursing ethics",
    ),
    "Capacity Collapse": (
        "caregiver burnout medical ethics respite obligation",
        "decision making capacity exhaustion clinical ethics",
        "physician fatigue and patient safety ethics",
        "moral distress nurses staffing ethics",
        "when a family carer can no longer care ethics",
    ),
    "Standing Conflict": (
        "surrogate decision making disagreement siblings medical ethics",
        "who decides for a patient without capacity clinical ethics",
        "adolescent consent parents disagreement medical ethics",
        "power of attorney limits health decisions ethics",
        "interpreter family member role clinical ethics",
    ),
    "Irreversible Threshold": (
        "withdrawing life support decision medical ethics",
        "living organ donor regret ethics",
        "elective sterilisation consent ethics",
        "genetic testing cannot unknow ethics",
        "amputation refusal decision ethics",
    ),
    "Unclear Ambiguity": (
        "tolerating uncertainty in clinical decisions ethics",
        "ambiguous loss families ethics of care",
        "unclear diagnosis living with uncertainty ethics",
        "moral ambiguity professional life ethics",
        "existential transition not yet knowing psychology",
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought, or the notice that it did not."""

    block: Block | None
    query: str
    notice: str = ""


def query_for(scenario_type: str, cycle: int) -> str:
    """One query of the type's five, the same for the same cycle."""
    return random.Random(cycle * 31 + 7).choice(POOLS[scenario_type])


class Feeder:
    """Asks for one cycle at a time, never more than twice a second."""

    def __init__(
        self,
        search: Search,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._search, self._clock, self._sleep = search, clock, sleep
        self._last = float("-inf")

    def feed(self, scenario_type: str, cycle: int) -> Found:
        """Snippets for this cycle. A search that fails is a notice, and the cycle goes on."""
        query = query_for(scenario_type, cycle)
        wait = self._last + SECONDS_BETWEEN - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._last = self._clock()
        try:
            results = self._search(query)
        except Exception as error:  # noqa: BLE001 - whatever a search may raise, told in the cycle's record
            return Found(None, query, f"the search failed: {type(error).__name__}: {error}")
        lines = tuple(f"- {snippet(text)}" for text in results[:RESULTS] if text.strip())
        if not lines:
            return Found(None, query, "the search found nothing")
        return Found(Block(HEADING, lines), query)


def snippet(text: str) -> str:
    """The first letters of a result, ending with a whole word."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LETTERS else flat[:LETTERS].rsplit(" ", 1)[0] + " …"
