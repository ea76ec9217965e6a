"""The loops there are, by the letter that names them in a shell."""

from __future__ import annotations

from loops import autonomous_loop, cognition_loop, loop_d, prime_loop
from loops.programme import LoopProgramme

PROGRAMMES: dict[str, LoopProgramme] = {
    module.LOOP.letter: module.LOOP for module in (autonomous_loop, prime_loop, cognition_loop, loop_d)
}
