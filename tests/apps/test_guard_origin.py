"""Where from: host names, origins, other sites, forwarded headers; real requests to really served pages."""

from __future__ import annotations

import base64
import json
import os

import pytest

from tests.served import Served
from tests.wire import ask, talk

MULTIPART = "multipart/form-data; boundary=xx"
FORM = b'--xx\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nabc\r\n--xx--\r\n'


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "localhost.", "a@127.0.0.1"],
)
def test_a_foreign_host_name_is_refused(local: Served, host: str) -> None:
    raw = f"GET /config HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert talk(local.web, raw.encode()).status in (400, 421)


def test_two_host_headers_and_none_at_all_are_refused(local: Served) -> None:
    twice = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{local.web}\r\nHost: evil.example\r\n\r\n"
    assert talk(local.web, twice.encode()).status == 400
    assert talk(local.web, b"GET / HTTP/1.0\r\n\r\n").status == 421


@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/gradio_api/info"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://[::1",
        "https://127.0.0.1",
        "http://localhost",
        "file://",
        "x",
    ],
)
def test_a_foreign_origin_is_refused(local: Served, path: str, origin: str) -> None:
    reply = ask(local.web, path, headers={"Origin": origin})
    assert reply.status == 403
    assert not [name for name, _ in reply.headers if name.startswith("access-control")]


def test_our_own_origin_passes_and_cors_headers_never_leave(local: Served) -> None:
    for host in ("127.0.0.1", "localhost"):
        name = f"{host}:{local.web}"
        reply = ask(local.web, "/config", host=name, headers={"Origin": f"http://{name}"})
        assert reply.status == 200
        assert not [key for key, _ in reply.headers if key.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_link_to_a_page_and_nothing_else(local: Served, site: str) -> None:
    def fetch(path: str, mode: str, dest: str, method: str = "GET") -> int:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        return ask(local.web, path, method=method, headers=headers).status

    assert fetch("/?tab=memory", "navigate", "document") == 200
    assert fetch("/", "navigate", "iframe") == 403
    assert fetch("/config", "no-cors", "image") == 403
    assert fetch("/gradio_api/heartbeat/x", "navigate", "document") == 403
    assert fetch("/", "navigate", "document", "POST") == 403


@pytest.mark.parametrize(
    "foreign",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}],
)
def test_an_upload_from_another_site_is_refused(local: Served, foreign: dict[str, str]) -> None:
    headers = {**foreign, "Content-Type": MULTIPART}
    path = "/gradio_api/upload"
    assert ask(local.probe, path, method="POST", headers=headers, body=FORM).status == 403
    assert ask(local.probe, path, method="POST", headers={"Content-Type": MULTIPART}, body=FORM).status == 200


def test_forwarded_headers_of_strangers_change_nothing(local: Served) -> None:
    smuggled = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "host=evil.example;proto=https",
        "X-Gradio-Server": "http://evil.example",
        "X-Original-URL": "/healthz",
        "Tailscale-User-Login": "admin@example",
    }
    root = json.loads(ask(local.web, "/config", headers=smuggled).body)["root"]
    assert root == f"http://127.0.0.1:{local.web}"


@pytest.mark.parametrize(
    "raw",
    [
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        "GET /\\evil HTTP/1.1\r\nHost: {}\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: {}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nOrigin: http://evil.example\r\n\r\n",
    ],
)
def test_requests_that_can_be_read_in_two_ways_are_refused(local: Served, raw: str) -> None:
    assert talk(local.web, raw.format(f"127.0.0.1:{local.web}").encode()).status == 400


def test_a_websocket_handshake_is_asked_the_same_questions(networked: Served) -> None:
    def shake(host: str, extra: str = "") -> int:
        key = base64.b64encode(os.urandom(16)).decode()
        raw = (
            f"GET /gradio_api/queue/join HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
        )
        return talk(networked.web, raw.encode()).status

    assert shake("lab.test") == 401
    assert shake("evil.example") == 421
    assert shake("lab.test", "Origin: http://evil.example\r\n") == 403
