"""What a run may be given besides the text: earlier runs, attached material, learned priors.

These are values only. Memory, documents and search fill them; the engine reads them and never reaches out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from nma13.terms import ClaimClass, FrictionType, OutputClass, Override, Routing


class MaterialKind(StrEnum):
    DOCUMENT = "DOCUMENT"
    LIVE = "LIVE"
    WEB = "WEB"
    TERRAIN = "TERRAIN"


class MaterialClaim(NamedTuple):
    """What a passage asserts, and on what ground: a place in the passage, without its words."""

    start: int
    end: int
    klass: ClaimClass
    rule: str


@dataclass(frozen=True, slots=True)
class Material:
    """A passage from outside: always shown as material, never obeyed as instruction."""

    kind: MaterialKind
    title: str
    text: str
    source: str
    """Where a person can look it up: a file name, an address."""
    locator: str = ""
    """Page, heading or date within the source."""
    start: int = 0
    end: int = 0
    claims: tuple[MaterialClaim, ...] = ()
    """As Gate 2 classes them; the pipeline fills it in."""
    withheld: str = ""
    """Why no model is shown this passage; empty when one may be."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The Inter-Spark Handshake: what one run hands to the next."""

    routing: Routing
    output_class: OutputClass
    friction: FrictionType
    override: Override
    lead: str
    carried: tuple[str, ...]
    """What stays open, in one short phrase each."""


@dataclass(frozen=True, slots=True)
class Episode:
    """An earlier run that resembles this one."""

    id: int
    text: str
    routing: Routing
    output_class: OutputClass
    similarity: float


@dataclass(frozen=True, slots=True)
class LearnedRule:
    """A pattern taken from earlier runs, told as a sentence."""

    id: int
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class LearnedPrior:
    """A learned rule that suggests more caution for a run that looks like `when`.

    It applies if every `NAME=VALUE` of `when` holds for the run, and can do one thing only:
    move PROCEED to HEDGE.
    """

    id: int
    when: tuple[str, ...]
    confidence: float
    n: int
    reason: str


@dataclass(frozen=True, slots=True)
class NavigationContext:
    prior_handshake: Handshake | None = None
    similar_episodes: tuple[Episode, ...] = ()
    semantic_context: tuple[LearnedRule, ...] = ()
    web_results: tuple[Material, ...] = ()
    document_passages: tuple[Material, ...] = ()
    learned_priors: tuple[LearnedPrior, ...] = ()
    loop_cycle: int = 0
    locale: str = ""
    """Whose help texts are shown in a crisis, e.g. `en-US`; empty: the international text."""


EMPTY_CONTEXT = NavigationContext()
