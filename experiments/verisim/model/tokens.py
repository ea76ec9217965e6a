"""Networks as tokens for the source's arms: prompts, deltas, and the grammar that keeps decoding well formed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.verisim.model.queries import Floats, Ints
from experiments.verisim.worlds.contract import Action, Delta, Edit
from experiments.verisim.worlds.network import Network
from experiments.verisim.worlds.network.edits import SHAPES as EDITS  # `exit` is always last and ends a delta
from experiments.verisim.worlds.network.state import NetState, links_of
from experiments.verisim.worlds.network.text import SHAPES as ACTIONS

MARKS = ("pad", "up", "down", "denied", "link", "flow", "exit was", "action", "go")
EXITS = 3
LONGEST = 40


class Vocabulary:
    """Token numbers of a network of this size. Hosts are symbols here: it cannot grow after training."""

    def __init__(self, world: Network) -> None:
        self.world = world
        words: list[object] = [("mark", mark) for mark in MARKS]
        words += [("edit", name) for name in EDITS] + [("exit", code) for code in range(EXITS)]
        words += [("host", host) for host in range(world.hosts)] + [("port", port) for port in world.ports]
        words += [("action", name) for name in ACTIONS]
        self.id = {word: place for place, word in enumerate(words)}
        self.words = words
        self.size = len(words)

    def prompt(self, state: NetState, action: Action) -> list[int]:
        said: list[object] = []
        for name, host in enumerate(state.hosts):
            said += [("host", name), ("mark", "up" if host.up else "down")]
            said += [("port", port) for port in sorted(host.ports)]
            said += [each for other in sorted(host.denied) for each in (("mark", "denied"), ("host", other))]
        for a, b in links_of(state):
            said += [("mark", "link"), ("host", a), ("host", b)]
        for src, dst, port in sorted(state.flows):
            said += [("mark", "flow"), ("host", src), ("host", dst), ("port", port)]
        said += [("mark", "exit was"), ("exit", state.exit), ("mark", "action"), ("action", action.name)]
        said += self._arguments(ACTIONS[action.name], action.args)
        return [self.id[word] for word in [*said, ("mark", "go")]]

    def delta(self, delta: Delta) -> list[int]:
        said: list[object] = []
        for op, args in delta:
            said += [("edit", op), *self._arguments(EDITS[op], args)]
        return [self.id[word] for word in said]

    def _arguments(self, shape: str, args: Sequence[int]) -> list[object]:
        return [({"h": "host", "p": "port", "x": "exit"}[kind], value) for kind, value in zip(shape, args, strict=True)]

    def read(self, tokens: Sequence[int]) -> Delta:
        """The delta a grammatical run of tokens spells; an unfinished edit at the end is left out."""
        edits: list[Edit] = []
        left = [self.words[token] for token in tokens]
        while left:
            op = left.pop(0)[1]  # type: ignore[index]
            need = len(EDITS[op])
            if len(left) < need:
                break
            edits.append(Edit(op, tuple(word[1] for word in left[:need])))  # type: ignore[index]
            left = left[need:]
            if op == "exit":
                break
        return tuple(edits)

    def kind_after(self, tokens: Sequence[int]) -> str:
        """What may come next: an edit, one kind of argument, or nothing because the delta is complete."""
        place = 0
        while place < len(tokens):
            op = self.words[tokens[place]][1]  # type: ignore[index]
            shape = EDITS[op]
            here = len(tokens) - place - 1
            if here < len(shape):
                return shape[here]
            place += 1 + len(shape)
            if op == "exit":
                return ""
        return "e"

    def mask(self, kind: str) -> Floats:
        """0 where the grammar allows a token, −1e9 elsewhere."""
        wanted = {"e": "edit", "h": "host", "p": "port", "x": "exit"}.get(kind, "mark")
        return np.array([0.0 if word[0] == wanted else -1e9 for word in self.words], np.float32)  # type: ignore[index]


def dense(world: Network, state: NetState, action: Action, identity: bool) -> tuple[Floats, Floats, Floats]:
    """The pooled arm's view: node features, three N×N adjacencies, features of the whole.

    Without `identity` a node says what it listens on, whom it denies, and that it is the first or second host
    the action names; not which host it is. That is the source's featurisation.
    """
    n, ports = world.hosts, {port: place for place, port in enumerate(world.ports)}
    nodes = np.zeros((n, 1 + len(ports) + n + 2 + (n if identity else 0)), np.float32)
    adjacent = np.zeros((3, n, n), np.float32)
    for name, host in enumerate(state.hosts):
        nodes[name, 0] = host.up
        for port in host.ports:
            nodes[name, 1 + ports[port]] = 1
        for other in host.denied:
            nodes[name, 1 + len(ports) + other] = 1
        for other in host.links:
            adjacent[0, name, other] = 1
        if identity:
            nodes[name, -n + name] = 1
    named = [value for value, kind in zip(action.args, ACTIONS[action.name], strict=True) if kind == "h"]
    for place, name in enumerate(named):
        if name < n:
            nodes[name, 1 + len(ports) + n + place] = 1
    for src, dst, _ in state.flows:
        adjacent[1, dst, src] = adjacent[2, src, dst] = 1
    adjacent[0] += np.eye(n, dtype=np.float32)
    adjacent /= np.maximum(adjacent.sum(2, keepdims=True), 1)
    whole = np.zeros(len(ACTIONS) + len(ports) + 1 + EXITS, np.float32)
    whole[list(ACTIONS).index(action.name)] = 1
    if ACTIONS[action.name].endswith("p") and action.args[-1] in ports:
        whole[len(ACTIONS) + ports[action.args[-1]]] = 1
    whole[len(ACTIONS) + len(ports)] = np.log1p(state.clock)
    whole[-EXITS + state.exit] = 1
    return nodes, adjacent, whole


def padded(rows: Sequence[Sequence[int]]) -> Ints:
    """Rows of tokens of different length, filled up on the right with 0 (pad)."""
    longest = max(map(len, rows))
    return np.array([[*row, *([0] * (longest - len(row)))] for row in rows], np.int64)
