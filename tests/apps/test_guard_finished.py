"""The finished lab attacked as a whole: every page it has, what was added late, and what its users leave behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from apps.access import choose_access
from apps.guard import SignIn
from apps.lab import make_lab
from apps.registry import PUBLIC, existing
from apps.serving import Servers
from apps.shell import open_pages
from apps.status import Board
from tests.apps.test_guard_door import BEARER, routes
from tests.served import TOKEN, free_port
from tests.wire import ask, talk

MCP = (
    "/gradio_api/mcp",
    "/gradio_api/mcp/",
    "/gradio_api/mcp/sse",
    "/gradio_api/mcp/messages/",
    "/gradio_api/mcp/schema",
)
HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}  # fmt: skip
AGENT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Finished:
    ports: dict[str, int]
    servers: Servers
    sign_in: SignIn
    folder: Path

    @property
    def web(self) -> int:
        return self.ports["web"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """All pages at once, as `./lab --host 0.0.0.0` serves them."""
    apps = existing()
    ports = {app.name: free_port() for app in apps}
    access = choose_access(host="0.0.0.0", allow_hosts=["lab.test"], env={"NMA_TOKEN": TOKEN})
    folder = tmp_path_factory.mktemp("data")
    made = make_lab(data=folder, access=access, use_model=False, ports=ports)
    servers, sign_in = open_pages(apps, replace(made, board=Board(apps, ports)))
    yield Finished(ports, servers, sign_in, folder)
    servers.stop()


@pytest.fixture(autouse=True)
def fresh_slate(lab: Finished) -> None:
    lab.sign_in.throttle.__init__()  # type: ignore[misc]  # failures of one test must not slow the next


def test_every_route_of_every_page_asks_for_sign_in(lab: Finished) -> None:
    for (name, port), (server, _) in zip(lab.ports.items(), lab.servers._servers, strict=True):
        found = set(routes(server.config.app._app.app))
        assert len(found) > 60, name
        for method, path in sorted(found):
            assert ask(port, path, method=method, host="lab.test").status == 401, (name, method, path)


def test_what_was_added_late_is_behind_the_same_door(lab: Finished) -> None:
    late = [(method, path) for path in MCP for method in ("GET", "POST", "DELETE")]
    late += [("POST", f"/gradio_api/call/{name}") for name in PUBLIC]
    late += [("POST", f"/gradio_api/call/v2/{name}") for name in PUBLIC]
    late += [("GET", f"/gradio_api/call/{name}/0123456789abcdef") for name in PUBLIC]
    late += [("POST", f"/gradio_api/run/{name}") for name in PUBLIC]
    late += [
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/queue/data?session_hash=x"),
        ("GET", "/assets/plotly-x.js"),
    ]
    for method, path in late:
        assert ask(lab.web, path, method=method, host="lab.test", headers=AGENT).status == 401, (method, path)


def test_an_agent_wants_the_token_the_name_and_the_origin(lab: Finished) -> None:
    def hello(host: str = "lab.test", **more: str) -> int:
        body = json.dumps(HELLO).encode()
        return ask(lab.web, MCP[1], method="POST", host=host, headers={**AGENT, **more}, body=body).status

    assert hello() == 401
    assert hello("evil.example", **BEARER) == 421
    assert hello(Origin="http://evil.example", **BEARER) == 403
    assert hello(**BEARER) == 200


@pytest.mark.parametrize("path", ["/", "/gradio_api/mcp/", "/gradio_api/queue/join", "/gradio_api/call/navigate"])
def test_no_websocket_is_accepted_anywhere(lab: Finished, path: str) -> None:
    for name, port in lab.ports.items():
        raw = (
            f"GET {path} HTTP/1.1\r\nHost: lab.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert talk(port, raw.encode()).status == 401, name


def test_guessing_at_one_door_closes_them_all(lab: Finished) -> None:
    """Programs, agents and every page share one slate, so that a guesser gains nothing by changing doors."""
    doors = [(lab.web, MCP[1]), (lab.web, "/gradio_api/call/gates"), *((port, "/") for port in lab.ports.values())]
    guesses = [
        ask(port, path, method="POST", host="lab.test", headers={"Authorization": f"Bearer guess-{n}"}).status
        for n, (port, path) in enumerate(doors)
    ]
    assert guesses[:2] == [401, 401]
    assert set(guesses[3:]) == {429}
    assert ask(lab.web, "/config", host="lab.test", headers=BEARER).status == 429


def test_a_file_that_somebody_brought_is_not_given_to_strangers(lab: Finished) -> None:
    address = f"http://127.0.0.1:{lab.web}/gradio_api/upload"
    there = {"Host": "lab.test", **BEARER}
    (path,) = httpx.post(address, files={"files": ("diary.txt", b"mine")}, headers=there).json()
    for name, port in lab.ports.items():
        assert ask(port, f"/gradio_api/file={path}", host="lab.test").status == 401, name
    assert ask(lab.web, f"/gradio_api/file={path}", host="lab.test", headers=BEARER).body == b"mine"


def test_whoever_is_signed_in_is_not_given_the_data_folder_either(lab: Finished) -> None:
    (lab.folder / "memory.db").touch()
    for target in (lab.folder / "memory.db", lab.folder / "access.key", Path("/etc/passwd")):
        for name, port in lab.ports.items():
            reply = ask(port, f"/gradio_api/file={target}", host="lab.test", headers=BEARER)
            assert reply.status in (403, 404), (name, target)


@pytest.mark.parametrize("path", [MCP[1], "/gradio_api/call/navigate", "/gradio_api/run/predict"])
def test_words_of_agents_and_programs_are_bounded(lab: Finished, path: str) -> None:
    raw = (
        f"POST {path} HTTP/1.1\r\nHost: lab.test\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 8000001\r\n\r\n"
    )
    assert talk(lab.web, raw.encode()).status == 413
