"""The worlds by name. A third one is its own folder and one line here."""

from __future__ import annotations

from experiments.verisim.worlds.contract import World
from experiments.verisim.worlds.filesystem import Filesystem
from experiments.verisim.worlds.network import Network, network
from nma13.errors import UsageError

WORLDS = ("filesystem", "network")


def make_world(name: str, hosts: int = 5, ports: int = 3) -> World:
    """A world by name; `hosts` and `ports` are the size of a network."""
    if name == "filesystem":
        return Filesystem()
    if name == "network":
        return network(hosts, ports)
    raise UsageError(f"there is no world «{name}». There are: {', '.join(WORLDS)}.")


__all__ = ["WORLDS", "Filesystem", "Network", "World", "make_world", "network"]
