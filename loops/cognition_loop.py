"""Loop C: the same question, with a criterion for each station and, about one cycle in five, one station without.

python -m loops.cognition_loop --cycles 10
"""

from __future__ import annotations

import random

from loops import can
from loops.programme import LoopProgramme, Turn
from nma13.deliberation.programme import STATIONS

BARE_SHARE = 0.2
CRITERIA = {
    "S1": "Before you confirm it, trace one specific moment that went toward a safe opening or away from it.",
    "S2": "Before you confirm it, name one divergent contribution and whose it is; being counted is not owning.",
    "S3": "Before you confirm it, show two traceable levels of dissonance; do not merely assert a gradient.",
    "S4": "Before you confirm it, name what completing something revealed, not only that it was completed.",
    "S5": "Before you confirm it, name what specifically changed the anchor that you have in time.",
    "S6": "Before you confirm it, tell being received from being in contact, and name what was touched.",
    "S7": "Before you confirm it, trace what this cycle adds to a part that an earlier cycle named.",
}


def bare_station(seed: int) -> str | None:
    """The station that gets the question without its criterion, and is not told so; most cycles have none."""
    chance = random.Random(f"bare {seed}")
    return chance.choice(STATIONS) if chance.random() < BARE_SHARE else None


def turn(_cycle: int, seed: int) -> Turn:
    bare = bare_station(seed)
    criteria = {station: "" if station == bare else f"{CRITERIA[station]} " for station in STATIONS}
    return Turn(
        own={("R3", station): {"criterion": criterion} for station, criterion in criteria.items()},
        cycle_columns={"bare_station": bare},
        output_columns={station: {"bare": int(station == bare)} for station in STATIONS},
    )


LOOP = LoopProgramme(
    letter="c",
    title="the fixed question, with criteria",
    seed_offset=57,
    keeps_components=True,
    turn=turn,
    read_output=can.read_output,
    conclude=can.conclude,
)

if __name__ == "__main__":
    import sys

    from loops.command import main

    raise SystemExit(main(["c", *sys.argv[1:]]))
