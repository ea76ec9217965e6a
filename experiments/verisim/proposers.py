"""Who proposes the next delta. The loop knows one method, `predict_delta`; everything else is optional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from experiments.verisim.worlds.contract import Action, Delta, World


class Prediction(NamedTuple):
    """A proposed delta, and how unsure the proposer is (0 where it cannot say)."""

    delta: Delta
    doubt: float = 0.0


class Proposer(Protocol):
    """Any object that names a delta for a state and an action. `predict_many`, where present, is used for speed."""

    name: str

    def predict_delta(self, state: Any, action: Action) -> Delta: ...


def predict(proposer: Proposer, pairs: Sequence[tuple[Any, Action]]) -> list[Prediction]:
    """All predictions of one moment, together if the proposer can."""
    many = getattr(proposer, "predict_many", None)
    if many is not None:
        found: list[Prediction] = many(pairs)
        return found
    return [Prediction(proposer.predict_delta(state, action)) for state, action in pairs]


@dataclass(frozen=True, slots=True)
class Null:
    """Proposes nothing at all."""

    name: str = "null"

    def predict_delta(self, state: Any, action: Action) -> Delta:
        del state, action
        return ()


@dataclass(frozen=True, slots=True)
class Succeeds:
    """Proposes that every action succeeds without effect: the floor a learner has to clear."""

    world: World
    name: str = "succeeds"

    def predict_delta(self, state: Any, action: Action) -> Delta:
        del action
        last = {"network": "advance", "filesystem": "export A=a"}[self.world.name]
        return self.world.step(state, self.world.parse(last)).delta[-1:]


@dataclass(frozen=True, slots=True)
class OracleBacked:
    """Proposes the truth: the ceiling."""

    world: World
    name: str = "oracle"

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return self.world.step(state, action).delta
