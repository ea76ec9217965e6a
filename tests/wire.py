"""HTTP by hand, so that tests can send what no well-behaved client would."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None


def talk(port: int, raw: bytes, timeout: float = 5.0) -> Reply:
    """Send these bytes and read one whole reply; status 0 when the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(raw)  # refused before we were done? the reply is what counts
        data = b""
        while not _whole(data):
            try:
                more = connection.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not more:
                break
            data += more
    return _parse(data)


def ask(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    host: str | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Reply:
    """One ordinary request with exactly these headers."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return talk(port, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def _whole(data: bytes) -> bool:
    _head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    reply = _parse(data)
    length = reply.get("content-length")
    if length is not None:
        return len(body) >= int(length)
    return "chunked" in (reply.get("transfer-encoding") or "") and body.endswith(b"0\r\n\r\n")


def _parse(data: bytes) -> Reply:
    if not data:
        return Reply(0)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(k.strip().lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines)]
    return Reply(int(first.split()[1]), headers, body)
