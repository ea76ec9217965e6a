"""Which of the lab's pages are up: asked of all at once, remembered for two seconds."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from apps.registry import App
from nma13.config import LOOPBACK

FRESH_S = 2.0
ANSWER_WITHIN_S = 1.0  # a closed port refuses at once; only a busy machine needs this long
Probe = Callable[[str, int], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """One page and whether it answers."""

    app: App
    port: int
    up: bool


def probe(host: str, port: int) -> Mapping[str, Any] | None:
    """What `/healthz` says there, or None when nobody of ours answers."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read(4096))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) and "app" in answer else None


class Board:
    """Shared by all pages of a process, so that ten open browsers cost one round of questions."""

    def __init__(
        self,
        apps: Sequence[App],
        ports: Mapping[str, int],
        host: str = LOOPBACK,
        ask: Probe = probe,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._apps = tuple(apps)
        self._ports = ports
        self._host = host
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[Standing, ...] = ()
        self._asked_at = float("-inf")
        self._here: frozenset[str] = frozenset()

    def are_here(self, apps: Sequence[App]) -> None:
        """These are served by this very process, so nobody need be asked about them."""
        self._here = frozenset(app.name for app in apps)

    def unasked(self) -> tuple[Standing, ...]:
        """Every page, before anybody was asked: what the first paint shows, in its final size."""
        return tuple(Standing(app, self._port(app), up=app.name in self._here) for app in self._apps)

    def standings(self) -> tuple[Standing, ...]:
        """Every page with its standing, at most two seconds old."""
        with self._lock:  # those who come while the question is out wait for its answer
            if self._clock() - self._asked_at >= FRESH_S:
                with ThreadPoolExecutor(max(1, len(self._apps))) as pool:
                    self._known = tuple(pool.map(self._standing, self._apps))
                self._asked_at = self._clock()
            return self._known

    def _standing(self, app: App) -> Standing:
        if app.name in self._here:
            return Standing(app, self._port(app), up=True)
        answer = self._ask(self._host, self._port(app))
        return Standing(app, self._port(app), answer is not None and answer.get("app") == app.name)

    def _port(self, app: App) -> int:
        return self._ports[app.name]
