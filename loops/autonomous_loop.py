"""Loop A, the first one: seven residents on a scenario, and how their uncertainty moves. Writes memory.db.

python -m loops.autonomous_loop --cycles 10
"""

from __future__ import annotations

from loops.programme import LoopProgramme

LOOP = LoopProgramme(letter="a", title="navigational uncertainty", seed_offset=42)

if __name__ == "__main__":
    import sys

    from loops.command import main

    raise SystemExit(main(["a", *sys.argv[1:]]))
