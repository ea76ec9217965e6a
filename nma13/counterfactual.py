"""What would change a decision: the same run once more for each thing that was found, without it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nma13.evidence import Span
from nma13.kit import Kit, Remembered
from nma13.pipeline import run
from nma13.rules.engine import Reading, RuleEngine
from nma13.state import PipelineState
from nma13.text import Document

DECIDED = ("routing", "trust", "output_class", "mode", "halted")


@dataclass(frozen=True, slots=True)
class Change:
    """Without `without` (seen in `spans`), the named parts of the decision would be others."""

    without: str
    spans: tuple[Span, ...]
    differences: tuple[tuple[str, str, str], ...]
    """(what, as it is, as it would be)"""


def what_would_change(state: PipelineState, kit: Kit) -> list[Change]:
    """One change per kind of finding on which the decision hangs, in the order of the text."""
    changes = []
    for sets in dict.fromkeys(finding.sets for finding in state.findings if finding.counts):
        other = run(state.text, state.context, Kit(_Without(kit.rules, sets), _without(state, sets, kit)))
        differences = tuple(
            (name, str(getattr(state, name)), str(getattr(other, name)))
            for name in DECIDED
            if getattr(state, name) != getattr(other, name)
        )
        if differences:
            spans = tuple(span for f in state.findings if f.counts and f.sets == sets for span in f.spans)
            changes.append(Change(sets, spans, differences))
    return changes


class _Without(RuleEngine):
    """The same rules, blind to one kind of finding."""

    def __init__(self, engine: RuleEngine, sets: str) -> None:
        self.overlay = engine.overlay
        self._engine, self._sets = engine, sets

    def scan(self, document: Document) -> Reading:
        reading = self._engine.scan(document)
        return replace(reading, findings=tuple(f for f in reading.findings if f.sets != self._sets))


def _without(state: PipelineState, sets: str, kit: Kit) -> Remembered | None:
    if kit.screen is None:
        return None
    seen = {id(f): f for f in state.findings if f.origin == "semantic" and f.sets != sets}
    return Remembered(tuple(seen.values()))
