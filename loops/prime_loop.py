"""Loop B, the first CAN experiment: CAN GOOD BODY MOVE HERE NOW? Writes prime_experiment.db.

python -m loops.prime_loop --cycles 10
"""

from __future__ import annotations

from loops import can
from loops.programme import LoopProgramme

LOOP = LoopProgramme(
    letter="b", title="the fixed question", seed_offset=99, read_output=can.read_output, conclude=can.conclude
)

if __name__ == "__main__":
    import sys

    from loops.command import main

    raise SystemExit(main(["b", *sys.argv[1:]]))
