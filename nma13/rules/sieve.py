"""One pass over a text that tells which rules could match anywhere in it: most need not be tried at all.

All patterns go into one RE2 automaton, relaxed so that it may say «perhaps» too often and never «no» wrongly:
look-around and edges are left out, whatever is not ASCII passes for a letter. What it lets through is tried by the
rule's own pattern, in the rule's own scope; the findings are the same with the sieve and without.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from nma13.rules.required import elements, split

MEMORY = 128 << 20
"""At most this much for the automaton; a few MB are used."""

_FOREIGN = r"\x{80}-\x{10FFFF}"  # may be a letter, a digit, a blank: all that is not ASCII counts as each of them
_WIDER = {"w": rf"A-Za-z0-9_{_FOREIGN}", "d": rf"0-9{_FOREIGN}", "s": rf"\s\x0b\x1c-\x1f{_FOREIGN}"}
_NARROWER = {"w": "A-Za-z0-9_", "d": "0-9", "s": r"\s\x0b\x1c-\x1f"}
_EDGES = (r"(?:^|[^A-Za-z0-9_])(?:", r")(?:$|[^A-Za-z0-9_])")


class Sieve:
    """Compiled at the first text, in a tenth of a second."""

    def __init__(self, needed: Sequence[Sequence[str]]) -> None:
        """`needed`: for each rule the patterns that must all match somewhere."""
        self._patterns = list(dict.fromkeys(pattern for patterns in needed for pattern in patterns))
        place = {pattern: 1 << number for number, pattern in enumerate(self._patterns)}
        self._rules = [(1 << number, sum({place[p] for p in patterns})) for number, patterns in enumerate(needed)]
        self._all = (1 << len(needed)) - 1
        self._set: Any = None
        self._compiling = threading.Lock()

    def __call__(self, text: str) -> int:
        """One bit for each rule that may match in the text."""
        found = self._automaton().Match(_bytes(text))
        if len(self._patterns) not in found:
            return self._all  # the automaton gave up: even the pattern that stands in every text is missing
        seen = 0
        for number in found:
            seen |= 1 << number
        return sum(bit for bit, needed in self._rules if needed & seen == needed)

    def _automaton(self) -> Any:
        """Seen by nobody before it is whole: two first texts at once would otherwise fill one automaton together."""
        with self._compiling:
            if self._set is None:
                self._set = _compiled(self._patterns)
        return self._set


def _compiled(patterns: Sequence[str]) -> Any:
    import re2

    options = re2.Options()
    options.max_mem, options.never_capture, options.log_errors = MEMORY, True, False
    automaton = re2.Set.SearchSet(options)
    for pattern in patterns:
        automaton.Add(f"{_EDGES[0]}{relaxed(pattern)}{_EDGES[1]}")
    automaton.Add("")
    automaton.Compile()
    return automaton


def _bytes(text: str) -> bytes:
    """UTF-8; half a surrogate pair becomes a character that no pattern names."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


@lru_cache(maxsize=4096)  # word lists recur in many patterns
def relaxed(source: str) -> str:
    """A pattern in RE2's words that matches wherever the given one does, and perhaps elsewhere."""
    return "|".join("".join(_atom(*element) for element in elements(part)) for part in split(source))


def _atom(body: str, quantifier: str) -> str:
    if body in ("^", "$", r"\b", r"\B", r"\A", r"\Z") or body.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return ""
    if body.startswith("(?:"):
        return f"(?:{relaxed(body[3:-1])}){quantifier}"
    if body.startswith("["):
        return _class(body) + quantifier
    if body.startswith("\\") and body[1] in "wWdDsS":
        kind = body[1].lower()
        return (f"[{_WIDER[kind]}]" if body[1] == kind else f"[^{_NARROWER[kind]}]") + quantifier
    return body + quantifier


def _class(body: str) -> str:
    """A class with its letters, digits and blanks widened; one that excludes such is left open."""
    if body.startswith("[^") and any("\\" + letter in body.lower() for letter in _WIDER):
        return "(?s:.)"
    for letter, wider in _WIDER.items():
        body = body.replace("\\" + letter, wider)
    return body
