"""From a word to the rules it could wake: the reason hundreds of rules cost no more than a few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nma13.rules.guards import Guard
from nma13.rules.model import Rule
from nma13.rules.required import alternatives

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

Candidate = tuple[Rule, int]
"""A rule and the bits of the word groups that must also be there."""


class Entry:
    """What one word wakes: rules for its clause, rules to try wider, and the word groups it meets."""

    __slots__ = ("mask", "narrow", "wide")

    def __init__(self, narrow: tuple[Candidate, ...], wide: tuple[Candidate, ...], mask: int) -> None:
        self.narrow = narrow
        self.wide = wide
        self.mask = mask


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
        self._next_bit = 1 << len(guards)  # the lowest bits are the guards' own
        for guard in guards:
            self._add(sorted(guard.words), None, guard.bit)
        for rule in rules:
            triggers = {tuple(sorted(group)) for group in rule.triggers}
            for needed in {()} if rule.cased else set(alternatives(rule.body)):
                self._file(rule, triggers | {tuple(sorted(group)) for group in needed})

    def _file(self, rule: Rule, groups: set[tuple[str, ...]]) -> None:
        key, *others = sorted(groups, key=_commonness)
        need = 0
        for group in [g for g in others if _EVERYWHERE.isdisjoint(g)][:_ASKED]:
            if group not in self._bits:
                self._bits[group] = self._next_bit
                self._next_bit <<= 1
                self._add(group, None, self._bits[group])
            need |= self._bits[group]
        self._add(key, (rule, need), 0)

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
            mask = 0
            for _, bit in found:
                mask |= bit
            narrow = tuple(c for c in candidates if c[0].scope == "clause")
            entry = Entry(narrow, tuple(c for c in candidates if c[0].scope != "clause"), mask)
        if len(self) < _REMEMBERED:
            self[word] = entry
        return entry


def _commonness(group: tuple[str, ...]) -> tuple[int, int, tuple[str, ...]]:
    return sum(1 for word in group if word in _COMMON), len(group), group
