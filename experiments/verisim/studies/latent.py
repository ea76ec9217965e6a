"""A latent predictor of the next state, as EN8 and EN9 train it: an encoder, a head, a target or exact negatives.

What a state looks like to the encoder is laid out once for all steps of training, because it is asked for again and
again; so are the negatives, from which every step of training draws anew.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from experiments.verisim.factory import Transition, branches, varied, wrong_neighbours
from experiments.verisim.metrics import effective_rank, retrieval, spread_of
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, generator

WIDTH = 48
EACH = 16  # how many branches, and how many states with one wrong fact, are kept of every step to draw from
NOTHING = Action("advance", ())


@dataclass(frozen=True, slots=True)
class Cell:
    """One way to train a latent predictor."""

    hosts: int
    target: str = "learned"
    """`learned` (the encoder's own; where guarded, a moving average's), or `oracle` (a fixed projection of the true
    next state)."""
    guarded: bool = False
    """With variance and covariance terms against collapse."""
    negatives: int = 0
    identity: bool = False
    seed: int = 0


def starts_of(hosts: int) -> tuple[str, ...]:
    return ("empty", "islands") if hosts <= 10 else ("small-world", "tree", "gnp")


@lru_cache(maxsize=8)
def steps_for(hosts: int, purpose: str, count: int) -> list[Transition]:
    return varied(make_world("network", hosts), count, 12, starts_of(hosts), f"ssl/{purpose}/{hosts}")


class Shown(NamedTuple):
    """Many states as the encoder sees them."""

    nodes: Any
    adjacent: Any
    whole: Any

    def only(self, places: Any) -> Shown:
        return Shown(self.nodes[places], self.adjacent[places], self.whole[places])


class Lessons(NamedTuple):
    """What a cell is taught on: every step before with its action, every step after, and the roads not taken."""

    before: Shown
    after: Shown
    others: Shown | None
    pool: tuple[tuple[range, range], ...]
    """Of each step, the places in `others` of its branches and of its states with one wrong fact."""


def shown(hosts: int, identity: bool, pairs: Sequence[tuple[Any, Action | None]]) -> Shown:
    """States with an action, or by themselves: then nothing about the whole is shown either."""
    from experiments.verisim.model.baselines import stacked

    world: Any = make_world("network", hosts)
    nodes, adjacent, whole = stacked(world, [(state, action or NOTHING) for state, action in pairs], identity)
    for place, (_, action) in enumerate(pairs):
        if action is None:
            whole[place] = 0
    return Shown(nodes, adjacent, whole)


def negatives(world: Any, step: Transition, rng: random.Random) -> tuple[list[Any], list[Any]]:
    """Where other actions lead, and states with one wrong fact; none of them the truth."""
    other = [after for _, after in branches(world, step.state, EACH + 1, rng) if after != step.after]
    return other[:EACH], wrong_neighbours(world, step.after, EACH, rng)


@lru_cache(maxsize=4)
def lessons(hosts: int, identity: bool, count: int, contrast: bool) -> Lessons:
    steps, world = steps_for(hosts, "train", count), make_world("network", hosts)
    before = shown(hosts, identity, [(step.state, step.action) for step in steps])
    after = shown(hosts, identity, [(step.after, None) for step in steps])
    if not contrast:
        return Lessons(before, after, None, ())
    rng, states, pool = generator("negatives", hosts), [], []
    for step in steps:
        roads, wrong = negatives(world, step, rng)
        first = len(states)
        states += [*roads, *wrong]
        pool.append((range(first, first + len(roads)), range(first + len(roads), len(states))))
    return Lessons(before, after, shown(hosts, identity, [(state, None) for state in states]), tuple(pool))


class Predictor:
    """An encoder of states, and a head that predicts the embedding of the next state."""

    def __init__(self, cell: Cell) -> None:
        import torch

        from experiments.verisim.model.baselines import Encoder, Size

        torch.manual_seed(cell.seed)
        self.torch, self.cell = torch, cell
        self.world: Any = make_world("network", cell.hosts)
        nodes, _, whole = shown(cell.hosts, cell.identity, [(self.world.initial(), NOTHING)])
        size = Size(width=WIDTH)
        self.encoder = Encoder(size, nodes.shape[2], whole.shape[1])
        self.average = Encoder(size, nodes.shape[2], whole.shape[1])
        self.average.load_state_dict(self.encoder.state_dict())
        nn = torch.nn
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        facts = nodes[0].numel() + 2 * cell.hosts**2
        self.fixed = torch.randn(facts, WIDTH) / facts**0.5

    def show(self, pairs: Sequence[tuple[Any, Action | None]]) -> Shown:
        return shown(self.cell.hosts, self.cell.identity, pairs)

    def target(self, after: Shown) -> Any:
        torch = self.torch
        with torch.no_grad():
            if self.cell.target == "learned":
                return (self.average if self.cell.guarded else self.encoder)(*after)
            return torch.cat([after.nodes.flatten(1), (after.adjacent[:, :2] > 0).float().flatten(1)], 1) @ self.fixed

    def loss(self, taught: Lessons, chosen: list[int], rng: random.Random) -> Any:
        torch, functional = self.torch, self.torch.nn.functional
        z = self.encoder(*taught.before.only(chosen))
        told, after = self.head(z), taught.after.only(chosen)
        if self.cell.negatives:
            assert taught.others is not None
            wide = 1 + self.cell.negatives
            other = [place for step in chosen for place in self.drawn(taught.pool[step], rng)]
            wrong = self.encoder(*taught.others.only(other)).reshape(len(chosen), wide - 1, WIDTH)
            options = torch.cat([self.encoder(*after)[:, None], wrong], 1)
            alike = functional.cosine_similarity(told[:, None], options, dim=2) / 0.1
            return functional.cross_entropy(alike, torch.zeros(len(chosen), dtype=torch.long))
        loss = functional.mse_loss(told, self.target(after))
        if self.cell.guarded:
            z = z - z.mean(0)
            spread = (z.var(0) + 1e-4).sqrt()
            together = (z.T @ z / (len(z) - 1)) ** 2
            loss = loss + functional.relu(1 - spread).mean() + (together.sum() - together.diag().sum()) / WIDTH * 0.04
        return loss

    def drawn(self, pool: tuple[range, range], rng: random.Random) -> list[int]:
        """Half of them roads not taken, the rest states with one wrong fact; where there are too few, some twice."""
        roads, wrong = pool
        wanted = self.cell.negatives
        found = rng.sample(roads, min(wanted // 2, len(roads)))
        found += rng.sample(wrong, min(wanted - len(found), len(wrong)))
        return found + rng.choices(found, k=wanted - len(found))

    def train(self, taught: Lessons, training: int) -> None:
        torch, rng = self.torch, generator("ssl", self.cell.seed)
        optimiser = torch.optim.AdamW([*self.encoder.parameters(), *self.head.parameters()], lr=1e-3)
        places = range(len(taught.before.nodes))
        for _ in range(training):
            loss = self.loss(taught, rng.sample(places, 16 if self.cell.negatives else 32), rng)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if self.cell.guarded:
                with torch.no_grad():
                    for slow, fast in zip(self.average.parameters(), self.encoder.parameters(), strict=True):
                        slow.lerp_(fast, 0.01)

    def health(self, steps: Sequence[Transition]) -> tuple[float, float]:
        """Spread and effective rank of the embedding of states held out."""
        with self.torch.no_grad():
            z = self.encoder(*self.show([(step.state, step.action) for step in steps])).numpy()
        return spread_of(z), effective_rank(z)

    def finds(self, state: Any, like: bool, rng: random.Random) -> float | None:
        """Top-1: does the prediction for each branch lie nearest to that branch's true state?"""
        name = rng.choice(("link_up", "svc_up", "fw_deny", "host_down", "connect"))
        some = Action(name, (0, 1, self.world.ports[0])[: {"host_down": 1, "connect": 3}.get(name, 2)])
        found = branches(self.world, state, 8, rng, like=some if like else None)
        if len(found) < 4:
            return None
        torch = self.torch
        with torch.no_grad():
            told = self.head(self.encoder(*self.show([(state, action) for action, _ in found])))
            after = self.show([(after, None) for _, after in found])
            true = self.encoder(*after) if self.cell.negatives else self.target(after)
            alike = torch.nn.functional.cosine_similarity(told[:, None], true[None], dim=2).numpy()
        return retrieval(alike)[0]


def rollouts_for(training: int) -> int:
    """Longer training gets more to learn from."""
    return max(40, training // 5)


def trained(cell: Cell, training: int) -> Predictor:
    found = Predictor(cell)
    taught = lessons(cell.hosts, cell.identity, rollouts_for(training), cell.negatives > 0)
    found.train(taught, training)
    return found
