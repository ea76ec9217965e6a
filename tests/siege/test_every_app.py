"""Every page of the lab off loopback, hosted as `./lab` hosts them: nobody without a login sees anything of any."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.access import choose_access
from apps.lab import make_lab
from apps.registry import existing
from apps.shell import open_pages
from apps.status import Board
from tests.apps.test_guard_door import routes
from tests.served import TOKEN, free_port
from tests.wire import ask, talk

pytestmark = pytest.mark.slow
NAMES = [app.name for app in existing()]
HOST = {"host": "lab.test"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, Any]]]:
    ports = {name: free_port() for name in NAMES}
    access = choose_access(host="0.0.0.0", allow_hosts=["lab.test"], env={"NMA_TOKEN": TOKEN})
    lab = make_lab(data=tmp_path_factory.mktemp("data"), access=access, use_model=False, ports=ports)
    lab = replace(lab, board=Board(existing(), ports))
    servers, _ = open_pages(existing(), lab)
    inner = [server.config.app._app.app for server, _ in servers._servers]
    yield {name: (ports[name], app) for name, app in zip(NAMES, inner, strict=True)}
    servers.stop()


@pytest.mark.parametrize("name", NAMES)
def test_every_route_of_every_page_asks_who_is_there(pages: dict[str, tuple[int, Any]], name: str) -> None:
    port, app = pages[name]
    found = set(routes(app))
    assert len(found) > 60
    for method, path in sorted(found):
        reply = ask(port, path, method=method, **HOST)
        assert reply.status == 401, (method, path)
    assert ask(port, "/healthz", **HOST).status == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_signed_in_page_answers_and_other_names_and_origins_do_not(
    pages: dict[str, tuple[int, Any]], name: str
) -> None:
    port, _ = pages[name]
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(port, "/config", headers=bearer, **HOST).status == 200
    assert ask(port, "/config", headers=bearer, host="evil.example").status == 421
    assert ask(port, "/config", headers=bearer, host=f"{socket.gethostname()}.evil.example").status == 421
    assert ask(port, "/config", headers=bearer | {"Origin": "http://evil.example"}, **HOST).status == 403
    assert ask(port, "/config", headers=bearer | {"Origin": "null"}, **HOST).status == 403


@pytest.mark.parametrize("name", NAMES)
def test_oversized_bodies_and_websockets_are_refused_by_every_page(
    pages: dict[str, tuple[int, Any]], name: str
) -> None:
    port, _ = pages[name]
    head = f"Host: lab.test\r\nAuthorization: Bearer {TOKEN}\r\n"
    large = f"POST /gradio_api/queue/join HTTP/1.1\r\n{head}Content-Length: 10000000\r\n\r\n"
    assert talk(port, large.encode()).status == 413
    key = base64.b64encode(os.urandom(16)).decode()
    shake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    assert talk(port, f"GET / HTTP/1.1\r\nHost: lab.test\r\n{shake}{key}\r\n\r\n".encode()).status == 401
    assert talk(port, f"GET / HTTP/1.1\r\n{head}{shake}{key}\r\n\r\n".encode()).status != 101


def test_a_crowd_of_slow_clients_keeps_nobody_else_waiting(pages: dict[str, tuple[int, Any]]) -> None:
    """A hundred connections that drip a header or a body, and one honest visitor meanwhile."""
    port, _ = pages["web"]
    begin = b"GET / HTTP/1.1\r\nHost: lab.test\r\nX-Slow: "
    body = (
        f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: lab.test\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Length: 5000\r\n\r\n{"
    ).encode()
    crowd = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(100)]
    try:
        for number, one in enumerate(crowd):
            one.sendall(begin if number % 2 else body)
        waits = []
        for _ in range(5):
            for one in crowd:
                one.sendall(b"x")
            began = time.monotonic()
            assert ask(port, "/healthz", **HOST).status == 200
            waits.append(time.monotonic() - began)
        assert sorted(waits)[2] < 2, waits
    finally:
        for one in crowd:
            one.close()
