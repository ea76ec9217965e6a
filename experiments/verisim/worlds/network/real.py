"""The same actions in the kernel: what our oracle is checked against.

A host is a network namespace with an address on its loopback, a link a pair of virtual interfaces, a service a
listening socket, a deny-list a set in nftables, a flow a TCP connection that is kept open. Whether somebody reaches
somebody is whether the kernel makes a connection.

Deliberate differences, made explicit here because the kernel does not decide them:
- finding a way through several links is the work of a routing daemon, which the kernel has not: after every change
  the neighbours each kernel says it hears are read, and the shortest ways installed;
- a host that is down has all its interfaces down; its links are still there when it comes back;
- a flow is broken if a new connection like it cannot be made (the kernel keeps an idle one for hours), and is closed
  at the next `advance`, not before; the clock is ours;
- a host denies those who come to it, never itself, and what it asked for itself may come back;
- hosts that do not exist, and links from a host to itself, are refused before the kernel is asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from experiments.verisim.worlds.contract import Action
from experiments.verisim.worlds.network.text import SHAPES

HOST = Path(__file__).with_name("real_host.py")
Flow = tuple[int, int, int]


def why_not() -> str:
    """Why this machine cannot play the network; empty if it can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    missing = [name for name in ("unshare", "nsenter", "ip", "nft") if shutil.which(name) is None]
    if missing:
        return f"not installed here: {', '.join(missing)}"
    script = (
        "ip link add name v0 type veth peer name v1 && nft add table inet world "
        "&& nft 'add set inet world s { type ipv4_addr; }' && echo 1 >/proc/sys/net/ipv4/ip_forward"
    )
    done = subprocess.run([*_alone(), "sh", "-c", script], capture_output=True, text=True, check=False)
    said = done.stderr.strip().splitlines()
    return f"the kernel refuses: {said[-1] if said else 'no reason given'}" if done.returncode else ""


def _alone() -> list[str]:
    """A namespace of one's own; without being root, in a user namespace of one's own."""
    return ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]


def address(host: int) -> str:
    return f"10.77.0.{host + 1}"


