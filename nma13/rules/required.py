"""Which words a pattern cannot match without, so that it is tried only where it could match.

A pattern is cut at its blanks. A piece between blanks that stands for finitely many strings, such as
`(?:dis)?trust(?:ed|ing)?`, yields a group of words of which one must be in the text. What cannot be told
yields nothing: the answer may be too weak, never wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

Groups = tuple[frozenset[str], ...]

_MOST = 80  # strings a piece may stand for
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\??")
_PLAIN = re.compile(r"[^()\[\\]+")
_OUTSIDE = re.compile(r"[^|(\[\\]+")
_LETTERS = re.compile(r"[a-zA-Z0-9']+(?![*+?{])")
_WORD = re.compile(r"[a-z0-9']*[a-z0-9][a-z0-9']*|[%$]")


class _OpenError(Exception):
    """The piece stands for more strings than can be listed."""


def alternatives(pattern: str) -> list[Groups]:
    """For each top-level alternative of a pattern, the groups of words it needs."""
    return [_needed(part) for part in split(pattern)]


def _needed(source: str) -> Groups:
    groups: list[frozenset[str]] = []
    for piece in _pieces(elements(source)):
        try:
            words = {_telling(text) for text in _strings(piece)}
        except _OpenError:
            continue
        if words and "" not in words:
            groups.append(frozenset(words))
    return tuple(groups)


def _telling(text: str) -> str:
    """The longest word of a string; empty when it holds none, so nothing is needed."""
    return max(_WORD.findall(text), key=len, default="").strip("'")


def _pieces(elements: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Cut a sequence at blanks; a repeated group that carries its own blank is a piece alone."""
    pieces: list[list[tuple[str, str]]] = [[]]
    for body, quantifier in elements:
        if body == " " and not quantifier:
            pieces.append([])
        elif body.startswith("(?:") and quantifier and body[-2] == " ":
            pieces += [[]] if not pieces[-1] else [[(".", "*")]]
            pieces.append([])
        elif body.startswith("(?: ") and quantifier:
            pieces.append([(".", "*")])
        else:
            pieces[-1].append((body, quantifier))
    return [piece for piece in pieces if piece]


def _strings(elements: list[tuple[str, str]]) -> set[str]:
    found = {""}
    for body, quantifier in elements:
        options = _options(body)
        if quantifier in ("?", "??"):
            options = options | {""}
        elif quantifier:
            raise _OpenError
        found = {a + b for a, b in product(found, options)}
        if len(found) > _MOST:
            raise _OpenError
    return found


@lru_cache(maxsize=4096)
def _options(body: str) -> frozenset[str]:
    """Every string an atom stands for; remembered, since word lists recur in many patterns."""
    if body in ("^", "$", "\\b") or body.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return frozenset({""})
    if body.startswith("(?:"):
        return frozenset().union(*(_strings(elements(part)) for part in split(body[3:-1])))
    if body.startswith("["):
        inner = body[1:-1]
        if not inner.isalpha():
            raise _OpenError
        return frozenset(inner)
    if body.startswith("\\"):
        if body[1].isalnum():
            raise _OpenError
        return frozenset({body[1]})
    if body == "." or body.startswith("("):
        raise _OpenError
    return frozenset({body})


def elements(source: str) -> list[tuple[str, str]]:
    """A sequence as (atom, quantifier) pairs; plain letters that no quantifier belongs to stay together."""
    found: list[tuple[str, str]] = []
    i = 0
    while i < len(source):
        if plain := _LETTERS.match(source, i):
            found.append((plain[0], ""))
            i = plain.end()
            continue
        end = _atom_end(source, i)
        match = _QUANTIFIER.match(source, end)
        quantifier = match[0] if match else ""
        found.append((source[i:end], quantifier))
        i = end + len(quantifier)
    return found


def split(source: str) -> list[str]:
    """The alternatives of a source, cut at `|` outside groups and classes."""
    parts, start, i = [], 0, 0
    while i < len(source):
        if source[i] == "|":
            parts.append(source[start:i])
            start = i = i + 1
        elif plain := _OUTSIDE.match(source, i):
            i = plain.end()
        else:
            i = _atom_end(source, i)
    return [*parts, source[start:]]


def _atom_end(source: str, i: int) -> int:
    if source[i] == "\\":
        return i + 2
    if source[i] == "[":
        j = i + 2 if source[i + 1 : i + 2] == "^" else i + 1
        j += source[j : j + 1] == "]"
        while j < len(source) and source[j] != "]":
            j += 2 if source[j] == "\\" else 1
        return j + 1
    if source[i] == "(":
        j = i + 1
        while j < len(source) and source[j] != ")":
            plain = _PLAIN.match(source, j)
            j = plain.end() if plain else _atom_end(source, j)
        return j + 1
    return i + 1
