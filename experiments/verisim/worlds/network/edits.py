"""Edits of a network, and `apply`: total, and the only place where a next state comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from experiments.verisim.worlds.contract import Edit
from experiments.verisim.worlds.network.reach import DOWN, fresh, joined, parted
from experiments.verisim.worlds.network.state import Host, NetState

# What each edit's arguments are: h a host, p a port, x an exit code; all of them whole numbers.
SHAPES: dict[str, str] = {
    "host_up": "h",
    "host_down": "h",
    "link_add": "hh",
    "link_del": "hh",
    "port_add": "hp",
    "port_del": "hp",
    "deny_add": "hh",
    "deny_del": "hh",
    "flow_open": "hhp",
    "flow_close": "hhp",
    "clock": "",
    "exit": "x",
}


def fits(edit: Edit) -> bool:
    """Is it an edit of a network at all, whatever the state?"""
    shape = SHAPES.get(edit.op)
    return shape is not None and len(edit.args) == len(shape) and all(type(each) is int for each in edit.args)


def apply(state: NetState, delta: Iterable[Edit]) -> NetState:
    """The state after the edits, in order. Edits that name an unknown host, or say what is so already, do nothing."""
    new = NetState(state.hosts, state.flows, state.clock, state.exit, state.labels)
    for op, args in delta:
        APPLY[op](new, state, *args)
    if type(new.flows) is set:
        new.flows = frozenset(new.flows)
    return new


def _own(new: NetState, old: NetState) -> list[Host]:
    if new.hosts is old.hosts:
        new.hosts = old.hosts.copy()
    return new.hosts


def _exit(new: NetState, _old: NetState, code: int) -> None:
    new.exit = code


def _clock(new: NetState, _old: NetState) -> None:
    new.clock += 1


def _host_up(new: NetState, old: NetState, name: int) -> None:
    if not _known(new, name) or new.hosts[name].up:
        return
    _, ports, denied, links = new.hosts[name]
    hosts = _own(new, old)
    hosts[name] = Host(True, ports, denied, links)
    if new.labels is not None:
        labels = new.labels.copy()
        labels[name] = fresh()
        new.labels = joined(labels, [name, *(near for near in links if hosts[near].up)])


def _host_down(new: NetState, old: NetState, name: int) -> None:
    if not _known(new, name) or not new.hosts[name].up:
        return
    _, ports, denied, links = new.hosts[name]
    hosts = _own(new, old)
    hosts[name] = Host(False, ports, denied, links)
    if new.labels is not None:
        if sum(hosts[near].up for near in links) <= 1:
            new.labels = new.labels.copy()
            new.labels[name] = DOWN
        else:
            new.labels = None  # it may fall into many pieces: found out when somebody asks


def _link_add(new: NetState, old: NetState, a: int, b: int) -> None:
    if not _known(new, a, b) or a == b or b in new.hosts[a].links:
        return
    hosts = _own(new, old)
    one, other = hosts[a], hosts[b]
    hosts[a] = Host(one.up, one.ports, one.denied, one.links | {b})
    hosts[b] = Host(other.up, other.ports, other.denied, other.links | {a})
    if new.labels is not None and one.up and other.up:
        new.labels = joined(new.labels, [a, b])


def _link_del(new: NetState, old: NetState, a: int, b: int) -> None:
    if not _known(new, a, b) or b not in new.hosts[a].links:
        return
    hosts = _own(new, old)
    one, other = hosts[a], hosts[b]
    hosts[a] = Host(one.up, one.ports, one.denied, one.links - {b})
    hosts[b] = Host(other.up, other.ports, other.denied, other.links - {a})
    if new.labels is not None and one.up and other.up:
        new.labels = parted(new, new.labels, a, b)


def _port_add(new: NetState, old: NetState, name: int, port: int) -> None:
    if _known(new, name):
        host = new.hosts[name]
        _own(new, old)[name] = Host(host.up, host.ports | {port}, host.denied, host.links)


def _port_del(new: NetState, old: NetState, name: int, port: int) -> None:
    if _known(new, name):
        host = new.hosts[name]
        _own(new, old)[name] = Host(host.up, host.ports - {port}, host.denied, host.links)


def _deny_add(new: NetState, old: NetState, name: int, source: int) -> None:
    if _known(new, name, source):
        host = new.hosts[name]
        _own(new, old)[name] = Host(host.up, host.ports, host.denied | {source}, host.links)


def _deny_del(new: NetState, old: NetState, name: int, source: int) -> None:
    if _known(new, name):
        host = new.hosts[name]
        _own(new, old)[name] = Host(host.up, host.ports, host.denied - {source}, host.links)


def _flow_open(new: NetState, old: NetState, src: int, dst: int, port: int) -> None:
    if _known(new, src, dst):
        _own_flows(new, old).add((src, dst, port))


def _flow_close(new: NetState, old: NetState, src: int, dst: int, port: int) -> None:
    _own_flows(new, old).discard((src, dst, port))


def _own_flows(new: NetState, old: NetState) -> set[tuple[int, int, int]]:
    if new.flows is old.flows:
        new.flows = set(old.flows)  # type: ignore[assignment]  # frozen again when apply is done
    return new.flows  # type: ignore[return-value]


def _known(state: NetState, *names: int) -> bool:
    count = len(state.hosts)
    return all(0 <= name < count for name in names)


APPLY: dict[str, Callable[..., None]] = {
    "host_up": _host_up,
    "host_down": _host_down,
    "link_add": _link_add,
    "link_del": _link_del,
    "port_add": _port_add,
    "port_del": _port_del,
    "deny_add": _deny_add,
    "deny_del": _deny_del,
    "flow_open": _flow_open,
    "flow_close": _flow_close,
    "clock": _clock,
    "exit": _exit,
}
