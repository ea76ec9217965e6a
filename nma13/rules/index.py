"""From a word to the rules it could wake: the reason hundreds of rules cost no more than a few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nma13.rules.model import Rule

_REMEMBERED = 50_000  # words kept in the table; beyond, they are worked out again each time

# Words so common that a rule indexed under one of them would be tried in almost every clause.
_WORDS = """
a an and are as at be been but by can can't could did do does don't for from had has have he her him his how i
i'm if in is it it's its just like me more my no not of on one or our out she should so some than that the
their them then there they this to up us was we were what when which who will with would you your
"""
_COMMON = frozenset(_WORDS.split())


class Entry:
    """What one word wakes: rules for its clause, rules to try wider, and the trigger groups it meets."""

    __slots__ = ("mask", "narrow", "wide")

    def __init__(self, narrow: tuple[Rule, ...], wide: tuple[Rule, ...], mask: int) -> None:
        self.narrow = narrow
        self.wide = wide
        self.mask = mask


class TriggerIndex(dict[str, Entry | None]):
    """word → Entry, worked out at the first look-up of a word and remembered.

    A trigger `word*` stands for every word that begins so, `#` for any number.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self._exact: dict[str, list[tuple[Rule | None, int]]] = {}
        self._prefix: dict[str, list[tuple[Rule | None, int]]] = {}
        bits: dict[tuple[str, ...], int] = {}
        for rule in rules:
            key = min(rule.triggers, key=_commonness)
            rule.need = 0
            for group in rule.triggers:
                if group is key:
                    self._add(group, rule, 0)
                else:
                    if group not in bits:
                        bits[group] = 1 << len(bits)
                        self._add(group, None, bits[group])
                    rule.need |= bits[group]

    def _add(self, group: Iterable[str], rule: Rule | None, bit: int) -> None:
        for word in group:
            if word.endswith("*"):
                self._prefix.setdefault(word[:-1], []).append((rule, bit))
            else:
                self._exact.setdefault(word, []).append((rule, bit))

    def __missing__(self, word: str) -> Entry | None:
        found = list(self._exact.get(word, ()))
        for length in range(1, len(word[:24]) + 1):
            found += self._prefix.get(word[:length], ())
        if word[0].isdigit():
            found += self._exact.get("#", ())
        entry = None
        if found:
            rules = dict.fromkeys(rule for rule, _ in found if rule)
            mask = 0
            for _, bit in found:
                mask |= bit
            narrow = tuple(rule for rule in rules if rule.scope == "clause")
            entry = Entry(narrow, tuple(rule for rule in rules if rule.scope != "clause"), mask)
        if len(self) < _REMEMBERED:
            self[word] = entry
        return entry


def _commonness(group: tuple[str, ...]) -> tuple[int, int]:
    return sum(1 for word in group if word in _COMMON), len(group)
