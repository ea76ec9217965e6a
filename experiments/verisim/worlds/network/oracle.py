"""The truth about a network: for each action the edits it makes, the exit code last.

Exit codes: 0 done (also when nothing had to change), 1 not reachable or no such flow, 2 a host that does
not exist or a link from a host to itself. `close` asks for the flow alone: where there is none it is 1, whoever
is named. A broken flow stays until the next `advance`.
"""

from __future__ import annotations

from collections.abc import Callable

from experiments.verisim.worlds.contract import Action, Delta, Edit, Step
from experiments.verisim.worlds.network.edits import apply
from experiments.verisim.worlds.network.reach import broken, reaches
from experiments.verisim.worlds.network.state import NetState

DONE, FAILED, OFF = (Edit("exit", (code,)) for code in range(3))
CLOCK = Edit("clock", ())


def step(state: NetState, action: Action) -> Step:
    """One action, exactly."""
    delta = RULES[action.name](state, *action.args)
    return Step(apply(state, delta), delta)


def _host_up(state: NetState, name: int) -> Delta:
    if not 0 <= name < len(state.hosts):
        return (OFF,)
    return (DONE,) if state.hosts[name].up else (Edit("host_up", (name,)), DONE)


def _host_down(state: NetState, name: int) -> Delta:
    if not 0 <= name < len(state.hosts):
        return (OFF,)
    return (Edit("host_down", (name,)), DONE) if state.hosts[name].up else (DONE,)


def _link_up(state: NetState, a: int, b: int) -> Delta:
    if not (0 <= a < len(state.hosts) and 0 <= b < len(state.hosts)) or a == b:
        return (OFF,)
    return (DONE,) if b in state.hosts[a].links else (Edit("link_add", (a, b) if a < b else (b, a)), DONE)


def _link_down(state: NetState, a: int, b: int) -> Delta:
    if not (0 <= a < len(state.hosts) and 0 <= b < len(state.hosts)) or a == b:
        return (OFF,)
    return (Edit("link_del", (a, b) if a < b else (b, a)), DONE) if b in state.hosts[a].links else (DONE,)


def _svc_up(state: NetState, name: int, port: int) -> Delta:
    if not 0 <= name < len(state.hosts):
        return (OFF,)
    return (DONE,) if port in state.hosts[name].ports else (Edit("port_add", (name, port)), DONE)


def _svc_down(state: NetState, name: int, port: int) -> Delta:
    if not 0 <= name < len(state.hosts):
        return (OFF,)
    return (Edit("port_del", (name, port)), DONE) if port in state.hosts[name].ports else (DONE,)


def _fw_deny(state: NetState, name: int, source: int) -> Delta:
    if not (0 <= name < len(state.hosts) and 0 <= source < len(state.hosts)):
        return (OFF,)
    return (DONE,) if source in state.hosts[name].denied else (Edit("deny_add", (name, source)), DONE)


def _fw_allow(state: NetState, name: int, source: int) -> Delta:
    if not (0 <= name < len(state.hosts) and 0 <= source < len(state.hosts)):
        return (OFF,)
    return (Edit("deny_del", (name, source)), DONE) if source in state.hosts[name].denied else (DONE,)


def _connect(state: NetState, src: int, dst: int, port: int) -> Delta:
    if not (0 <= src < len(state.hosts) and 0 <= dst < len(state.hosts)):
        return (OFF,)
    if not reaches(state, src, dst, port):
        return (FAILED,)
    flow = (src, dst, port)
    return (DONE,) if flow in state.flows else (Edit("flow_open", flow), DONE)


def _close(state: NetState, src: int, dst: int, port: int) -> Delta:
    flow = (src, dst, port)
    return (Edit("flow_close", flow), DONE) if flow in state.flows else (FAILED,)


def _advance(state: NetState) -> Delta:
    return (CLOCK, *[Edit("flow_close", flow) for flow in broken(state)], DONE)


RULES: dict[str, Callable[..., Delta]] = {
    "host_up": _host_up,
    "host_down": _host_down,
    "link_up": _link_up,
    "link_down": _link_down,
    "svc_up": _svc_up,
    "svc_down": _svc_down,
    "fw_deny": _fw_deny,
    "fw_allow": _fw_allow,
    "connect": _connect,
    "close": _close,
    "advance": _advance,
}
