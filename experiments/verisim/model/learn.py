"""The edit-scoring arm in torch: the same network as forward.py with soft gates, and its training."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.verisim.model.forward import Weights, first_signal
from experiments.verisim.model.lazy import torch
from experiments.verisim.model.queries import Bank, Batch, Layout

SLOW = 0.25
NOISE = 0.5  # on the gates' drive
THRIFT = 2e-2  # what an open gate costs: an edge that need not carry anything is shut
GATE = 16  # how wide the gates' hidden layer is


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how fast to train. `rounds` only need to cover the training worlds' diameter."""

    width: int = 64
    steps: int = 3000
    batch: int = 128
    rate: float = 4e-3
    rounds: int = 5
    decay: float = 1e-4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Trained:
    """The weights, and what they cost."""

    weights: Weights
    seconds: float
    losses: tuple[float, ...]


def fresh_weights(layout: Layout, width: int, seed: int) -> Weights:
    """Where training begins."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> Any:
        return (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

    def zeros(*shape: int) -> Any:
        return np.zeros(shape, np.float32)

    heads = sum(size for _, size in layout.heads)
    return {
        "node.w": matrix(layout.node_features, GATE),
        "node.b": zeros(GATE),
        "gate.from": matrix(GATE, GATE),
        "gate.to": matrix(GATE, GATE),
        "gate.kind": matrix(layout.edge_types, GATE),
        "gate.w": matrix(GATE, layout.strands) * 0.3,
        "gate.type": (4 * np.eye(layout.edge_types, layout.strands) - 2).astype(np.float32),
        "apart": np.full((layout.strands,), 1.0, np.float32),
        "row.w1": matrix(layout.width, width),
        "row.b1": zeros(width),
        "row.w2": matrix(width, width),
        "row.b2": zeros(width),
        "head.w": matrix(width, heads) * 0.3,
        "head.b": zeros(heads),
    }


def train(layout: Layout, bank: Bank, recipe: Recipe, start: Weights | None = None) -> Trained:
    """Minimise the cross-entropy of every head that matters; the learning rate rises briefly, then falls."""
    began = time.process_time()
    rng = np.random.default_rng(recipe.seed)
    weights = {
        name: torch.tensor(value, requires_grad=True)
        for name, value in (start or fresh_weights(layout, recipe.width, recipe.seed)).items()
    }
    optimiser = torch.optim.AdamW(
        [
            {"params": [value for name, value in weights.items() if not slow(name)], "share": 1.0},
            {"params": [value for name, value in weights.items() if slow(name)], "share": SLOW},
        ],
        weight_decay=recipe.decay,
    )
    losses = []
    for number in range(recipe.steps):
        batch = bank.batch(rng.integers(0, bank.size, recipe.batch))
        loss = loss_of(weights, layout, batch, recipe.rounds, rng, thrift=THRIFT * thrifty(number / recipe.steps))
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * group["share"] * schedule(number / recipe.steps)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    kept = {name: value.detach().numpy().copy() for name, value in weights.items()}
    return Trained(kept, time.process_time() - began, tuple(losses))


def slow(name: str) -> bool:
    """Gates learn slower than what reads them; else they shut before anything has been read through them."""
    return name.startswith(("node", "gate"))


def schedule(done: float) -> float:
    """A short warm-up, then half a cosine."""
    return min(1.0, done / 0.05) * 0.5 * (1 + float(np.cos(np.pi * done)))


def thrifty(done: float) -> float:
    """Nothing is charged for open gates until something has been learnt to be read through them."""
    return min(1.0, max(0.0, (done - 0.3) / 0.3))


def loss_of(
    weights: Any, layout: Layout, batch: Batch, rounds: int, rng: np.random.Generator, thrift: float = 0.0
) -> Any:
    logits, openness = logits_of(weights, layout, batch, rounds, rng, NOISE)
    labels = torch.from_numpy(batch.labels)
    loss = thrift * openness
    for column, where in enumerate(layout.head_slices.values()):
        wanted = labels[:, column]
        keep = wanted >= 0
        if keep.any():
            loss = loss + torch.nn.functional.cross_entropy(logits[keep][:, where], wanted[keep])
    return loss


def logits_of(
    weights: Any, layout: Layout, batch: Batch, rounds: int, rng: np.random.Generator, noise: float = 0.0
) -> tuple[Any, Any]:
    """The same as forward.py, with gates between open and shut and a fixed number of rounds; and how open they are.

    Noise before the sigmoid drives gates to the ends, where noise does no harm: what is rounded later is decided.
    """
    openness = 0.0
    nodes, edges = torch.from_numpy(batch.nodes), torch.from_numpy(batch.edges)
    roles = torch.from_numpy(batch.roles)
    signal = torch.from_numpy(first_signal(layout, batch, rng))
    if len(edges):
        seen = torch.tanh(nodes @ weights["node.w"] + weights["node.b"])
        origin, target = seen @ weights["gate.from"], seen @ weights["gate.to"]
        hidden = torch.relu(origin[edges[:, 0]] + target[edges[:, 1]] + weights["gate.kind"][edges[:, 2]])
        drive = hidden @ weights["gate.w"] + weights["gate.type"][edges[:, 2]]
        if noise:
            drive = drive + noise * torch.from_numpy(rng.standard_normal(drive.shape, np.float32))
        opened = torch.sigmoid(drive)
        openness = opened.mean()
        into = edges[:, 1, None, None].expand(-1, *signal.shape[1:])
        for _ in range(rounds):
            arriving = signal[edges[:, 0]] * opened[:, :, None]
            signal = signal.scatter_reduce(0, into, arriving, "amax", include_self=True)
    parts = [torch.nn.functional.one_hot(torch.from_numpy(batch.kinds), layout.actions).float()]
    parts.append(torch.from_numpy(batch.bits))
    for role in range(layout.roles):
        parts.append(nodes[roles[:, role]])
        if layout.marks:
            parts.append(signal[roles[:, role], :, layout.ids :].flatten(1))
    if layout.ids:
        one, other = (signal[roles[:, role], :, : layout.ids] for role in (0, 1))
        parts.append(torch.exp(-torch.nn.functional.softplus(weights["apart"]) * (one - other).abs().mean(2)))
    described = torch.cat(parts, 1)
    hidden = torch.relu(described @ weights["row.w1"] + weights["row.b1"])
    hidden = torch.relu(hidden @ weights["row.w2"] + weights["row.b2"])
    return hidden @ weights["head.w"] + weights["head.b"], openness
