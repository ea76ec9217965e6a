"""EN8 and EN9: does an exact referent keep a representation open, and do exact negatives teach interventions?

Health and retrieval are measured on states nobody trained on. Distractors of the same kind of action stand
beside arbitrary ones, because with arbitrary ones the kind of action alone gives the answer away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from experiments.verisim.factory import Transition, branches, varied, wrong_neighbours
from experiments.verisim.metrics import effective_rank, retrieval, spread_of
from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, point, value
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, generator

WIDTH = 48
MIXED, ALIKE = "any action", "the same kind of action"


@dataclass(frozen=True, slots=True)
class Cell:
    """One way to train a latent predictor."""

    hosts: int
    target: str = "learned"
    """`learned` (an average of the encoder), or `oracle` (a fixed projection of the true next state)."""
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


class Predictor:
    """An encoder of states, and a head that predicts the embedding of the next state."""

    def __init__(self, cell: Cell) -> None:
        import torch

        from experiments.verisim.model.baselines import Encoder, Size, stacked
        from experiments.verisim.model.tokens import dense

        torch.manual_seed(cell.seed)
        self.torch, self.cell, self._stacked = torch, cell, stacked
        self.world: Any = make_world("network", cell.hosts)
        nodes, _, whole = dense(self.world, self.world.initial(), Action("advance", ()), cell.identity)
        size = Size(width=WIDTH)
        self.encoder = Encoder(size, nodes.shape[1], len(whole))
        self.average = Encoder(size, nodes.shape[1], len(whole))
        self.average.load_state_dict(self.encoder.state_dict())
        nn = torch.nn
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.fixed = torch.randn(nodes.size + 2 * cell.hosts**2, WIDTH) / (nodes.size + 2 * cell.hosts**2) ** 0.5

    def encode(self, pairs: Sequence[tuple[Any, Action]], net: Any = None) -> Any:
        return (net or self.encoder)(*self._stacked(self.world, pairs, self.cell.identity))

    def settled(self, states: Sequence[Any], net: Any = None) -> Any:
        """Embeddings of states by themselves: no action is shown with them."""
        nodes, adjacent, whole = self._stacked(
            self.world, [(s, Action("advance", ())) for s in states], self.cell.identity
        )
        return (net or self.encoder)(nodes, adjacent, whole * 0)

    def target(self, states: Sequence[Any]) -> Any:
        torch = self.torch
        with torch.no_grad():
            if self.cell.target == "learned":
                return self.settled(states, self.average if self.cell.guarded else self.encoder)
            nodes, adjacent, _ = self._stacked(
                self.world, [(s, Action("advance", ())) for s in states], self.cell.identity
            )
            return torch.cat([nodes.flatten(1), (adjacent[:, :2] > 0).float().flatten(1)], 1) @ self.fixed

    def loss(self, steps: Sequence[Transition], rng: Any) -> Any:
        torch, functional = self.torch, self.torch.nn.functional
        told = self.head(self.encode([(step.state, step.action) for step in steps]))
        if self.cell.negatives:
            rows = [self.against(step, rng) for step in steps]
            wide = 1 + self.cell.negatives
            options = self.settled([state for row in rows for state in row]).reshape(len(steps), wide, WIDTH)
            alike = functional.cosine_similarity(told[:, None], options, dim=2) / 0.1
            return functional.cross_entropy(alike, torch.zeros(len(steps), dtype=torch.long))
        loss = functional.mse_loss(told, self.target([step.after for step in steps]))
        if self.cell.guarded:
            z = self.encode([(step.state, step.action) for step in steps])
            z = z - z.mean(0)
            spread = (z.var(0) + 1e-4).sqrt()
            together = (z.T @ z / (len(z) - 1)) ** 2
            loss = loss + functional.relu(1 - spread).mean() + (together.sum() - together.diag().sum()) / WIDTH * 0.04
        return loss

    def against(self, step: Transition, rng: Any) -> list[Any]:
        """The true next state first, then where other actions lead, then states with one wrong fact."""
        wanted = self.cell.negatives
        other = [after for _, after in branches(self.world, step.state, wanted // 2 + 1, rng) if after != step.after]
        other = other[: wanted // 2]
        other += wrong_neighbours(self.world, step.after, wanted - len(other), rng)
        while len(other) < wanted:
            other.append(other[0])
        return [step.after, *other]

    def train(self, steps: Sequence[Transition], training: int) -> None:
        torch, rng = self.torch, generator("ssl", self.cell.seed)
        optimiser = torch.optim.AdamW([*self.encoder.parameters(), *self.head.parameters()], lr=1e-3)
        for _ in range(training):
            loss = self.loss(rng.sample(steps, 16 if self.cell.negatives else 32), rng)
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
            z = self.encode([(step.state, step.action) for step in steps]).numpy()
        return spread_of(z), effective_rank(z)

    def finds(self, state: Any, like: bool, rng: Any) -> float | None:
        """Top-1: does the prediction for each branch lie nearest to that branch's true state?"""
        name = rng.choice(("link_up", "svc_up", "fw_deny", "host_down", "connect"))
        some = Action(name, (0, 1, self.world.ports[0])[: {"host_down": 1, "connect": 3}.get(name, 2)])
        found = branches(self.world, state, 8, rng, like=some if like else None)
        if len(found) < 4:
            return None
        torch = self.torch
        with torch.no_grad():
            told = self.head(self.encode([(state, action) for action, _ in found]))
            after = [after for _, after in found]
            true = self.settled(after) if self.cell.negatives or self.cell.target == "learned" else self.target(after)
            alike = torch.nn.functional.cosine_similarity(told[:, None], true[None], dim=2).numpy()
        return retrieval(alike)[0]


