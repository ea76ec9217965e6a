"""Loop D's arrangements: CAN at some place in an ordered, non-empty selection of the five primes. There are 1,630."""

from __future__ import annotations

import random
from functools import cache, lru_cache
from itertools import permutations

from nma13.deliberation.programme import STATIONS

PRIMES = ("BODY", "GOOD", "MOVE", "NOW", "HERE")
CAN = "CAN"
SEED_STEP = 7919
CYCLES_A_PASS = 1630 // len(STATIONS)
"""After 232 cycles all but six have been dealt once; then all are dealt anew, in another order."""


@cache
def all_sequences() -> tuple[tuple[str, ...], ...]:
    """Every arrangement, shortest first: 10 + 60 + 240 + 600 + 720."""
    return tuple(
        (*chosen[:place], CAN, *chosen[place:])
        for size in range(1, len(PRIMES) + 1)
        for chosen in permutations(PRIMES, size)
        for place in range(size + 1)
    )


@lru_cache(maxsize=4)
def _pass_until(first_cycle: int, cycle: int, seeds: tuple[int, int]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The hands of every cycle of a pass up to `cycle`, drawn without replacement with each resident's own seed."""
    left = list(all_sequences())
    factor, offset = seeds
    hands = []
    for number in range(first_cycle, cycle + 1):
        hand = []
        for resident in range(len(STATIONS)):
            place = random.Random(number * factor + offset + resident * SEED_STEP).randrange(len(left))
            left[place], left[-1] = left[-1], left[place]
            hand.append(left.pop())
        hands.append(tuple(hand))
    return tuple(hands)


def hand(cycle: int, seeds: tuple[int, int]) -> dict[str, tuple[str, ...]]:
    """Each station's arrangement in a cycle (counted from 1)."""
    first = (cycle - 1) // CYCLES_A_PASS * CYCLES_A_PASS + 1
    return dict(zip(STATIONS, _pass_until(first, cycle, seeds)[-1], strict=True))
