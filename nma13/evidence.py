"""Evidence: where in the input something was seen, what a rule made of it, what followed from that."""

from __future__ import annotations

from typing import NamedTuple

from nma13.terms import Origin


class Span(NamedTuple):
    """A piece of the input: `text` equals `input[start:end]`, always of the original input."""

    start: int
    end: int
    text: str


class Finding(NamedTuple):
    """One rule (or one semantic exemplar) saw one thing in one place.

    Findings, spans and derivations are named tuples: a text has dozens, and a tuple is made in a third of the
    time of a frozen dataclass.
    """

    rule: str
    sets: str
    """What the rule speaks for, `VARIABLE=VALUE`; see docs/rules.md."""
    kind: str
    """Type within the value (Body, Frame, …); empty where the variable has none."""
    spans: tuple[Span, ...]
    clause: Span
    guards: tuple[str, ...]
    """Guards that were asked, in order, up to the one that fired."""
    suppressed_by: str
    """Empty when the finding counts; else the guard and where it was seen: `NEGATION@[3,8]`."""
    marks: tuple[str, ...]
    """Guards that only annotate: `REPORTED@[0,9]` says who is speaking without silencing the rule."""
    reason: str
    origin: Origin = Origin.RULE
    similarity: float | None = None
    """Cosine to the nearest exemplar, rounded to two decimals; only for semantic findings."""

    @property
    def counts(self) -> bool:
        return not self.suppressed_by

    @property
    def variable(self) -> str:
        return self.sets.partition("=")[0]

    @property
    def value(self) -> str:
        return self.sets.partition("=")[2]


class Derivation(NamedTuple):
    """A value that follows from other values: what, by which row of which table, because of what."""

    value: str
    rule: str
    because: tuple[str, ...]
