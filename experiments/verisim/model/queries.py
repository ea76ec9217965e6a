"""A question to the edit-scoring arm as arrays: a small typed graph and candidate rows; batches by plain gathers.

A world's codec lays a (state, action) out as a `Query`. `Bank` keeps many of them end to end, so that a
batch of any size is a handful of NumPy gathers and no Python loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a world's questions look like; sizes only, so one network serves every world."""

    world: str
    actions: int
    node_features: int
    edge_types: int
    roles: int
    bits: int
    heads: tuple[tuple[str, int], ...]
    ids: int = 0
    """Random identities each strand carries, for «are these two joined?»."""
    marks: int = 0
    """Marks each strand carries from the node in role 0, for «what is below it?»."""

    @property
    def strands(self) -> int:
        """Signals spread side by side; each begins with one type of edge open and learns which to open or shut."""
        return self.edge_types

    @property
    def width(self) -> int:
        """How long the description of a row is."""
        return self.actions + self.bits + self.roles * (self.node_features + self.strands * self.marks) + self._pairs

    @property
    def _pairs(self) -> int:
        return self.strands if self.ids else 0

    @property
    def head_slices(self) -> dict[str, slice]:
        found, start = {}, 0
        for name, size in self.heads:
            found[name] = slice(start, start + size)
            start += size
        return found


class Query(NamedTuple):
    """One question. The last node of a query stands for «nowhere»: a role that names nothing."""

    nodes: Floats
    """Features of each node."""
    edges: Ints
    """Columns: from, to, type."""
    kinds: Ints
    """The action of each row."""
    roles: Ints
    """The nodes each row is about, by role."""
    bits: Floats
    """What holds between the nodes of a row."""
    labels: Ints
    """The right choice of each head, −1 where it does not matter."""


class Batch(NamedTuple):
    """Several queries as one graph that falls into pieces. `owner` says which query a row belongs to."""

    nodes: Floats
    edges: Ints
    kinds: Ints
    roles: Ints
    bits: Floats
    labels: Ints
    owner: Ints


def join(queries: Sequence[Query]) -> Batch:
    """A batch of all of them, in order."""
    counts = [len(query.nodes) for query in queries]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    edges = np.concatenate([query.edges for query in queries])
    shift = np.repeat(starts, [len(query.edges) for query in queries])
    rows = [len(query.kinds) for query in queries]
    return Batch(
        np.concatenate([query.nodes for query in queries]),
        np.column_stack([edges[:, 0] + shift, edges[:, 1] + shift, edges[:, 2]]),
        np.concatenate([query.kinds for query in queries]),
        np.concatenate([query.roles for query in queries]) + np.repeat(starts, rows)[:, None],
        np.concatenate([query.bits for query in queries]),
        np.concatenate([query.labels for query in queries]),
        np.repeat(np.arange(len(queries)), rows),
    )


class Bank:
    """Many queries, laid end to end once."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self.size = len(queries)
        self._node_at = _starts([len(query.nodes) for query in queries])
        self._edge_at = _starts([len(query.edges) for query in queries])
        self._row_at = _starts([len(query.kinds) for query in queries])
        self._nodes = np.concatenate([query.nodes for query in queries])
        self._edges = np.concatenate([query.edges for query in queries])
        self._kinds = np.concatenate([query.kinds for query in queries])
        self._roles = np.concatenate([query.roles for query in queries])
        self._bits = np.concatenate([query.bits for query in queries])
        self._labels = np.concatenate([query.labels for query in queries])

    def digest(self) -> str:
        """A hash of everything that is asked and answered here."""
        found = sha256()
        for part in (self._nodes, self._edges, self._kinds, self._roles, self._bits, self._labels):
            found.update(np.ascontiguousarray(part).tobytes())
        return found.hexdigest()

    def batch(self, chosen: Ints) -> Batch:
        """The chosen queries as one batch."""
        nodes, node_counts = _ranges(self._node_at, chosen)
        edges, edge_counts = _ranges(self._edge_at, chosen)
        rows, row_counts = _ranges(self._row_at, chosen)
        starts = _starts(node_counts)[:-1]
        taken = self._edges[edges]
        taken[:, :2] += np.repeat(starts, edge_counts)[:, None]
        return Batch(
            self._nodes[nodes],
            taken,
            self._kinds[rows],
            self._roles[rows] + np.repeat(starts, row_counts)[:, None],
            self._bits[rows],
            self._labels[rows],
            np.repeat(np.arange(len(chosen)), row_counts),
        )


def _starts(counts: Sequence[int] | Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(np.asarray(counts, dtype=np.int64))]).astype(np.int64)


def _ranges(starts: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """All places of the chosen pieces, one after another, and how many each has."""
    counts = starts[chosen + 1] - starts[chosen]
    offsets = np.repeat(starts[chosen] - _starts(counts)[:-1], counts)
    return np.arange(counts.sum()) + offsets, counts
