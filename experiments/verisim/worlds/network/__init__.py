"""The network world behind the common contract."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.verisim.worlds.contract import Action, Edit, Fact, Step
from experiments.verisim.worlds.network import drivers, edits, oracle, text, topologies
from experiments.verisim.worlds.network import state as states
from experiments.verisim.worlds.network.state import Host, NetState

PORTS = (22, 80, 443, 53, 8080, 3306, 5432, 6379, 9200, 25, 110, 143)


@dataclass(frozen=True, slots=True)
class Network:
    """`hosts` hosts h0, h1, … and the first few of the usual ports."""

    hosts: int = 5
    ports: tuple[int, ...] = PORTS[:3]
    name: str = "network"
    drivers: tuple[str, ...] = tuple(drivers.WEIGHTS)
    starts: tuple[str, ...] = ("empty", *topologies.TOPOLOGIES)

    def initial(self) -> NetState:
        return NetState([Host()] * self.hosts)

    def start(self, kind: str, rng: random.Random) -> NetState:
        return self.initial() if kind == "empty" else topologies.populated(kind, self.hosts, self.ports, rng)

    def parse(self, line: str) -> Action:
        return text.parse(line)

    def line(self, action: Action) -> str:
        return text.line(action)

    def step(self, state: NetState, action: Action) -> Step:
        return oracle.step(state, action)

    def apply(self, state: NetState, delta: Iterable[Edit]) -> NetState:
        return edits.apply(state, delta)

    def fits(self, edit: Edit) -> bool:
        return edits.fits(edit)

    def draw(self, driver: str, state: NetState, rng: random.Random) -> Action:
        return drivers.draw(driver, state, self.ports, rng)

    def facts(self, state: NetState) -> frozenset[Fact]:
        return states.facts_of(state)

    def to_json(self, state: NetState) -> dict[str, Any]:
        return states.to_json(state)

    def from_json(self, value: Mapping[str, Any]) -> NetState:
        return states.from_json(value)

    def parts(self, state: NetState) -> Sequence[int]:
        return range(len(state.hosts))

    def references(self, fact: Fact) -> frozenset[Hashable]:
        kind, *rest = fact
        named = {"up": 1, "port": 1, "denied": 2, "link": 2, "flow": 2}.get(str(kind), 0)
        return frozenset(rest[:named])

    def probe(self, truth: NetState, belief: NetState, part: Hashable) -> tuple[NetState, int]:
        """Everything one host knows: itself, its links, the flows that begin or end there."""
        host = int(str(part))
        seen, thought = truth.hosts[host], belief.hosts[host]
        hosts = belief.hosts.copy()
        for other in seen.links ^ thought.links:
            it = hosts[other]
            hosts[other] = Host(it.up, it.ports, it.denied, it.links ^ {host})
        hosts[host] = seen
        mine = {flow for flow in truth.flows if host in flow[:2]}
        flows = frozenset({flow for flow in belief.flows if host not in flow[:2]} | mine)
        revealed = 1 + len(seen.ports) + len(seen.denied) + len(seen.links) + len(mine)
        return NetState(hosts, flows, belief.clock, belief.exit), revealed

    def flip(self, state: NetState, rng: random.Random) -> Edit:
        a, b = rng.randrange(len(state.hosts)), rng.randrange(len(state.hosts))
        kind = rng.choice(("host", "port", "deny", "link", "flow"))
        if kind == "flow" and state.flows:
            return Edit("flow_close", rng.choice(sorted(state.flows)))
        if kind == "link" and a != b:
            return Edit("link_del" if b in state.hosts[a].links else "link_add", (min(a, b), max(a, b)))
        if kind == "deny":
            return Edit("deny_del" if b in state.hosts[a].denied else "deny_add", (a, b))
        if kind == "port":
            port = rng.choice(self.ports)
            return Edit("port_del" if port in state.hosts[a].ports else "port_add", (a, port))
        return Edit("host_down" if state.hosts[a].up else "host_up", (a,))


def network(hosts: int = 5, ports: int = 3) -> Network:
    """A network of this size with the first `ports` of the usual ports."""
    return Network(hosts, PORTS[:ports])
