"""Patterns as authors write them: macros, word edges, and the refusal of what could run away."""

from __future__ import annotations

import re
from collections.abc import Mapping

EDGES = (r"(?<!\w)(?:", r")(?!\w|'\w)")
"""Put around every pattern: it matches whole words only, and `can` never in `can't`."""

_MACRO = re.compile(r"\{([a-z_]+)(\d?)\}")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_QUANTIFIER = re.compile(r"[*+?]|\{\d*,?\d*\}")
_HARMLESS = re.compile(r"[^\\\[().*+?{]+(?![*+?{])")


def expand(pattern: str, words: Mapping[str, str]) -> str:
    """Replace `{kin}` by the word list of that name and `{gap3}` by «up to three words»."""

    def macro(match: re.Match[str]) -> str:
        name, digit = match.group(1), match.group(2)
        if name == "gap" and digit:
            return rf"(?:[\w'%$-]+,? ){{0,{digit}}}"
        if digit or name not in words:
            raise KeyError(match.group(0))
        return words[name]

    return _MACRO.sub(macro, pattern)


def bounded(patterns: tuple[str, ...]) -> str:
    """One expression for several patterns, each matching whole words only."""
    return EDGES[0] + "|".join(patterns) + EDGES[1]


def unedged(pattern: str) -> str:
    """What `bounded` put its edges around."""
    return pattern[len(EDGES[0]) : -len(EDGES[1])]


def runaway(pattern: str) -> str | None:
    """Why a pattern could take more than linear time, or None.

    Unbounded repeats may follow a single character or class, never `.`, and never stand inside another
    repeat that is unbounded or goes beyond ten.
    """
    stack: list[bool] = [False]  # whether the group so far holds an unbounded repeat
    i, dot = 0, False
    while i < len(pattern):
        if harmless := _HARMLESS.match(pattern, i):
            i = harmless.end()
            continue
        c = pattern[i]
        if c == "\\":
            i, dot = i + 2, False
        elif c == "[":
            i, dot = _class_end(pattern, i), False
        elif c == "(":
            stack.append(False)
            i, dot = i + 1, False
            continue
        elif c == ")":
            inner = stack.pop() if len(stack) > 1 else False
            i += 1
            match = _QUANTIFIER.match(pattern, i)
            if inner and match and _reach(match[0]) > 10:
                return f"an unbounded repeat inside the repeat {match[0]!r} at {i}"
            if match and _UNBOUNDED.match(match[0]):
                inner = True
                i = match.end()
            stack[-1] = stack[-1] or inner
            continue
        else:
            i, dot = i + 1, c == "."
        match = _UNBOUNDED.match(pattern, i)
        if match:
            if dot:
                return f"'.' repeated without bound at {i}; write .{{0,40}}"
            stack[-1] = True
            i = match.end()
    return None


def _class_end(pattern: str, start: int) -> int:
    i = start + 1
    if pattern[i : i + 1] == "^":
        i += 1
    if pattern[i : i + 1] == "]":
        i += 1
    while i < len(pattern) and pattern[i] != "]":
        i += 2 if pattern[i] == "\\" else 1
    return i + 1


def _reach(quantifier: str) -> int:
    if quantifier == "?":
        return 1
    if quantifier in "*+":
        return 1_000
    upper = quantifier.strip("{}").rpartition(",")[2]
    return int(upper) if upper else 1_000
