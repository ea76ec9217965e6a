"""Who acts on a network, and how: uniform, weighted, adversarial, coverage, and traffic with locality."""

from __future__ import annotations

import random
from itertools import islice

from experiments.verisim.worlds.contract import Action, weighted_choice
from experiments.verisim.worlds.network.state import NetState
from experiments.verisim.worlds.network.text import SHAPES
from experiments.verisim.worlds.network.topologies import plausible

WEIGHTS: dict[str, dict[str, float]] = {
    "uniform": dict.fromkeys(SHAPES, 1.0),
    "weighted": {
        **dict.fromkeys(SHAPES, 1.0),
        "link_up": 3.0,
        "svc_up": 3.0,
        "connect": 3.0,
        "advance": 1.5,
        "host_up": 0.5,
        "host_down": 0.5,
        "fw_allow": 0.5,
    },
    "adversarial": {
        **dict.fromkeys(SHAPES, 1.0),
        "link_down": 3.0,
        "fw_deny": 3.0,
        "advance": 3.0,
        "host_down": 2.0,
        "svc_down": 2.0,
        "connect": 1.5,
    },
    "coverage": dict.fromkeys(SHAPES, 1.0),
    "traffic": {
        **dict.fromkeys(SHAPES, 1.0),
        "connect": 5.0,
        "close": 2.0,
        "advance": 2.0,
        "link_up": 1.5,
        "host_down": 0.5,
    },
}


def draw(driver: str, state: NetState, ports: tuple[int, ...], rng: random.Random) -> Action:
    """The next action. In use (`traffic`), connections are asked for where a service is; elsewhere, anywhere."""
    name = weighted_choice(WEIGHTS[driver], rng)
    hosts = len(state.hosts)
    if name == "close" and state.flows and rng.random() < 0.7:
        return Action(name, _some_flow(state, rng))
    if driver == "traffic" and name == "connect" and rng.random() < 0.7:
        flow = plausible(state, rng)
        if flow:
            return Action(name, flow)
    if driver in ("traffic", "coverage") and rng.random() < 0.6:
        aimed = _aimed(name, state, rng)
        if aimed:
            return aimed
    if driver == "coverage":
        if name == "connect" and rng.random() < 0.5 and (flow := plausible(state, rng)):
            return Action(name, flow)
        return _anything(name, hosts, ports, rng)
    return _valid(name, hosts, ports, rng)


def _valid(name: str, hosts: int, ports: tuple[int, ...], rng: random.Random) -> Action:
    """Hosts that exist, never a link from a host to itself."""
    args = [rng.randrange(hosts) if kind == "h" else rng.choice(ports) for kind in SHAPES[name]]
    if SHAPES[name] == "hh" and args[0] == args[1] and hosts > 1:
        args[1] = (args[0] + rng.randrange(1, hosts)) % hosts
    return Action(name, tuple(args))


def _anything(name: str, hosts: int, ports: tuple[int, ...], rng: random.Random) -> Action:
    """Now and then a host that does not exist, or the same host twice."""
    args = [rng.randrange(hosts + (rng.random() < 0.15)) if kind == "h" else rng.choice(ports) for kind in SHAPES[name]]
    if SHAPES[name][:2] == "hh" and rng.random() < 0.15:
        args[1] = args[0]
    return Action(name, tuple(args))


def _aimed(name: str, state: NetState, rng: random.Random) -> Action | None:
    """Undo something that is there, or touch what a flow depends on, so that effects are not rare."""
    host = rng.randrange(len(state.hosts))
    it = state.hosts[host]
    if state.flows and name in ("svc_down", "fw_deny", "link_down", "host_down") and rng.random() < 0.3:
        src, dst, port = _some_flow(state, rng)
        host, it = dst, state.hosts[dst]
        if name == "svc_down":
            return Action(name, (dst, port))
        if name == "fw_deny":
            return Action(name, (dst, src))
    if name == "svc_down" and it.ports:
        return Action(name, (host, rng.choice(sorted(it.ports))))
    if name == "fw_allow" and it.denied:
        return Action(name, (host, rng.choice(sorted(it.denied))))
    if name in ("link_down", "link_up") and it.links:
        return Action(name, (host, rng.choice(sorted(it.links))))
    if name == "host_up":
        for other in range(host, min(host + 40, len(state.hosts))):
            if not state.hosts[other].up:
                return Action(name, (other,))
    return None


def _some_flow(state: NetState, rng: random.Random) -> tuple[int, int, int]:
    """One of the flows; of very many, one of the first 64 met: sorting them all would cost more than the step."""
    if len(state.flows) <= 64:
        return rng.choice(sorted(state.flows))
    # Integers hash to themselves, so a frozenset that came about in the same way lies the same in every process.
    return next(islice(state.flows, rng.randrange(64), None))