class RealNetwork:
    """Hosts as processes in namespaces; nothing outlives them, nothing outside them is touched."""

    def __init__(self, hosts: int) -> None:
        self.links: set[tuple[int, int]] = set()
        self.up = [True] * hosts
        self.flows: set[Flow] = set()
        self.exit = 0
        self._hosts: list[subprocess.Popen[str]] = []
        for number in range(hosts):
            enter = _alone()
            if number and os.geteuid():
                first = self._hosts[0].pid
                enter = ["nsenter", "--preserve-credentials", "-U", "-t", str(first), "unshare", "-n"]
            self._hosts.append(
                subprocess.Popen(
                    [*enter, sys.executable, "-I", str(HOST), address(number)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            self._answer(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for host in self._hosts:
            host.communicate()

    def _answer(self, host: int) -> Any:
        source = self._hosts[host].stdout
        assert source is not None
        return json.loads(source.readline())

    def _send(self, host: int, word: str, *arguments: Any) -> None:
        sink = self._hosts[host].stdin
        assert sink is not None
        sink.write(json.dumps([word, *arguments]) + "\n")
        sink.flush()

    def ask(self, host: int, word: str, *arguments: Any) -> Any:
        self._send(host, word, *arguments)
        return self._answer(host)

    def ask_all(self, word: str, arguments: list[list[Any]]) -> list[Any]:
        """The same of every host, all at once."""
        for host, mine in enumerate(arguments):
            self._send(host, word, *mine)
        return [self._answer(host) for host in range(len(arguments))]

    def step(self, action: Action) -> tuple[int, frozenset[Flow]]:
        """Do it in the kernel; the exit code and the flows that are open afterwards."""
        shape = SHAPES[action.name]
        named = [value for value, kind in zip(action.args, shape, strict=True) if kind == "h"]
        unknown = any(not 0 <= host < len(self._hosts) for host in named)
        if action.name == "close" and unknown:
            return 1, frozenset(self.flows)
        if unknown or (action.name.startswith("link") and named[0] == named[1]):
            return 2, frozenset(self.flows)
        said = getattr(self, "_" + action.name)(*action.args)
        return int(said or 0), frozenset(self.flows)

    def reached(self, ports: tuple[int, ...]) -> set[Flow]:
        """Everybody tries every port of everybody."""
        everyone = range(len(self._hosts))
        asked = [(dst, port) for dst in everyone for port in ports]
        told = self.ask_all("reaches", [[[(address(dst), port) for dst, port in asked]] for _ in everyone])
        return {(src, *asked[place]) for src, said in enumerate(told) for place, yes in enumerate(said) if yes}

    def _host_up(self, host: int) -> None:
        self.up[host] = True
        self.ask(host, "ip", "link set lo up", *(f"link set {name} up" for name in self._interfaces(host)))
        self._route()

    def _host_down(self, host: int) -> None:
        self.up[host] = False
        self.ask(host, "ip", "link set lo down", *(f"link set {name} down" for name in self._interfaces(host)))
        self._route()

    def _interfaces(self, host: int) -> list[str]:
        return [_interface(host, a + b - host) for a, b in sorted(self.links) if host in (a, b)]

    def _link_up(self, a: int, b: int) -> None:
        if (min(a, b), max(a, b)) in self.links:
            return
        self.links.add((min(a, b), max(a, b)))
        one, other = _interface(a, b), _interface(b, a)
        self.ask(a, "ip", f"link add name {one} type veth peer name {other} netns {self._hosts[b].pid}")
        for host, name in ((a, one), (b, other)):
            if self.up[host]:
                self.ask(host, "ip", f"link set {name} up")
        self._route()

    def _link_down(self, a: int, b: int) -> None:
        if (min(a, b), max(a, b)) in self.links:
            self.links.discard((min(a, b), max(a, b)))
            self.ask(a, "ip", f"link del {_interface(a, b)}")
            self._route()

    def _svc_up(self, host: int, port: int) -> None:
        self.ask(host, "listen", port)

    def _svc_down(self, host: int, port: int) -> None:
        self.ask(host, "unlisten", port)

    def _fw_deny(self, host: int, source: int) -> None:
        self.ask(host, "nft", f"add element inet world denied {{ {address(source)} }}")

    def _fw_allow(self, host: int, source: int) -> None:
        self.ask(host, "nft", f"delete element inet world denied {{ {address(source)} }}")

    def _connect(self, src: int, dst: int, port: int) -> int:
        made = self.ask(src, "connect", address(dst), port)
        if made:
            self.flows.add((src, dst, port))
        return 0 if made else 1

    def _close(self, src: int, dst: int, port: int) -> int:
        self.flows.discard((src, dst, port))
        return 0 if self.ask(src, "close", address(dst), port) else 1

    def _advance(self) -> None:
        for src, dst, port in sorted(self.flows):
            if not self.ask(src, "reaches", [(address(dst), port)])[0]:
                self._close(src, dst, port)

    def _route(self) -> None:
        """Shortest ways through what the kernels say they hear."""
        heard = self.ask_all("carriers", [[] for _ in self._hosts])
        near = [sorted(int(name.split("_")[1]) for name in names) for names in heard]
        self.ask_all("ip", [["route flush proto 77", *_ways(host, near)] for host in range(len(near))])


def _interface(host: int, other: int) -> str:
    return f"v{host}_{other}"


def _ways(host: int, near: list[list[int]]) -> list[str]:
    """For each host that can be reached the first step on a shortest way, as routes."""
    first = {other: other for other in near[host]}
    ahead = deque(near[host])
    while ahead:
        here = ahead.popleft()
        for other in near[here]:
            if other != host and other not in first:
                first[other] = first[here]
                ahead.append(other)
    return [
        f"route add {address(other)}/32 via {address(by)} dev {_interface(host, by)} onlink "
        f"src {address(host)} proto 77"
        for other, by in sorted(first.items())
    ]
