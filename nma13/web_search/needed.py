"""Does this text ask for something one could look up? Told by rule data, sentence by sentence.

A sentence that asks what to do, what one feels or who one is, is never sent out: the web does not know. Of the
others, the first that asks for a fact is the query, and nothing else of the text leaves the machine.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from nma13.documents.blocks import sentences
from nma13.text import normalise

RULES = Path(__file__).with_name("should_search.toml")
LONGEST_QUERY = 200
LOOKED_AT = 20_000  # characters of the text


@dataclass(frozen=True, slots=True)
class SearchRule:
    """One pattern, why it is there, and its own examples."""

    id: str
    kind: Literal["inhibit", "trigger"]
    pattern: re.Pattern[str]
    reason: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    whole: bool = False
    """An inhibitor that speaks for the whole text, not for its sentence alone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to search, what for, and by which rule."""

    search: bool
    reason: str
    rule: str = ""
    query: str = ""


def should_search(text: str) -> Verdict:
    """Navigational texts are not searched for; a factual question in them is."""
    refused = Verdict(False, "It asks for nothing that could be looked up.")
    text = text[:LOOKED_AT]
    lower = normalise(text).lower
    for rule in search_rules():
        if rule.whole and rule.pattern.search(lower):
            return Verdict(False, rule.reason, rule.id)
    for start, end in sentences(text):
        sentence = text[start:end]
        lower = normalise(sentence).lower
        trigger = _first(lower, "trigger")
        if trigger is None:
            continue
        inhibitor = _first(lower, "inhibit")
        if inhibitor is None:
            query = " ".join(sentence.split())[:LONGEST_QUERY]
            return Verdict(True, trigger.reason, trigger.id, query)
        refused = Verdict(False, inhibitor.reason, inhibitor.id)
    return refused


@lru_cache(maxsize=1)
def search_rules() -> tuple[SearchRule, ...]:
    """The shipped rules, in the order of their file."""
    with RULES.open("rb") as file:
        data = tomllib.load(file)
    kinds: tuple[Literal["inhibit", "trigger"], ...] = ("inhibit", "trigger")
    return tuple(
        SearchRule(
            rule["id"], kind, re.compile(rule["pattern"], re.VERBOSE), rule["reason"],
            tuple(rule["hits"]), tuple(rule["misses"]), bool(rule.get("whole", False)),
        )
        for kind in kinds
        for rule in data[kind]
    )  # fmt: skip


def _first(lower: str, kind: str) -> SearchRule | None:
    return next((rule for rule in search_rules() if rule.kind == kind and rule.pattern.search(lower)), None)
