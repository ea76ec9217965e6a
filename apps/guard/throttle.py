"""Slows guessing down: per client and over all clients, in bounded memory."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_TRIES = 3
LONGEST_WAIT_S = 300.0
CLIENTS_REMEMBERED = 1024
# Over all clients together: this many failures at once, then one more every five seconds.
# A crowd of addresses, or one that outgrows the memory above, is held by this alone.
BURST = 30.0
REFILL_PER_S = 0.2


@dataclass(slots=True)
class _Record:
    failures: int = 0
    not_before: float = 0.0


class Throttle:
    """Ask `wait` before looking at a password; tell it afterwards with `failed` or `succeeded`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._clients: OrderedDict[str, _Record] = OrderedDict()
        self._level = 0.0
        self._level_at = clock()

    def wait(self, client: str) -> float:
        """Seconds until this client may try again; 0 means now."""
        record = self._clients.get(_group(client))
        own = record.not_before - self._clock() if record else 0.0
        everybody = (self._drain() + 1.0 - BURST) / REFILL_PER_S
        return max(own, everybody, 0.0)

    def failed(self, client: str) -> None:
        """Each failure beyond the free ones doubles the wait."""
        key = _group(client)
        record = self._clients.pop(key, None) or _Record()
        record.failures += 1
        if record.failures >= FREE_TRIES:
            delay = min(2.0 ** (record.failures - FREE_TRIES), LONGEST_WAIT_S)
            record.not_before = self._clock() + delay
        self._clients[key] = record  # newest at the end; the oldest goes first
        while len(self._clients) > CLIENTS_REMEMBERED:
            self._clients.popitem(last=False)
        self._level = self._drain() + 1.0

    def succeeded(self, client: str) -> None:
        """The right word wipes this client's slate, not the crowd's."""
        self._clients.pop(_group(client), None)

    def _drain(self) -> float:
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._level_at) * REFILL_PER_S)
        self._level_at = now
        return self._level


def _group(client: str) -> str:
    """One client a line: an IPv6 household owns 2^64 addresses, so its /64 counts as one."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
