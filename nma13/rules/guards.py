"""Guards: what in the surroundings of a match takes its force away. Cues are data (guards.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from nma13.rules.loader import FOLDER, word_lists
from nma13.rules.model import RuleError
from nma13.rules.regex import bounded, expand, runaway
from nma13.text import Clause, Document, SentenceBounds

Place = tuple[int, int]
"""Normalised offsets of the cue."""

_OUTSIDE = ("before", "clause", "question")  # reaches whose cue must stand outside the match

_LEVEL = {"before": 0, "near": 0, "clause": 0, "sentence": 1, "frame": 2, "text": 2}

REACHES = ("before", "near", "clause", "sentence", "frame", "text", "question", "quote")


@dataclass(frozen=True, slots=True)
class Guard:
    name: str
    bit: int
    """Set in the mask of every clause and sentence that holds one of the guard's words."""
    reach: str
    window: int
    words: frozenset[str]
    """No cue can be present unless one of these words is: a cheap way to say no."""
    cue: re.Pattern[str] | None
    pseudo: re.Pattern[str] | None
    """Looks like a cue and is none: «no doubt», «not only»."""
    stop: re.Pattern[str] | None
    """Ends the cue's reach when it stands between cue and match: «but»."""
    level: int
    """Whose words can rule it out: 0 the clause's, 1 the sentence's, 2 the text's, 3 nobody's."""

    def find(self, document: Document, clause: Clause, start: int, end: int) -> Place | None:
        """Where this guard fires for a match at `[start, end)`, or None."""
        sentence = document.sentences[clause.sentence]
        match self.reach:
            case "question":
                if sentence.question:
                    return sentence.end - 1, sentence.end
                return self._in(document, clause.start, clause.end, start, end, clause)
            case "quote":
                return next(((a, b) for a, b in document.quotes() if a <= start and end <= b), None)
            case "before":
                return self._in(document, max(clause.start, start - self.window), start, start, end, clause)
            case "near":
                low, high = max(clause.start, start - self.window), min(clause.end, end + self.window)
                return self._in(document, low, high, start, end, clause)
            case "clause":
                return self._in(document, clause.start, clause.end, start, end, clause)
            case "sentence":
                return self._in_sentence(document, sentence, start, end)
            case "frame":
                return self._in_frame(document, sentence, clause.sentence, start, end)
            case _:
                return self._in(document, 0, len(document.lower), start, end, None)

    def _in(self, document: Document, low: int, high: int, start: int, end: int, clause: Clause | None) -> Place | None:
        if self.cue is None or (clause is not None and self.words and not clause.mask & self.bit):
            return None
        lower = document.lower
        for found in self.cue.finditer(lower, low, high):
            a, b = found.span()
            if a < end and start < b and self.reach in _OUTSIDE:
                continue  # part of the match itself
            if self.pseudo and any(p.start() <= a < p.end() for p in self.pseudo.finditer(lower, low, high)):
                continue
            between = (b, start) if b <= start else (end, a)
            if self.stop and self.stop.search(lower, *between):
                continue
            return a, b
        return None

    def _in_sentence(self, document: Document, sentence: SentenceBounds, start: int, end: int) -> Place | None:
        if self.words and not sentence.mask & self.bit:
            return None
        return self._in(document, sentence.start, sentence.end, start, end, None)

    def _in_frame(self, document: Document, sentence: SentenceBounds, index: int, start: int, end: int) -> Place | None:
        """In the sentence itself; or earlier, as long as nobody says «I» between frame and match."""
        here = self._in_sentence(document, sentence, start, end)
        if here or sentence.mask & FIRST_PERSON_BIT:
            return here
        for earlier in reversed(document.sentences[max(0, index - 6) : index]):
            found = self._in_sentence(document, earlier, start, end)
            if found or earlier.mask & FIRST_PERSON_BIT:
                return found
        return None


FIRST_PERSON = ("i", "i'*", "me", "my", "myself")
FIRST_PERSON_BIT = 1


UNREAL = ("FICTION", "STUDY", "NEWS")


def unreal(document: Document, clause: Clause) -> tuple[tuple[str, ...], str]:
    """Which of the guards of unreality were asked about a clause, and the one that silences it (or nothing)."""
    for number, name in enumerate(UNREAL, 1):
        if found := guards()[name].find(document, clause, clause.start, clause.end):
            place = document.span(*found)
            return UNREAL[:number], f"{name}@[{place.start},{place.end}]"
    return UNREAL, ""


@lru_cache(maxsize=1)
def guards() -> Mapping[str, Guard]:
    """Every guard of guards.toml by name."""
    plain = tomllib.loads((FOLDER / "guards.toml").read_text("utf-8"))
    table: dict[str, Guard] = {}
    for place, entry in enumerate(plain["guard"]):
        name = entry["name"]
        if entry["reach"] not in REACHES:
            raise RuleError(f"guards.toml guard {name}: reach must be one of {', '.join(REACHES)}")
        table[name] = Guard(
            name=name,
            bit=FIRST_PERSON_BIT << (place + 1),
            reach=entry["reach"],
            window=int(entry.get("window", 10_000)),
            words=frozenset(word for group in entry.get("triggers", []) for word in group.split("|")),
            cue=_compile(name, entry.get("cues", [])),
            pseudo=_compile(name, entry.get("pseudo", [])),
            stop=_compile(name, entry.get("stop", [])),
            level=_LEVEL.get(entry["reach"], 3) if entry.get("triggers") else 3,
        )
    return table


@lru_cache(maxsize=1)
def families() -> Mapping[str, tuple[str, ...]]:
    """Named groups of guards, so that a rule can say `guards = ["@danger"]`."""
    plain = tomllib.loads((FOLDER / "guards.toml").read_text("utf-8"))
    return {f"@{name}": tuple(members) for name, members in plain.get("family", {}).items()}


def _compile(name: str, patterns: list[str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    sources = tuple(expand(p, word_lists()) for p in patterns)
    for source in sources:
        if trouble := runaway(source):
            raise RuleError(f"guards.toml guard {name}: {trouble}")
    return re.compile(bounded(sources))
