"""Reading CAN off round 3: does a station state GOOD BODY CAN MOVE HERE NOW, and toward what does it lean?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from loops.programme import Conclusion, Turn
from nma13.deliberation.programme import STATIONS
from nma13.deliberation.prompts import Said

STATEMENT = re.compile(r"\bgood body can move here,?(?: and)? now\b", re.I)
WITHDRAWN = re.compile(
    r"\b(?:not|cannot|can't|never|no|whether|if|unless|until|before|neither|nor|asks?|asked|question)\b|n't\b", re.I
)
LEAN = re.compile(r"\bthe lean is towards?\s*[:…. ]*\s*(?P<lean>[^.!?\n]+)", re.I)
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_WORD = re.compile(r"[a-z]{4,}")


def confirms(text: str) -> bool:
    """Stated as one's own, neither denied, nor conditioned, nor asked."""
    for sentence in SENTENCE.findall(text):
        stated = STATEMENT.search(sentence)
        if stated is None or sentence.rstrip("\"'»” ").endswith("?"):
            continue
        around = sentence[: stated.start()] + " " + sentence[stated.end() :]
        if not WITHDRAWN.search(around):
            return True
    return False


def lean_of(text: str) -> str | None:
    """What follows «The lean is toward», the last time it is said."""
    found = [match["lean"].strip(" ,;:*\"'«»“”") for match in LEAN.finditer(text)]
    return next((lean for lean in reversed(found) if lean), None)


def read_output(round_name: str, text: str) -> Mapping[str, Any]:
    """The CAN columns of an output; earlier rounds have none."""
    if round_name != "R3":
        return {}
    return {"can_confirmed": int(confirms(text)), "lean": lean_of(text)}


def conclude(said: Said, _turn: Turn) -> Conclusion:
    """Resolved when all seven confirm; who does not, blocks."""
    last = {station: said.get(("R3", station), "") for station in STATIONS}
    blocking = tuple(station for station in STATIONS if not confirms(last[station]))
    leans = {station: lean for station in STATIONS if (lean := lean_of(last[station])) is not None}
    return Conclusion(not blocking, blocking, {"collective_lean": collective_lean(leans)})


def collective_lean(leans: Mapping[str, str]) -> str | None:
    """The lean that shares most words with the others, and who shares them; None when none does."""
    words = {station: set(_WORD.findall(lean.lower())) for station, lean in leans.items()}
    shared = Counter({one: sum(len(words[one] & words[other]) for other in words if other != one) for one in words})
    if not shared or shared.most_common(1)[0][1] == 0:
        return None
    middle = max(shared, key=lambda station: (shared[station], -STATIONS.index(station)))
    near = [station for station in STATIONS if station in words and words[station] & words[middle]]
    return f"{leans[middle]} ({', '.join(near)})"
