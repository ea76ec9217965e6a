"""Networks worth starting from: shapes of links, services, deny-lists, and traffic with locality."""

from __future__ import annotations

import random
from collections.abc import Callable

from experiments.verisim.worlds.network.reach import reaches
from experiments.verisim.worlds.network.state import Flow, Host, NetState

Links = set[tuple[int, int]]
FLOWS_PER_HOST = 2.5
LOCAL = 0.8  # how much of the traffic stays within a few links


def line(n: int, _rng: random.Random) -> Links:
    return {(i, i + 1) for i in range(n - 1)}


def star(n: int, _rng: random.Random) -> Links:
    return {(0, i) for i in range(1, n)}


def tree(n: int, rng: random.Random) -> Links:
    return {(rng.randrange(max(0, i - 6), i), i) for i in range(1, n)}


def fat_tree(n: int, rng: random.Random) -> Links:
    """A tenth of the hosts are a core, joined in a ring; every other hangs on two of them."""
    core = min(n, max(2, n // 10))
    ring = {(i, (i + 1) % core) for i in range(core)}
    return ring | {(up, i) for i in range(core, n) for up in rng.sample(range(core), 2)}


def gnp(n: int, rng: random.Random) -> Links:
    """Random links, three ends a host on average, drawn by count so that the cost stays linear."""
    return {(rng.randrange(n), rng.randrange(n)) for _ in range(3 * n // 2)}


def small_world(n: int, rng: random.Random) -> Links:
    """A ring with neighbours of neighbours, a tenth of the links thrown far away."""
    near = [(i, (i + k) % n) for i in range(n) for k in (1, 2)]
    return {(a, rng.randrange(n) if rng.random() < 0.1 else b) for a, b in near}


def islands(n: int, rng: random.Random) -> Links:
    """Two to four networks that know nothing of each other, each a tree with a few more links."""
    home = [rng.randrange(rng.randint(2, 4)) for _ in range(n)]
    found = set()
    for island in range(4):
        hosts = [host for host in range(n) if home[host] == island]
        found |= {(hosts[rng.randrange(i)], hosts[i]) for i in range(1, len(hosts))}
        found |= {(rng.choice(hosts), rng.choice(hosts)) for _ in range(len(hosts) // 3)}
    return found


TOPOLOGIES: dict[str, Callable[[int, random.Random], Links]] = {
    "line": line,
    "star": star,
    "tree": tree,
    "fat-tree": fat_tree,
    "gnp": gnp,
    "small-world": small_world,
    "islands": islands,
}


def populated(kind: str, n: int, ports: tuple[int, ...], rng: random.Random) -> NetState:
    """A network in use: most hosts up, half of them serving, some sources denied, flows open, a few of them broken."""
    near: list[set[int]] = [set() for _ in range(n)]
    for a, b in sorted(TOPOLOGIES[kind](n, rng)):
        if a != b and rng.random() > 0.03:
            near[a].add(b)
            near[b].add(a)
    hosts = [
        Host(
            rng.random() > 0.04,
            frozenset(rng.sample(ports, min(len(ports), rng.randint(1, 2))) if rng.random() < 0.5 else ()),
            frozenset(rng.randrange(n) for _ in range(rng.choice((0, 0, 1, 2)))),
            frozenset(links),
        )
        for links in near
    ]
    state = NetState(hosts)
    flows = set(_traffic(state, int(FLOWS_PER_HOST * n), rng))
    return NetState(hosts, frozenset(flows), rng.randrange(20), 0)


def _traffic(state: NetState, wanted: int, rng: random.Random) -> list[Flow]:
    """Flows that were opened while they could be; one in twelve is left over from before something changed."""
    found = []
    for _ in range(2 * wanted):
        flow = plausible(state, rng)
        if flow and (reaches(state, *flow) or rng.random() < 1 / 12):
            found.append(flow)
        if len(found) == wanted:
            break
    return found


def plausible(state: NetState, rng: random.Random) -> Flow | None:
    """A source and a service, near by most of the time; None if a few looks found no service."""
    hosts = state.hosts
    src = rng.randrange(len(hosts))
    for _ in range(12):
        dst = _walk(state, src, rng) if rng.random() < LOCAL else rng.randrange(len(hosts))
        if hosts[dst].ports:
            return src, dst, rng.choice(sorted(hosts[dst].ports))
    return None


def _walk(state: NetState, start: int, rng: random.Random) -> int:
    here = start
    for _ in range(rng.randint(1, 4)):
        links = state.hosts[here].links
        if not links:
            break
        here = rng.choice(sorted(links)) if len(links) < 40 else next(iter(links))
    return here
