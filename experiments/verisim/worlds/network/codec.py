"""A network and an action as a question to the edit-scoring arm, and its answer as a delta.

Nothing here knows what follows from what: a row names the hosts and the port the action names and says what
is there (up, listening, denied, linked, open). Which edit that makes, whether two hosts are joined, and
which flows survive is the network's to learn. The edits' arguments are pointers into the action.
"""

from __future__ import annotations

import numpy as np

from experiments.verisim.model.queries import Floats, Ints, Layout, Query
from experiments.verisim.worlds.contract import Action, Delta, Edit
from experiments.verisim.worlds.network.state import NetState
from experiments.verisim.worlds.network.text import SHAPES

ACTIONS = {name: place for place, name in enumerate(SHAPES)}
CANDIDATE = len(ACTIONS)  # the kind of a row that asks about one open flow
OPS = (
    "none", "host_up", "host_down", "link_add", "link_del", "port_add", "port_del",
    "deny_add", "deny_del", "flow_open", "flow_close", "clock",
)  # fmt: skip
OP_ID = {name: place for place, name in enumerate(OPS)}
LINK, FLOW, DENY = range(3)
BITS = 9
LAYOUT = Layout(
    world="network",
    actions=CANDIDATE + 1,
    node_features=2,
    edge_types=3,
    roles=2,
    bits=BITS,
    heads=(("op", len(OPS)), ("exit", 3), ("first", 2), ("second", 2)),
    ids=6,
)


def graph_of(state: NetState) -> tuple[Floats, Ints]:
    """Nodes and edges: the part of a question that does not depend on the action."""
    count = len(state.hosts)
    nodes = np.zeros((count + 1, 2), np.float32)
    nodes[:count, 0] = 1
    nodes[:count, 1] = [host.up for host in state.hosts]
    return nodes, edges_of(state)


def lay_out(
    state: NetState, action: Action, delta: Delta | None = None, graph: tuple[Floats, Ints] | None = None
) -> Query:
    """The question; with the true delta also its labels."""
    rows = rows_of(state, action)
    count = len(state.hosts)
    nodes, edges = graph or graph_of(state)
    kinds = np.full(len(rows), CANDIDATE, np.int64)
    kinds[0] = ACTIONS[action.name]
    roles = np.array([row[:2] for row in rows], np.int64)
    roles[(roles >= count) | (roles < 0)] = count
    bits = np.array([bits_of(state, *row) for row in rows], np.float32)
    return Query(nodes, edges, kinds, roles, bits, labels_of(rows, delta))


def rows_of(state: NetState, action: Action) -> list[tuple[int, int, int]]:
    """What the action names, and on `advance` every open flow: (host, host, port), −1 for none."""
    shape, args = SHAPES[action.name], action.args
    hosts = [value for value, kind in zip(args, shape, strict=True) if kind == "h"] + [-1, -1]
    main = (hosts[0], hosts[1], args[-1] if shape.endswith("p") else -1)
    return [main, *sorted(state.flows)] if action.name == "advance" else [main]


def edges_of(state: NetState) -> Ints:
    """Links both ways, flows and denials one way: which of them carry reachability is not said."""
    found = [(a, b, LINK) for a, host in enumerate(state.hosts) for b in host.links]
    found += [(src, dst, FLOW) for src, dst, _ in state.flows]
    found += [(source, a, DENY) for a, host in enumerate(state.hosts) for source in host.denied]
    return np.array(found, np.int64).reshape(-1, 3)


def bits_of(state: NetState, a: int, b: int, port: int) -> tuple[bool, ...]:
    count = len(state.hosts)
    one = state.hosts[a] if 0 <= a < count else None
    other = state.hosts[b] if 0 <= b < count else None
    return (
        a == b and a >= 0,
        b == -1,
        one is not None and port in one.ports,
        other is not None and port in other.ports,
        one is not None and b in one.denied,
        other is not None and a in other.denied,
        one is not None and b in one.links,
        (a, b, port) in state.flows,
        port == -1,
    )


def labels_of(rows: list[tuple[int, int, int]], delta: Delta | None) -> Ints:
    labels = np.full((len(rows), 4), -1, np.int64)
    if delta is None:
        return labels
    labels[:, 0] = OP_ID["none"]
    labels[0, 1] = delta[-1].args[0]
    at = {row: place for place, row in enumerate(rows)} if len(rows) > 1 else {}
    for op, args in delta[:-1]:
        place = at.get(args, 0) if op == "flow_close" else 0
        labels[place, 0] = OP_ID[op]
        hosts = args if op.startswith(("link", "deny")) else args[: 2 if op.startswith("flow") else 1]
        a, b, _ = rows[place]
        if op.startswith("link"):
            hosts = (a, b)  # a link has no first end
        if len(hosts) > 0 and a != b and op != "clock":
            labels[place, 2] = 0 if hosts[0] == a else 1
        if len(hosts) > 1 and a != b:
            labels[place, 3] = 0 if hosts[1] == a else 1
    return labels


def read(state: NetState, action: Action, choices: dict[str, Ints]) -> Delta:
    """The delta the choices spell."""
    edits: list[Edit] = []
    for row, op, first, second in zip(
        rows_of(state, action), choices["op"], choices["first"], choices["second"], strict=True
    ):
        name = OPS[op]
        if name == "none":
            continue
        one, other, port = row[first], row[second], row[2]
        if name == "clock":
            edits.append(Edit(name, ()))
        elif name.startswith("host"):
            edits.append(Edit(name, (one,)))
        elif name.startswith("link"):
            edits.append(Edit(name, (min(one, other), max(one, other))))
        elif name.startswith("deny"):
            edits.append(Edit(name, (one, other)))
        elif name.startswith("port"):
            edits.append(Edit(name, (one, port)))
        else:
            edits.append(Edit(name, (one, other, port)))
    return (*edits, Edit("exit", (int(choices["exit"][0]),)))
