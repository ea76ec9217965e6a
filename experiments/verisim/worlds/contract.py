"""What a world is: canonical states, actions of one line, an oracle that answers with a delta, and `apply`.

Edits and actions are the same two small values in every world, so the loop, the metrics, the data factory
and the benchmark know no world by name. A new world is a folder with an object that keeps `World`, and a
line in `worlds/__init__.py`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple, Protocol

from nma13.errors import UsageError

Fact = tuple[Hashable, ...]


class Edit(NamedTuple):
    """One change of one fact; `op` says which kind, `args` are plain values."""

    op: str
    args: tuple[Any, ...]


class Action(NamedTuple):
    """One command with its arguments, already parsed."""

    name: str
    args: tuple[Any, ...]


Delta = tuple[Edit, ...]


class Step(NamedTuple):
    """The oracle's answer: the next state and the edits that lead there."""

    state: Any
    delta: Delta


class CannotRead(UsageError):
    """A line that is no action of this world."""


class World(Protocol):
    """Deterministic, checkable, free of charge. States are values: nobody changes one."""

    name: str
    drivers: tuple[str, ...]
    starts: tuple[str, ...]

    def initial(self) -> Any:
        """The empty world."""
        ...

    def start(self, kind: str, rng: random.Random) -> Any:
        """A populated state to begin from; kind `empty` is `initial()`."""
        ...

    def parse(self, line: str) -> Action:
        """One line of text as an action, or `CannotRead`."""
        ...

    def line(self, action: Action) -> str:
        """The canonical text of an action; `parse(line(a)) == a`."""
        ...

    def step(self, state: Any, action: Action) -> Step:
        """The truth. `apply(state, step(state, a).delta) == step(state, a).state`."""
        ...

    def apply(self, state: Any, delta: Iterable[Edit]) -> Any:
        """Edits of this world (see `fits`), in order; one that has nothing to change in this state changes nothing."""
        ...

    def fits(self, edit: Edit) -> bool:
        """Is it an edit of this world at all: a known operation with arguments of its kinds?"""
        ...

    def draw(self, driver: str, state: Any, rng: random.Random) -> Action:
        """The next action of a driver."""
        ...

    def facts(self, state: Any) -> frozenset[Fact]:
        """Everything that is the case, for divergence."""
        ...

    def to_json(self, state: Any) -> dict[str, Any]: ...

    def from_json(self, value: Mapping[str, Any]) -> Any: ...

    def parts(self, state: Any) -> Sequence[Hashable]:
        """What a probe can look at: one host, one directory."""
        ...

    def probe(self, truth: Any, belief: Any, part: Hashable) -> tuple[Any, int]:
        """The belief with one part replaced by the truth, and how many facts that revealed."""
        ...

    def references(self, fact: Fact) -> frozenset[Hashable]:
        """Which parts a fact is about; none: always known."""
        ...

    def flip(self, state: Any, rng: random.Random) -> Edit:
        """An edit that makes exactly one fact of the state wrong."""
        ...


def edits_among(world: World, said: Iterable[Any]) -> Delta:
    """The edits in an answer from outside the lab; what is no edit of this world is left out."""
    found = []
    for each in said:
        try:
            op, args = each
            edit = Edit(op, tuple(int(arg) if isinstance(arg, Integral) else arg for arg in args))
            if world.fits(edit):
                found.append(edit)
        except (TypeError, ValueError):
            continue
    return tuple(found)


def canonical_json(value: Any) -> str:
    """The one spelling of a JSON value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def generator(*parts: object) -> random.Random:
    """A random source that is the same in every process for the same parts."""
    return random.Random("/".join(map(str, parts)))


def weighted_choice(weights: Mapping[str, float], rng: random.Random) -> str:
    """One key by weight."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]
