"""The prose contract: what a text may not do and must say, derived from a finished state.

The gates have decided everything by now. This turns their decisions into terms that a writer can be
told and an auditor can check, so that no constraint is left to a model's goodwill.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nma13.evidence import Span
from nma13.state import Budgets, PipelineState
from nma13.terms import (
    AKind,
    Constraint,
    Irreversibility,
    Move,
    OutputClass,
    Override,
    RedFlag,
    Routing,
    Station,
)

QUOTE_LIMIT = 160  # characters: longer clauses are not quoted back


class Duty(StrEnum):
    """A thing prose may be obliged to say."""

    HEDGE = "HEDGE"
    STANDING = "STANDING"
    SHARED = "SHARED"
    PREMISES = "PREMISES"


ALWAYS = (Move.CERTAINTY, Move.VERIFIED, Move.MACHINERY, Move.INVENTED_NUMBER, Move.INVENTED_QUOTE)


@dataclass(frozen=True, slots=True)
class Contract:
    """What binds the writer."""

    output_class: OutputClass
    lead: Station
    forbidden: tuple[Move, ...]
    duties: tuple[Duty, ...]
    budgets: Budgets
    quotes: tuple[Span, ...]
    """The person's own words that may be quoted, in the order of their text."""
    premises: tuple[Span, ...]
    reviewed: bool
    """No model may write this one: crisis, halt, decline and tragic fork have reviewed texts."""


def contract_of(state: PipelineState) -> Contract:
    """The terms that follow from a finished state."""
    one, zero = state.gate1, state.step0
    premises = tuple(flag.span for flag in zero.flags) if zero else ()
    return Contract(
        output_class=state.output_class,
        lead=state.lead,
        forbidden=_forbidden(state),
        duties=_duties(state, bool(premises)),
        budgets=one.budgets if one else Budgets(0, 0, 0),
        quotes=_quotes(state),
        premises=premises,
        reviewed=_is_reviewed(state),
    )


def _is_reviewed(state: PipelineState) -> bool:
    return (
        state.halted
        or RedFlag.CRISIS in state.red_flags
        or state.output_class in (OutputClass.EXPLICIT_DECLINE, OutputClass.TRAGIC_FORK)
    )


def _forbidden(state: PipelineState) -> tuple[Move, ...]:
    moves = list(ALWAYS)
    one = state.gate1
    if state.output_class is not OutputClass.VECTOR:
        moves.append(Move.DIRECTIVE)
    if state.routing is Routing.NMA3:
        moves.append(Move.IDENTITY_QUESTION)
    if state.output_class is OutputClass.TRAGIC_FORK or (one and one.override is Override.TC20):
        moves += [Move.COMFORT, Move.REFRAMING]
    if one and one.ambiguity_kind is AKind.THRESHOLD and not one.collision and not _costs(one.irreversibility):
        moves += [Move.NAMED_SHIFT, Move.REFRAMING]
    if one and one.budgets.comfort == 0:
        moves.append(Move.COMFORT)
    return tuple(dict.fromkeys(moves))


def _costs(irreversibility: Irreversibility) -> bool:
    return irreversibility not in (Irreversibility.FALSE, Irreversibility.UNKNOWN)


def _duties(state: PipelineState, has_premises: bool) -> tuple[Duty, ...]:
    bound = state.gate1.constraints if state.gate1 else ()
    duties = []
    if Constraint.HEDGE_FLOOR in bound or state.output_class is OutputClass.HEDGED_VECTOR:
        duties.append(Duty.HEDGE)
    if Constraint.STANDING_FLAG in bound:
        duties.append(Duty.STANDING)
    if Constraint.SHARED_FLAG in bound:
        duties.append(Duty.SHARED)
    if has_premises:
        duties.append(Duty.PREMISES)
    return tuple(duties)


def _quotes(state: PipelineState) -> tuple[Span, ...]:
    """Claims, and the clauses in which something counted was seen: what the decision rests on."""
    candidates = [claim.span for claim in state.gate2.claims] if state.gate2 else []
    candidates += [finding.clause for finding in state.findings if finding.counts]
    fitting = {span for span in map(_trimmed, candidates) if _quotable(span.text)}
    chosen: list[Span] = []
    for span in sorted(fitting, key=lambda span: (span.start, -span.end)):
        if not chosen or span.start >= chosen[-1].end:  # no overlapping quotes
            chosen.append(span)
    return tuple(chosen)


def _trimmed(span: Span) -> Span:
    """Without the punctuation at its edges, which the frame brings."""
    text = span.text.rstrip(" \t\r\n.,;:!?–—-…")
    lead = len(text) - len(text.lstrip(" \t\r\n,;:–—-…"))
    text = text[lead:]
    return Span(span.start + lead, span.start + lead + len(text), text)


def _quotable(text: str) -> bool:
    """Something that can stand between quotation marks in a line of prose."""
    return (
        8 <= len(text) <= QUOTE_LIMIT
        and not any(mark in text for mark in "«»\n\r\x00<>{}")
        and any(char.isalpha() for char in text)
    )
