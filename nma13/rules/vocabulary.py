"""What a rule may set. A misspelt value is refused when the file is read, not when it fails to fire."""

from __future__ import annotations

from nma13.terms import (
    AKind,
    Capacity,
    ClaimClass,
    IKind,
    Irreversibility,
    Move,
    OutputFault,
    PremiseCategory,
    RedFlag,
    Standing,
    Station,
)

VALUES: dict[str, frozenset[str]] = {
    "STEP0": frozenset([*PremiseCategory, "CITED"]),
    "I": frozenset(Irreversibility),
    "C": frozenset([*Capacity, "CANCEL"]),
    "X": frozenset(["TRUE", "CANCEL"]),
    "A": frozenset(["TRUE", "CANCEL"]),
    "T": frozenset(["TRUE", "CANCEL"]),
    "R": frozenset(["TRUE", "CANCEL"]),
    "S": frozenset([*Standing, "ASKED"]),
    "O": frozenset(["TC19"]),
    "FLAG": frozenset([*RedFlag, "CLEARED"]),
    "CLAIM": frozenset([*ClaimClass, "NONE"]),
    "STATION": frozenset(Station),
    "FRICTION": frozenset(["TRAGIC", "LOSS", "FORK", "CIRCLING", "CONTRADICTION"]),
    "PROSE": frozenset(Move),
    "OUTPUT": frozenset([*OutputFault, "HEDGED", "STANDING_ACK", "SHARED_ACK"]),
}
"""Per variable the values a rule may set. CANCEL lifts what other rules of the variable said."""

KINDS: dict[str, frozenset[str]] = {
    "I": frozenset(IKind),
    "A": frozenset(AKind),
}
"""Variables whose findings may carry a kind; elsewhere `kind` is free text."""


def check(sets: str, kind: str) -> str | None:
    """Why `sets` (with `kind`) cannot be set, or None.

    A lower-case value is a *signal*: it decides nothing alone and is there for combination rules and gates,
    e.g. `R=seeks_direction`.
    """
    variable, mark, value = sets.partition("=")
    if not mark or variable not in VALUES:
        return f"sets = {sets!r}: the variable must be one of {', '.join(VALUES)}"
    if value != value.lower() and value not in VALUES[variable]:
        return f"sets = {sets!r}: {variable} may be {', '.join(sorted(VALUES[variable]))} or a lower-case signal"
    if not value:
        return f"sets = {sets!r}: no value"
    if kind and variable in KINDS and kind not in KINDS[variable]:
        return f"kind = {kind!r}: {variable} may be of kind {', '.join(sorted(KINDS[variable]))}"
    return None
