"""A proposer with known faults: the truth, except that now and then it names the wrong host.

That is what the source's graph arm does (right kind of edit, wrong host). Because the rate is set, and how well
the proposer knows when it errs is set too, the loop can be studied apart from any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.verisim.proposers import Prediction
from experiments.verisim.worlds.contract import Action, Delta, Edit, generator
from experiments.verisim.worlds.network import Network
from experiments.verisim.worlds.network.edits import SHAPES

KNOWS = 0.8  # how often it doubts where it errs


class Slips:
    """Errs at `rate` of the steps; the same step errs in the same way every time."""

    def __init__(self, world: Network, rate: float, seed: int = 0) -> None:
        self.world, self.rate, self.seed = world, rate, seed
        self.name = f"slips {rate:.0%}"

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return self._one(state, action).delta

    def predict_many(self, pairs: Sequence[tuple[Any, Action]]) -> list[Prediction]:
        return [self._one(*pair) for pair in pairs]

    def _one(self, state: Any, action: Action) -> Prediction:
        rng = generator("slip", self.seed, self.rate, action, state.clock, sorted(state.flows), len(state.hosts))
        true = self.world.step(state, action).delta
        errs, unsure = rng.random() < self.rate, rng.random()
        if not errs:
            return Prediction(true, 0.5 * unsure)
        return Prediction(self._wrong(state, true, rng), 0.5 + 0.5 * unsure if rng.random() < KNOWS else 0.5 * unsure)

    def _wrong(self, state: Any, true: Delta, rng: Any) -> Delta:
        """The edits with another host in the place of one; where there are none, an edit too much."""
        place = next((at for at, edit in enumerate(true) if "h" in SHAPES[edit.op]), None)
        if place is None:
            return (self.world.flip(state, rng), *true)
        op, args = true[place]
        which = rng.randrange(SHAPES[op].count("h"))
        others = [host for host in range(self.world.hosts) if host not in args[:2]] or [0]
        moved = (*args[:which], rng.choice(others), *args[which + 1 :])
        edit = Edit(op, tuple(sorted(moved)) if op.startswith("link") else moved)
        return (*true[:place], edit, *true[place + 1 :])
