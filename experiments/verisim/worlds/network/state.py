"""A network as a value: hosts with services, deny-lists and links; open flows; a clock; the last exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from experiments.verisim.worlds.contract import Fact

Flow = tuple[int, int, int]
NOTHING: frozenset[int] = frozenset()


class Host(NamedTuple):
    """One host. `links` names its neighbours; a link is held by both of its ends."""

    up: bool = True
    ports: frozenset[int] = NOTHING
    denied: frozenset[int] = NOTHING
    links: frozenset[int] = NOTHING


class NetState:
    """Never changed once it is handed out. `labels` is a cache (see reach.py) and no part of the value."""

    __slots__ = ("clock", "exit", "flows", "hosts", "labels")

    def __init__(
        self,
        hosts: list[Host],
        flows: frozenset[Flow] = frozenset(),
        clock: int = 0,
        exit: int = 0,
        labels: list[int] | None = None,
    ) -> None:
        self.hosts = hosts
        self.flows = flows
        self.clock = clock
        self.exit = exit
        self.labels = labels

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, NetState)
            and self.exit == other.exit
            and self.clock == other.clock
            and self.flows == other.flows
            and self.hosts == other.hosts
        )

    def __hash__(self) -> int:
        return hash((tuple(self.hosts), self.flows, self.clock, self.exit))

    def __repr__(self) -> str:
        return f"NetState({to_json(self)})"


def links_of(state: NetState) -> list[tuple[int, int]]:
    """Every link once, smaller end first, sorted."""
    return [(a, b) for a, host in enumerate(state.hosts) for b in sorted(host.links) if a < b]


def facts_of(state: NetState) -> frozenset[Fact]:
    """A host's being up or down, and everything that is there."""
    found: list[Fact] = [("clock", state.clock), ("exit", state.exit)]
    for name, host in enumerate(state.hosts):
        found.append(("up", name, host.up))
        found += [("port", name, port) for port in host.ports]
        found += [("denied", name, source) for source in host.denied]
        found += [("link", name, other) for other in host.links if name < other]
    found += [("flow", *flow) for flow in state.flows]
    return frozenset(found)


def to_json(state: NetState) -> dict[str, Any]:
    return {
        "hosts": [{"up": h.up, "ports": sorted(h.ports), "denied": sorted(h.denied)} for h in state.hosts],
        "links": [list(link) for link in links_of(state)],
        "flows": [list(flow) for flow in sorted(state.flows)],
        "clock": state.clock,
        "exit": state.exit,
    }


def from_json(value: Mapping[str, Any]) -> NetState:
    links: list[set[int]] = [set() for _ in value["hosts"]]
    for a, b in value["links"]:
        links[a].add(b)
        links[b].add(a)
    hosts = [
        Host(bool(h["up"]), frozenset(h["ports"]), frozenset(h["denied"]), frozenset(near))
        for h, near in zip(value["hosts"], links, strict=True)
    ]
    flows = frozenset((s, d, p) for s, d, p in value["flows"])
    return NetState(hosts, flows, int(value["clock"]), int(value["exit"]))
