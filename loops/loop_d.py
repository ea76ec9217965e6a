"""Loop D: CAN at another place among the primes for every resident; 1,630 arrangements, none dealt twice in a pass.

python -m loops.loop_d --cycles 10
"""

from __future__ import annotations

from dataclasses import replace

from loops import can
from loops.programme import SEED_FACTOR, Conclusion, LoopProgramme, Turn
from loops.sequences import CAN, SEED_STEP, hand
from nma13.deliberation.programme import STATIONS
from nma13.deliberation.prompts import Said

SEED_OFFSET = 23


def turn(cycle: int, _seed: int) -> Turn:
    dealt = hand(cycle, (SEED_FACTOR, SEED_OFFSET))
    return Turn(
        own={(name, station): {"sequence": " ".join(dealt[station])} for station in STATIONS for name in ("R2", "R3")},
        output_columns={
            station: {
                "can_sequence": " ".join(sequence),
                "can_position": sequence.index(CAN),
                "can_length": len(sequence),
            }
            for station, sequence in dealt.items()
        },
    )


def conclude(said: Said, turn: Turn) -> Conclusion:
    """Loop B's reading, and which arrangements moved."""
    found = can.conclude(said, turn)
    dealt = {station: columns["can_sequence"] for station, columns in turn.output_columns.items()}
    moved = [f"{station} {dealt[station]}" for station in STATIONS if station not in found.blocking_stations]
    held = [f"{station} {dealt[station]}" for station in found.blocking_stations]
    note = f"confirmed: {'; '.join(moved) or 'none'}. Blocked: {'; '.join(held) or 'none'}."
    return replace(found, cycle_columns={**found.cycle_columns, "sequence_note": note})


LOOP = LoopProgramme(
    letter="d",
    title="CAN among the primes",
    seed_offset=SEED_OFFSET,
    seed_step=SEED_STEP,
    keeps_components=True,
    turn=turn,
    read_output=can.read_output,
    conclude=conclude,
)

if __name__ == "__main__":
    import sys

    from loops.command import main

    raise SystemExit(main(["d", *sys.argv[1:]]))