def trained(cell: Cell, preset: Preset) -> Predictor:
    found = Predictor(cell)
    found.train(steps_for(cell.hosts, "train", 40), preset.ssl)
    return found


def en8(preset: Preset) -> list[Row]:
    cells = {
        "learned target, guarded": ("learned", True),
        "learned target, bare": ("learned", False),
        "oracle target, bare": ("oracle", False),
    }
    source = {"learned target, guarded": 41.8, "learned target, bare": 13.4, "oracle target, bare": 25.8}
    rows: list[Row] = []
    for hosts in preset.sizes:
        for name, (target, guarded) in cells.items():
            found = [
                trained(Cell(hosts, target, guarded, seed=seed), preset).health(steps_for(hosts, "eval", 20))
                for seed in range(preset.seeds)
            ]
            said = source[name] if hosts == 5 else None
            rows.append(point("effective rank of 48, held out", name, hosts, [rank for _, rank in found], said))
            rows.append(point("standard deviation, held out", name, hosts, [spread for spread, _ in found]))
    return rows


def en8_verdict(rows: Sequence[Row]) -> Verdict:
    where = "effective rank of 48, held out"
    sizes = sorted({int(row.x) for row in rows})
    gaps = [value(rows, where, "oracle target, bare", n) - value(rows, where, "learned target, bare", n) for n in sizes]
    told = ", ".join(f"{gap:+.1f} at {n} hosts" for n, gap in zip(sizes, gaps, strict=True))
    word = "held" if min(gaps) > 0 else "mixed" if max(gaps) > 0 else "refuted"
    return Verdict(
        word,
        f"Without any guard, an oracle's target instead of a learned one changes the effective rank by {told}, "
        "on held-out states.",
    )


def en9(preset: Preset) -> list[Row]:
    ways: dict[str, dict[str, Any]] = {
        "bare": {},
        "guarded": {"guarded": True},
        "8 exact negatives": {"negatives": 8},
        "16 exact negatives": {"negatives": 16},
    }
    source = {"bare": 0.214, "guarded": 0.282, "8 exact negatives": 0.519}
    rows: list[Row] = []
    for identity in (False, True):
        who = "nodes know who they are" if identity else "nodes have no identity"
        for name, options in ways.items():
            scores: dict[str, list[float]] = {MIXED: [], ALIKE: []}
            for seed in range(preset.seeds):
                model = trained(Cell(5, identity=identity, seed=seed, **options), preset)
                for like, kind in ((False, MIXED), (True, ALIKE)):
                    rng = generator("retrieval", like)
                    found = [model.finds(step.state, like, rng) for step in steps_for(5, "eval", 20)[::4]]
                    scores[kind] += [each for each in found if each is not None]
            for kind, values in scores.items():
                said = source.get(name) if not identity and kind == MIXED else None
                rows.append(point(f"branch retrieval, distractors of {kind}", who, name, values, said))
    return rows


def en9_verdict(rows: Sequence[Row]) -> Verdict:
    def of(kind: str, who: str, name: str) -> float:
        return value(rows, f"branch retrieval, distractors of {kind}", who, name)

    without, with_ = "nodes have no identity", "nodes know who they are"
    alike = of(ALIKE, without, "8 exact negatives"), of(ALIKE, with_, "8 exact negatives")
    mixed, guarded = of(MIXED, without, "8 exact negatives"), of(MIXED, without, "guarded")
    # Eight branches: chance is an eighth. A difference between two cells at chance says nothing.
    gains = mixed - guarded, alike[0] - of(ALIKE, without, "guarded")
    word = "held" if min(gains) > 0.05 else "mixed" if max(gains) > 0.05 else "refuted"
    return Verdict(
        word,
        f"Exact negatives find the right branch in {mixed:.0%} (guarded: {guarded:.0%}; "
        "chance: about 12 %) among arbitrary actions. Among "
        "actions of the same kind, where the kind no longer gives the answer away, in "
        f"{alike[0]:.0%}; with identity, {alike[1]:.0%}.",
    )


STUDIES = (
    Study(
        "en8",
        "The price of collapse",
        "An exact target keeps a representation open without guards against collapse (H23).",
        "Its effective rank on held-out states is no higher than that of a bare learned target.",
        "effective rank: guarded 41.8, bare 13.4, oracle 25.8 (on training states); gap 13.4 → 2.2, 25 to 300 hosts.",
        en8,
        en8_verdict,
        "hosts",
    ),
    Study(
        "en9",
        "Exact negatives",
        "Exact negatives teach which intervention leads where; statistical guards do not (H25, H5).",
        "No gain over the guarded cell, or none once distractors are of the same kind of action.",
        "top-1: bare 0.214, guarded 0.282, oracle 0.519.",
        en9,
        en9_verdict,
        lines=False,
    ),
)
