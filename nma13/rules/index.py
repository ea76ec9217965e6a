"""From a word to the rules it could wake: the reason hundreds of rules cost no more than a few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from nma13.rules.guards import FIRST_PERSON, FIRST_PERSON_BIT, Guard
from nma13.rules.model import Rule
from nma13.rules.regex import unedged
from nma13.rules.required import alternatives
from nma13.rules.sieve import Sieve

_REMEMBERED = 50_000  # words kept in the table; beyond, they are worked out again each time
_ASKED = 4  # groups of words asked of one alternative besides the one it is filed under

# Words so common that a rule filed under one of them would be tried in almost every clause.
_WORDS = """
a an and are as at be been but by can can't could did do does don't for from had has have he her him his how i
i'm if in is it it's its just like me more my no not of on one or our out she should so some than that the
their them then there they this to up us was we were what when which who will with would you your going go get
about all any back being day even every feel good know make new now never only other over people really right
said say see still take think thing things time want way well work
"""
_COMMON = frozenset(_WORDS.split())
_EVERYWHERE = frozenset({"a", "and", "the", "to", "of", "in", "is", "it", "that", "was"})  # not worth asking for

SCOPES = ("clause", "sentence", "text")

Candidate = tuple[Rule, int, int]
"""A rule, the bits of the word groups that must also be there, and the bit by which the sieve knows it."""
Candidates = list[Candidate]


Woken = tuple[Candidates, Candidates, Candidates]
"""What a word wakes: rules for its clause, for its sentence, for a passage."""


class Entry:
    """What one word wakes, and the word groups it meets."""

    __slots__ = ("mask", "rules", "woken")

    def __init__(self, candidates: Iterable[Candidate], mask: int) -> None:
        self.mask = mask
        self.woken: Woken = ([], [], [])
        self.rules = 0
        for candidate in candidates:
            self.woken[SCOPES.index(candidate[0].scope)].append(candidate)
            self.rules |= candidate[2]

    def sifted(self, bits: int) -> Woken:
        """Those that the sieve has let through."""
        clause, sentence, text = self.woken
        return (
            [c for c in clause if c[2] & bits],
            [c for c in sentence if c[2] & bits],
            [c for c in text if c[2] & bits],
        )


class TriggerIndex(dict[str, Entry | None]):
    """word → Entry, worked out at the first look-up of a word and remembered.

    Each alternative of a rule's pattern is filed under the rarest group among the rule's triggers and the
    words the alternative cannot do without. A trigger `word*` stands for every word that begins so, `#` for
    any number.
    """

    def __init__(self, rules: Sequence[Rule], guards: Sequence[Guard]) -> None:
        super().__init__()
        self._exact: dict[str, list[tuple[Candidate | None, int]]] = {}
        self._prefix: dict[str, list[tuple[Candidate | None, int]]] = {}
        self._bits: dict[tuple[str, ...], int] = {}
        self._next_bit = 1 << (len(guards) + 1)  # the lowest bits are the guards' own
        cased = [rule for rule in rules if rule.cased]
        sifted = [rule for rule in rules if not rule.cased]
        silenced = [rule for rule in sifted if rule.unless]
        self._sieve = Sieve([*map(_needed, sifted), *([unedged(rule.unless)] for rule in silenced)])
        numbers = iter(range(len(rules) * 2))
        self._own = {rule: 1 << next(numbers) for rule in sifted}
        self.unless = {rule: 1 << next(numbers) for rule in silenced}
        """The bit that tells whether a rule's `unless` may match anywhere in a text."""
        self._own |= {rule: 1 << next(numbers) for rule in cased}
        self.unless |= {rule: self._own[rule] for rule in cased}
        self._always = sum(self._own[rule] for rule in cased)
        self._add(FIRST_PERSON, None, FIRST_PERSON_BIT)
        for guard in guards:
            self._add(sorted(guard.words), None, guard.bit)
        for rule in rules:
            triggers = {tuple(sorted(group)) for group in rule.triggers}
            for needed in {()} if rule.cased else set(alternatives(rule.body)):
                self._file(rule, triggers | {tuple(sorted(group)) for group in needed})

    def sift(self, lower: str) -> int:
        """A bit for each rule, and for each `unless`, that may match anywhere in a text in small letters."""
        return self._sieve(lower) | self._always

    def _file(self, rule: Rule, groups: set[tuple[str, ...]]) -> None:
        key, *others = sorted(groups, key=_commonness)
        need = 0
        for group in [g for g in others if _EVERYWHERE.isdisjoint(g)][:_ASKED]:
            if group not in self._bits:
                self._bits[group] = self._next_bit
                self._next_bit <<= 1
                self._add(group, None, self._bits[group])
            need |= self._bits[group]
        self._add(key, (rule, need, self._own[rule]), 0)

    def _add(self, group: Iterable[str], candidate: Candidate | None, bit: int) -> None:
        for word in group:
            table, word = (self._prefix, word[:-1]) if word.endswith("*") else (self._exact, word)
            table.setdefault(word, []).append((candidate, bit))

    def __missing__(self, word: str) -> Entry | None:
        bare = word.strip("'")
        found = list(self._exact.get(bare, ()))
        for length in range(1, len(bare[:24]) + 1):
            found += self._prefix.get(bare[:length], ())
        if bare[:1].isdigit():
            found += self._exact.get("#", ())
        entry = None
        if found:
            candidates = dict.fromkeys(candidate for candidate, _ in found if candidate)
            entry = Entry(candidates, reduce(or_, (bit for _, bit in found)))
        if len(self) < _REMEMBERED:
            self[word] = entry
        return entry


def _needed(rule: Rule) -> list[str]:
    """The patterns that must match somewhere in a text for the rule to match."""
    near = rf"(?:{unedged(rule.near)})\w*"  # the window may end inside a word
    return [rule.body, near] if rule.near else [rule.body]


def _commonness(group: tuple[str, ...]) -> tuple[int, int, tuple[str, ...]]:
    return sum(1 for word in group if word in _COMMON), len(group), group
