"""How much, how slowly, and what leaves: limits and headers, with real bodies."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from pathlib import Path

import httpx
import pytest

from apps.guard.answers import HASHED_ASSET
from apps.guard.body import Limits
from tests.served import WEB, Served
from tests.wire import ask, talk

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
}


@pytest.mark.parametrize(("path", "size"), [("/gradio_api/upload", 25_000_001), ("/gradio_api/queue/join", 8_000_001)])
def test_a_declared_size_too_large_is_refused_before_it_is_sent(local: Served, path: str, size: int) -> None:
    raw = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{local.probe}\r\nContent-Length: {size}\r\n\r\n"
    assert talk(local.probe, raw.encode()).status == 413


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/cancel"])
def test_a_chunked_body_is_counted_while_it_comes(local: Served, path: str) -> None:
    kind = "multipart/form-data; boundary=xx" if "upload" in path else "application/json"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{local.probe}\r\n"
        f"Transfer-Encoding: chunked\r\nContent-Type: {kind}\r\n\r\n"
    )
    start = b'--xx\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' if "upload" in path else b"["
    with socket.create_connection(("127.0.0.1", local.probe), timeout=10) as connection:
        connection.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(start), start))
        chunk = b"%x\r\n%s\r\n" % (500_000, b" " * 500_000)
        sent = 0
        try:
            for _ in range(120):
                connection.sendall(chunk)
                sent += 500_000
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert sent < 60_000_000, "everything was swallowed"
    assert answer[:12] in (b"", b"HTTP/1.1 413")  # the reset may overtake the words


def test_a_chunked_body_just_over_the_limit_is_told_so(local: Served) -> None:
    body = b" " * 8_000_001
    raw = (
        f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1:{local.probe}\r\n"
        f"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n{len(body):x}\r\n"
    ).encode()
    reply = talk(local.probe, raw + body + b"\r\n0\r\n\r\n")
    assert reply.status == 413
    assert "8 MB" in json.loads(reply.body)["error"]


def test_a_file_over_the_limit_is_refused_and_a_small_one_taken(local: Served) -> None:
    address = f"http://127.0.0.1:{local.probe}/gradio_api/upload"
    assert httpx.post(address, files={"files": ("a.txt", b"x" * 1000)}).status_code == 200
    assert httpx.post(address, files={"files": ("a.txt", b"x" * 21_500_000)}, timeout=30).status_code == 413


def test_headers_that_never_end_are_hung_up(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.serving.HEADERS_WITHIN_S", 0.3)
    with socket.create_connection(("127.0.0.1", local.web), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        assert seconds_until_hung_up(connection, drip=b".") < 4


def test_a_body_that_stops_coming_is_given_up(local: Served) -> None:
    guard = local.servers._servers[1][0].config.app
    before, guard._limits = guard._limits, Limits(idle_s=0.3)
    try:
        raw = (
            f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1:{local.probe}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert talk(local.probe, raw.encode()).status == 408
    finally:
        guard._limits = before


def seconds_until_hung_up(connection: socket.socket, drip: bytes) -> float:
    """A drop now and then must not buy more time."""
    begun = time.monotonic()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() - begun < 5:
            time.sleep(0.1)
            connection.sendall(drip)
    return time.monotonic() - begun


def test_every_answer_carries_the_security_headers(local: Served, networked: Served) -> None:
    for reply in (
        ask(local.web, "/"),
        ask(local.web, "/config"),
        ask(local.web, "/healthz"),
        ask(local.web, "/nothing"),
        ask(local.web, "/", host="evil.example"),
        ask(networked.web, "/", host="lab.test"),
    ):
        policies = reply.all("content-security-policy")
        assert len(policies) == 1
        assert "frame-ancestors 'none'" in policies[0]
        assert {name: reply.get(name) for name in SECURITY} == SECURITY
        assert reply.get("cache-control")
        assert reply.get("server") is None


def test_every_script_and_style_of_a_page_is_known_by_the_hash_in_its_name() -> None:
    import gradio

    shipped = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    names = [file.name for file in shipped.iterdir() if file.suffix in (".js", ".css")]
    assert len(names) > 100
    assert [name for name in names if not HASHED_ASSET.match(f"/assets/{name}")] == []


def test_pages_are_compressed_and_hashed_assets_kept_for_good(local: Served) -> None:
    zipped = {"Accept-Encoding": "gzip"}
    for path in ("/", "/config"):
        page = httpx.get(f"http://127.0.0.1:{local.web}{path}", headers=zipped)
        assert page.headers["content-encoding"] == "gzip"
        assert page.headers["cache-control"] == "no-store"
    asset = re.search(r"\./(assets/index-[\w-]{8}\.js)", httpx.get(f"http://127.0.0.1:{local.web}/").text)
    assert asset is not None
    script = httpx.get(f"http://127.0.0.1:{local.web}/{asset[1]}", headers=zipped)
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    missing = ask(local.web, "/assets/index-AAAAAAAA.js")
    assert "immutable" not in (missing.get("cache-control") or "")


def test_no_page_publishes_more_than_the_public_functions(local: Served) -> None:
    for port in local.ports:
        named = json.loads(ask(port, "/gradio_api/info").body)["named_endpoints"]
        assert {name.removeprefix("/") for name in named} == (WEB.public if port == local.web else set())
        for path in ("/openapi.json", "/docs", "/redoc"):
            assert ask(port, path).status == 404
        assert ask(port, "/monitoring").status in (403, 404)


def test_the_data_folder_is_not_served(local: Served) -> None:
    kept = local.lab.data / "kept.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("private")
    for path in (kept, "/etc/passwd", "../../web.py", "web.py", "http://127.0.0.1:1/x"):
        assert ask(local.web, f"/gradio_api/file={path}").status in (400, 403, 404)
