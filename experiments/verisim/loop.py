"""propose → consult? → correct → measure, for any proposer in any world; many rollouts in step.

Two things a consultation can mean:
- `belief`: the oracle is asked about the state the loop believes in, so the step is right and old drift stays;
- `anchor`: the oracle shows the true state, so drift is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from experiments.verisim import metrics
from experiments.verisim.factory import Script
from experiments.verisim.policies import Moment, Never, Policy
from experiments.verisim.proposers import Proposer, predict
from experiments.verisim.worlds.contract import Action, World

Consult = Literal["belief", "anchor"]


class Look(Protocol):
    """Which part a probe looks at."""

    def __call__(self, world: World, belief: Any, action: Action, step: int) -> Hashable: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How a loop is run."""

    rho: float = 0.0
    consult: Consult = "belief"
    policy: Callable[[int], Policy] = field(default=lambda _: Never())
    """A policy for each rollout, by its number."""
    look: Look | None = None
    """With a look, a consultation reveals one part; without, the whole next state."""


@dataclass(slots=True)
class Trace:
    """What happened in one rollout."""

    divergences: list[float] = field(default_factory=list)
    exact: list[bool] = field(default_factory=list)
    """Was the proposed delta the true delta of the state it was proposed for?"""
    doubts: list[float] = field(default_factory=list)
    consulted: list[int] = field(default_factory=list)
    revealed: int = 0
    """Facts the oracle told."""
    units: list[float] = field(default_factory=list)
    """What one wrong fact would have cost at each step, in divergence."""

    def horizon(self, epsilon: float = 0.0) -> int:
        return metrics.horizon(self.divergences, epsilon)

    def graded_horizon(self, facts: float) -> int:
        """The horizon at a tolerance of so many wrong facts."""
        return metrics.horizon(self._wrong_facts(), facts)

    def graded_share(self, facts: float) -> float:
        return metrics.faithful_share(self._wrong_facts(), facts)

    def _wrong_facts(self) -> list[float]:
        # Rounded: three wrong facts of seventeen come out as 3.0000000000000004, and that is not more than three.
        return [round(d / u, 9) for d, u in zip(self.divergences, self.units, strict=True)]


Learns = Callable[[Any, Action, Any], None]


def run(
    world: World,
    proposer: Proposer,
    scripts: Sequence[Script],
    rules: Rules | None = None,
    learn: Learns | None = None,
    *,
    measure: bool = True,
) -> list[Trace]:
    """All rollouts, step by step together. `learn` is told every full consultation (test-time training)."""
    rules = rules or Rules()
    traces = [Trace() for _ in scripts]
    beliefs = [each.start for each in scripts]
    policies = [rules.policy(number) for number in range(len(scripts))]
    since = [0.0] * len(scripts)
    for step in range(max((len(each.actions) for each in scripts), default=0)):
        going = [number for number, each in enumerate(scripts) if step < len(each.actions)]
        proposed = predict(proposer, [(beliefs[number], scripts[number].actions[step]) for number in going])
        for number, (delta, doubt) in zip(going, proposed, strict=True):
            each, trace, belief = scripts[number], traces[number], beliefs[number]
            action, truth, steps = each.actions[step], each.states[step], len(each.actions)
            since[number] += doubt
            trace.doubts.append(doubt)
            right = world.step(belief, action)
            trace.exact.append(metrics.delta_exact(delta, right.delta))
            after = world.apply(belief, delta)
            budget = int(rules.rho * steps + 1e-9)
            moment = Moment(step, steps, doubt, since[number], len(trace.consulted), budget)
            if len(trace.consulted) < budget and policies[number].consults(moment):
                trace.consulted.append(step)
                since[number] = 0.0
                shown = truth if rules.consult == "anchor" else right.state
                after, told = correct(world, after, shown, action, step, rules.look)
                trace.revealed += told
                if learn is not None and rules.look is None:
                    learn(belief, action, right.delta)
            beliefs[number] = after
            if measure:
                trace.divergences.append(metrics.state_divergence(world, after, truth))
                trace.units.append(metrics.one_fact(world, truth))
    return traces


def correct(world: World, after: Any, shown: Any, action: Action, step: int, look: Look | None) -> tuple[Any, int]:
    """The belief after a consultation, and how many facts it cost."""
    if look is None:
        return shown, len(world.facts(shown))
    return world.probe(shown, after, look(world, after, action, step))
