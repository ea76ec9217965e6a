"""The edit-scoring arm without torch: what the shipped weights do, in NumPy.

1. Every edge gets a gate from its type and the nodes at its ends (learned). Rolling out, a gate is open or
   shut; so a signal crosses any number of edges unchanged, and the rounds run until nothing changes.
2. Signals (random identities, or a mark at the node the action names) spread along open gates; a node keeps
   the largest value it has seen. The same weights serve every round.
3. Each candidate row reads its own nodes (never a pooled vector), and chooses: which edit, if any, with which
   of the action's arguments, and which exit code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from experiments.verisim.model.queries import Batch, Floats, Ints, Layout

Weights = Mapping[str, Floats]
ID_SEED = 20_260_602


class Answer(NamedTuple):
    """For each row and head the choice, and how unsure the least sure of them is."""

    choices: dict[str, Ints]
    doubt: Floats


def answer(weights: Weights, layout: Layout, batch: Batch) -> Answer:
    """Every head's choice for every row."""
    described = describe(weights, layout, batch, spread(weights, layout, batch))
    logits = score(weights, described)
    choices, doubt = {}, np.zeros(len(logits), np.float32)
    for name, where in layout.head_slices.items():
        part = logits[:, where]
        choices[name] = part.argmax(1)
        if name in ("op", "exit"):
            doubt = np.maximum(doubt, _entropy(part))
    return Answer(choices, doubt)


def gates(weights: Weights, batch: Batch) -> Floats:
    """How open each edge is, for every strand."""
    seen = np.tanh(batch.nodes @ weights["node.w"] + weights["node.b"])
    origin, target = seen @ weights["gate.from"], seen @ weights["gate.to"]
    kind = batch.edges[:, 2]
    hidden = np.maximum(origin[batch.edges[:, 0]] + target[batch.edges[:, 1]] + weights["gate.kind"][kind], 0)
    return 1 / (1 + np.exp(-(hidden @ weights["gate.w"] + weights["gate.type"][kind])))


def spread(weights: Weights, layout: Layout, batch: Batch) -> Floats:
    """The signals at rest, (node, strand, channel): at most one round for every node, usually a few."""
    signal = first_signal(layout, batch, np.random.default_rng(ID_SEED))
    if not len(batch.edges):
        return signal
    opened = gates(weights, batch) > 0.5
    for strand in range(layout.strands):
        edges = batch.edges[opened[:, strand]]
        if len(edges):
            signal[:, strand] = at_rest(signal[:, strand], edges)
    return signal


def at_rest(signal: Floats, edges: Ints) -> Floats:
    """Every node takes the largest value of those that reach it, until nothing changes."""
    edges = edges[np.argsort(edges[:, 1], kind="stable")]
    targets, first = np.unique(edges[:, 1], return_index=True)
    sources, signal = edges[:, 0], signal.copy()
    for _ in range(len(signal)):
        arriving = np.maximum.reduceat(signal[sources], first)
        here = signal[targets]
        if not (arriving > here).any():
            break
        signal[targets] = np.maximum(here, arriving)
    return signal


def first_signal(layout: Layout, batch: Batch, rng: np.random.Generator) -> Floats:
    """Exponential identities, whose maxima stay apart by about one however many nodes there are; and marks."""
    count = len(batch.nodes)
    signal = np.zeros((count, layout.strands, layout.ids + layout.marks), np.float32)
    signal[:, :, : layout.ids] = rng.standard_exponential((count, 1, layout.ids), np.float32)
    if layout.marks:
        signal[batch.roles[:, 0], :, layout.ids :] = 1
        signal[batch.nodes[:, 0] == 0, :, layout.ids :] = 0  # nowhere carries no mark
    return signal


def describe(weights: Weights, layout: Layout, batch: Batch, signal: Floats) -> Floats:
    """Everything a row knows: its action, its nodes, what holds between them, what reached them."""
    parts = [np.eye(layout.actions, dtype=np.float32)[batch.kinds], batch.bits]
    for role in range(layout.roles):
        here = batch.roles[:, role]
        parts.append(batch.nodes[here])
        if layout.marks:
            parts.append(signal[here, :, layout.ids :].reshape(len(here), -1))
    if layout.ids:
        one, other = (signal[batch.roles[:, role], :, : layout.ids] for role in (0, 1))
        parts.append(np.exp(-np.logaddexp(0, weights["apart"]) * np.abs(one - other).mean(2)))
    return np.concatenate(parts, 1).astype(np.float32)


def score(weights: Weights, described: Floats) -> Floats:
    hidden = np.maximum(described @ weights["row.w1"] + weights["row.b1"], 0)
    hidden = np.maximum(hidden @ weights["row.w2"] + weights["row.b2"], 0)
    return hidden @ weights["head.w"] + weights["head.b"]


def _entropy(logits: Floats) -> Floats:
    shifted = logits - logits.max(1, keepdims=True)
    logged = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -(np.exp(logged) * logged).sum(1)
