"""Several ASGI apps in one process, each on its port: start together, stop together within two seconds."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from nma13.errors import LabError

HEADERS_WITHIN_S = 10.0
CONNECTIONS_AT_ONCE = 512
GRACE_S = 0.3  # what is being answered may finish; then open streams are hung up
STOP_WITHIN_S = 1.7
START_WITHIN_S = 20.0


class TimedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which by itself would wait for ever for the end of a request's headers."""

    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE:
            self._arm()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._disarm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def hang_up(self) -> None:
        """Close now; the app hears of a disconnect and ends its stream."""
        self.transport.abort()

    def _arm(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(HEADERS_WITHIN_S, self.hang_up)

    def _disarm(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


class Servers:
    """All pages of one process, on one event loop in a thread of its own."""

    def __init__(self, apps: Sequence[tuple[Any, socket.socket]]) -> None:
        self._servers = [(_server(app), listening) for app, listening in apps]
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Return when every page answers."""
        self._thread.start()
        deadline = time.monotonic() + START_WITHIN_S
        while not all(server.started for server, _ in self._servers):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise LabError(
                    "the pages did not start; your data was not touched. The lines above say why."
                ) from self._failure
            time.sleep(0.01)

    def stop(self) -> None:
        """Let what is being answered finish, hang up the rest, and return even if a handler is stuck."""
        for server, _ in self._servers:
            server.should_exit = True
        self._thread.join(GRACE_S)
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hang_up)
            self._thread.join(STOP_WITHIN_S - GRACE_S)
        for _, listening in self._servers:
            listening.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - carried to the thread that called start()
            self._failure = failure

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(*(server.serve(sockets=[listening]) for server, listening in self._servers))

    def _hang_up(self) -> None:
        for server, _ in self._servers:
            for connection in list(server.server_state.connections):
                connection.hang_up()  # type: ignore[union-attr]


def _server(app: Any) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=TimedProtocol,
            ws="none",  # no page uses WebSockets, so none are spoken
            proxy_headers=False,  # the guard alone decides what a proxy may say
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="on",
            limit_concurrency=CONNECTIONS_AT_ONCE,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=1,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything heavy is imported; OSError when the port is busy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only where it is: 40 ms for every answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(256)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
