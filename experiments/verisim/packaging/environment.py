"""The world as an environment for reinforcement learning: the reward is the oracle's verdict, the return the horizon.

It has Gymnasium's `reset` and `step` without depending on it, and `load_environment` as the verifiers
specification asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from experiments.verisim.factory import script
from experiments.verisim.metrics import state_divergence
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Edit, World, canonical_json, edits_among
from nma13.errors import UsageError

Seen = dict[str, Any]


class WorldModelEnv:
    """Each step: the true state and an action are shown, a delta is answered. It ends with the first unfaithful one."""

    def __init__(
        self,
        world: World | str = "network",
        driver: str = "weighted",
        start: str = "empty",
        steps: int = 24,
        epsilon: float = 0.0,
        *,
        free_running: bool = False,
    ) -> None:
        self.world = make_world(world) if isinstance(world, str) else world
        self.driver, self.start, self.steps, self.epsilon = driver, start, steps, epsilon
        self.free_running = free_running
        self._whole: Any = None
        self._at = 0
        self._next = 0
        self._belief: Any = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """A rollout by its seed; the same seed is the same rollout. Without one, the rollout after the last."""
        del options
        seed = self._next if seed is None else seed
        self._next = seed + 1
        self._whole = script(self.world, self.driver, self.start, seed, self.steps, "environment")
        self._at, self._belief = 0, self._whole.start
        return self._seen(), {"seed": seed}

    def step(self, delta: Iterable[Any]) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """(seen, reward, terminated, truncated, info), as Gymnasium has it. What is no edit is left out."""
        if self._whole is None or self._at >= self.steps:
            raise UsageError("The rollout is over. Call reset() before the next step.")
        after = self.world.apply(self._belief, edits_among(self.world, delta))
        truth = self._whole.states[self._at]
        apart = state_divergence(self.world, after, truth)
        faithful = apart <= self.epsilon
        self._at += 1
        self._belief = after if self.free_running else truth
        over = self._at >= self.steps
        seen = {} if over else self._seen()
        info = {"divergence": apart, "true_delta": self._true_delta()}
        if not faithful:
            self._at = self.steps
        return seen, float(faithful), not faithful, over and faithful, info

    def _true_delta(self) -> tuple[Edit, ...]:
        place = self._at - 1
        before = self._whole.states[place - 1] if place else self._whole.start
        found: tuple[Edit, ...] = self.world.step(before, self._whole.actions[place]).delta
        return found

    def _seen(self) -> Seen:
        action = self._whole.actions[self._at]
        state = self.world.to_json(self._belief)
        return {
            "step": self._at,
            "state": self._belief,
            "action": action,
            "prompt": f"State: {canonical_json(state)}\nAction: {self.world.line(action)}\nWhich edits follow?",
        }


def load_environment(**options: Any) -> WorldModelEnv:
    """The entry point that runners of the verifiers specification look for."""
    return WorldModelEnv(**options)
