"""A rule as the engine holds it, and the errors that name file, rule and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from nma13.errors import LabError


class RuleError(LabError):
    """A rule file that cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True, eq=False)
class Rule:
    """One rule. Patterns are compiled when a text first holds the rule's trigger words."""

    id: str
    sets: str
    kind: str
    reason: str
    scope: str
    """Where one match must lie: clause, sentence or text."""
    pattern: str
    """Regular expression source, macros expanded; empty for a combination rule."""
    near: str
    window: int
    unless: str
    guards: tuple[str, ...]
    marks: tuple[str, ...]
    cased: bool
    verify: str
    triggers: tuple[tuple[str, ...], ...]
    """Groups of words: each group must be present with at least one of its words."""
    all: tuple[str, ...]
    any: tuple[str, ...]
    none: tuple[str, ...]
    within: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    place: Place
    body: str = ""
    """The pattern without word edges: what the index reads the needed words from."""
    anchored: bool = False
    """Every pattern begins with `^`: one try at the start is enough."""
    search: Callable[[str], re.Match[str] | None] = field(init=False)
    near_re: re.Pattern[str] | None = field(init=False, default=None)
    unless_re: re.Pattern[str] | None = field(init=False, default=None)
    compiled: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.search = self._first_search

    def _first_search(self, text: str) -> re.Match[str] | None:
        self.compile()
        return self.search(text)

    def compile(self) -> re.Pattern[str]:
        """Compile everything the rule holds; raises RuleError at its place in the file."""
        if self.compiled is None:
            compiled = self._regex(self.pattern, "pattern")
            self.near_re = self._regex(self.near, "near") if self.near else None
            self.unless_re = self._regex(self.unless, "unless") if self.unless else None
            # Last, and in this order: a thread that finds the rule compiled must find all of it.
            self.search = compiled.match if self.anchored else compiled.search
            self.compiled = compiled
        return self.compiled

    def _regex(self, source: str, key: str) -> re.Pattern[str]:
        try:
            return re.compile(source)
        except re.error as error:
            raise RuleError(f"{self.place} rule {self.id}: {key} is no regular expression: {error}") from error
