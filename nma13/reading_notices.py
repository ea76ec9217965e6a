"""What a person should know about how their text was read: another language, cut clauses, rules off."""

from __future__ import annotations

from nma13.kit import Kit
from nma13.rules.engine import KEPT, Reading
from nma13.state import Notice
from nma13.text import Document

_WORDS = """
the a an i to and is my of in it that for on be have with this not are was you me but do we they she he what
if so at will can or from would there i'm it's don't no as by her his their your our
"""
_ENGLISH = frozenset(_WORDS.split())
_ENOUGH = 6  # below this many words a language cannot be told


def notices_for(reading: Reading, kit: Kit) -> tuple[Notice, ...]:
    document = reading.document
    notices = []
    if _foreign(document):
        notices.append(
            Notice(
                "language",
                "This does not look like English. The rules are written for English, so little may have been "
                "recognised; please take what follows with that in mind.",
            )
        )
    if document.capped:
        notices.append(
            Notice("capped", "A passage ran on for more than 400 words without a stop; it was read in pieces.")
        )
    if reading.unlisted:
        listed = ", ".join(f"{rule} {count} more" for rule, count in reading.unlisted)
        notices.append(Notice("unlisted", f"Only the first {KEPT} places of each rule are listed: {listed}."))
    overlay = kit.rules.overlay
    if overlay.off:
        notices.append(Notice("rules-off", f"Switched off by your overlay: {', '.join(overlay.off)}."))
    return tuple(notices)


def _foreign(document: Document) -> bool:
    letters = words = found = 0
    for clause in document.clauses[:200]:
        words += len(clause.tokens)
        found += len(_ENGLISH & clause.words)
        if found >= 3:
            return False
    original = document.original[:2_000]
    if not original.isascii():
        letters = sum(1 for c in original if c.isalpha() and ord(c) > 0x24F)
    return letters > 20 or (words >= _ENOUGH and found < max(1, words // 20))
