"""Who reaches whom, near-linear: connected components of the hosts that are up, kept along small changes.

`labels[h]` names the component of host h, and is DOWN for a host that is down. A state inherits its
parent's labels; `edits.py` repairs them locally, so that a change of one link does not cost a walk through
the whole network.
"""

from __future__ import annotations

from itertools import count

from experiments.verisim.worlds.network.state import Flow, NetState

DOWN = -1
_fresh = count()  # names of components; only their equality ever matters


def labels_of(state: NetState) -> list[int]:
    """The component of every host, computed once a state."""
    if state.labels is None:
        state.labels = _all_labels(state)
    return state.labels


def reaches(state: NetState, src: int, dst: int, port: int) -> bool:
    """Both up, dst listens, src is not denied there, and a path of links between hosts that are up."""
    hosts = state.hosts
    target, source = hosts[dst], hosts[src]
    if not (target.up and source.up and port in target.ports):
        return False
    if src == dst:
        return True
    if src in target.denied:
        return False
    if dst in source.links:
        return True
    labels = labels_of(state)
    return labels[src] == labels[dst]


def broken(state: NetState) -> list[Flow]:
    """The flows that no longer reach their destination, sorted."""
    if not state.flows:
        return []
    hosts, labels = state.hosts, labels_of(state)
    # Every flow is looked at in every advance: a comprehension, and a host taken apart once, are worth their looks.
    lost = [
        flow
        for flow in state.flows
        if labels[flow[0]] != (there := labels[flow[1]])
        or there == DOWN
        or flow[2] not in (target := hosts[flow[1]])[1]
        or (flow[0] in target[2] and flow[0] != flow[1])
    ]
    lost.sort()
    return lost


def matrix(state: NetState) -> dict[tuple[int, int], int]:
    """For every service (host, port) the set of hosts that reach it, as bits of one integer."""
    labels = labels_of(state)
    members: dict[int, int] = {}
    bit = 1
    for label in labels:
        members[label] = members.get(label, 0) | bit
        bit <<= 1
    found = {}
    for name, host in enumerate(state.hosts):
        if not host.ports:
            continue
        sources = 0
        if host.up:
            sources = members[labels[name]]
            for other in host.denied:
                if other != name:
                    sources &= ~(1 << other)
        for port in host.ports:
            found[name, port] = sources
    return found


def faithfulness(a: NetState, b: NetState) -> float:
    """Share of equal entries of both matrices; a service that is missing reaches nobody."""
    left, right = matrix(a), matrix(b)
    keys = left.keys() | right.keys()
    if not keys:
        return 1.0
    wrong = sum((left.get(key, 0) ^ right.get(key, 0)).bit_count() for key in keys)
    return 1.0 - wrong / (len(keys) * max(len(a.hosts), len(b.hosts)))


def joined(labels: list[int], ends: list[int]) -> list[int]:
    """The labels after the components of `ends` have become one."""
    names = {labels[end] for end in ends}
    if len(names) == 1:
        return labels
    keep = names.pop()
    return [keep if label in names else label for label in labels]


def parted(state: NetState, labels: list[int], a: int, b: int) -> list[int]:
    """The labels after a link between a and b went away: walk from both ends, stop when either is done."""
    hosts = state.hosts
    seen_a, seen_b = {a}, {b}
    edge_a, edge_b = [a], [b]
    while edge_a and edge_b:
        if len(seen_a) > len(seen_b):
            seen_a, seen_b, edge_a, edge_b = seen_b, seen_a, edge_b, edge_a
        ahead = []
        for here in edge_a:
            for near in hosts[here].links:
                if near in seen_b:
                    return labels
                if near not in seen_a and hosts[near].up:
                    seen_a.add(near)
                    ahead.append(near)
        edge_a = ahead
    name = next(_fresh)
    labels = labels.copy()
    for host in seen_b if edge_a else seen_a:
        labels[host] = name
    return labels


def fresh() -> int:
    return next(_fresh)


def _all_labels(state: NetState) -> list[int]:
    hosts = state.hosts
    labels = [DOWN] * len(hosts)
    for first, host in enumerate(hosts):
        if not host.up or labels[first] != DOWN:
            continue
        name = labels[first] = next(_fresh)
        edge = [first]
        while edge:
            for near in hosts[edge.pop()].links:
                if labels[near] == DOWN and hosts[near].up:
                    labels[near] = name
                    edge.append(near)
    return labels
