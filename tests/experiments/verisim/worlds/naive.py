"""The network's rules once more, as plain as they can be said: sets, a walk, no cache, nothing shared with ours."""

from __future__ import annotations

from experiments.verisim.worlds.contract import Action
from experiments.verisim.worlds.network.state import NetState, links_of


class Naive:
    def __init__(self, state: NetState) -> None:
        self.up = {h for h, it in enumerate(state.hosts) if it.up}
        self.ports = {(h, p) for h, it in enumerate(state.hosts) for p in it.ports}
        self.denied = {(h, s) for h, it in enumerate(state.hosts) for s in it.denied}
        self.links = {frozenset(link) for link in links_of(state)}
        self.flows = set(state.flows)
        self.count, self.clock, self.exit = len(state.hosts), state.clock, state.exit

    def reaches(self, s: int, d: int, p: int) -> bool:
        if s not in self.up or d not in self.up or (d, p) not in self.ports:
            return False
        if s == d:
            return True
        seen = {s}
        while True:
            more = {b for a in seen for b in self.up if b not in seen and frozenset((a, b)) in self.links}
            if not more:
                return d in seen and (d, s) not in self.denied
            seen |= more

    def act(self, action: Action) -> None:
        name, args = action
        hosts = [a for a in args[:2] if name not in ("svc_up", "svc_down")] or list(args[:1])
        if name != "close" and any(h >= self.count for h in hosts):
            self.exit = 2
            return
        self.exit = 0
        if name in ("link_up", "link_down") and args[0] == args[1]:
            self.exit = 2
        elif name == "connect":
            if self.reaches(*args):
                self.flows.add(args)
            else:
                self.exit = 1
        elif name == "close":
            self.exit = 0 if args in self.flows else 1
            self.flows.discard(args)
        elif name == "advance":
            self.clock += 1
            self.flows = {flow for flow in self.flows if self.reaches(*flow)}
        else:
            self._configure(name, args)

    def _configure(self, name: str, args: tuple[int, ...]) -> None:
        where, item, add = {
            "host_up": (self.up, args[0], True),
            "host_down": (self.up, args[0], False),
            "link_up": (self.links, frozenset(args), True),
            "link_down": (self.links, frozenset(args), False),
            "svc_up": (self.ports, args, True),
            "svc_down": (self.ports, args, False),
            "fw_deny": (self.denied, args, True),
            "fw_allow": (self.denied, args, False),
        }[name]
        where.add(item) if add else where.discard(item)  # type: ignore[attr-defined]

    def matches(self, state: NetState) -> bool:
        return vars(self) == vars(Naive(state))
