"""The knowledge ledger: what each station still does not know after a cycle, and what moved between R1 and R3.

Read off the station's own words by rule, so that a ledger never says what no station said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nma13.deliberation.programme import STATIONS
from nma13.deliberation.prompts import Said
from nma13.evidence import Finding
from nma13.gates.gate2_epistemic import CLASS_ORDER
from nma13.rules.engine import Reading, shipped
from nma13.store.units import LedgerEntry
from nma13.terms import ClaimClass
from nma13.text import read

MOVED_FROM = 0.5  # share of a sentence's words that round 1 did not have
NOTHING_SAID = "nothing was said"
NO_MOVEMENT = "none: round 3 says what round 1 said"
_WORD = re.compile(r"[a-z']{4,}")


def ledger_of(cycle: int, said: Said, now_ms: int) -> list[LedgerEntry]:
    """One entry a station."""
    return [_entry(cycle, station, said, now_ms) for station in STATIONS]


def _entry(cycle: int, station: str, said: Said, now_ms: int) -> LedgerEntry:
    first, last = said.get(("R1", station), ""), said.get(("R3", station), "")
    uncertainty, klass, where = _open_question((("R3", last), ("R1", first)))
    movement = _movement(first, last)
    rests_on = {where} if movement == NO_MOVEMENT else {where, "R3"}
    return LedgerEntry(cycle, station, uncertainty, movement, str(klass), tuple(sorted({*rests_on, "R1"})), now_ms)


def _open_question(texts: tuple[tuple[str, str], ...]) -> tuple[str, ClaimClass, str]:
    """The first sentence that says what is not known; else the last thing that was said, as what it claims to be."""
    spoken = ("", ClaimClass.ASSUMED, "R3")
    for round_name, text in texts:
        sentences = list(_classed(text))
        for sentence, klass in sentences:
            if klass is ClaimClass.UNCERTAIN:
                return sentence, klass, round_name
        if sentences and not spoken[0]:
            spoken = (*sentences[-1], round_name)
    return spoken if spoken[0] else (NOTHING_SAID, ClaimClass.ASSUMED, "R3")


def _classed(text: str) -> Iterator[tuple[str, ClaimClass]]:
    """Each sentence with its epistemic class: Gate 2's, the most cautious of its clauses."""
    reading: Reading = shipped().scan(read(text))
    document = reading.document
    claims = [finding for finding in reading.of("CLAIM") if finding.counts or _asks_itself(finding)]
    for bounds in document.sentences:
        span = document.span(bounds.start, bounds.end)
        if not span.text.strip():
            continue
        seen = {finding.value for finding in claims if span.start <= finding.clause.start < span.end}
        klass = next((known for known in CLASS_ORDER if known in seen), ClaimClass.ASSUMED)
        yield " ".join(span.text.split()), klass


def _asks_itself(finding: Finding) -> bool:
    """«I do not know whether …»: the indirect question is what is uncertain, not a reason to overlook it."""
    return finding.value == ClaimClass.UNCERTAIN and finding.suppressed_by.startswith("QUESTION")


def _movement(first: str, last: str) -> str:
    """The sentence of round 3 that has most of what round 1 had not."""
    before = set(_WORD.findall(first.lower()))
    best, best_share = "", 0.0
    for sentence, _ in _classed(last):
        words = set(_WORD.findall(sentence.lower()))
        share = len(words - before) / len(words) if len(words) >= 3 else 0.0
        if share > best_share:
            best, best_share = sentence, share
    if not last.strip():
        return NOTHING_SAID
    return best if best_share >= MOVED_FROM else NO_MOVEMENT
