"""Reads a request and judges where it comes from. Pure functions over the ASGI scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apps.access import Access

Scope = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]

HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?\Z")
# A proxy that nobody named is a stranger who writes into our headers.
FORWARDED = (b"x-forwarded-", b"x-original-", b"x-rewrite-", b"tailscale-")
FORWARDED_EXACT = frozenset(
    {b"forwarded", b"x-real-ip", b"x-http-method-override", b"x-gradio-server", b"x-direct-url", b"via"}
)
SINGLE = (b"host", b"origin", b"content-length", b"content-type", b"authorization", b"sec-fetch-site")
SECURE = {"http": "https", "ws": "wss"}
DEFAULT_PORT = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not reach the app."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Asking:
    """One request as the guard sees it."""

    method: str
    path: str
    host: str
    client: str
    scheme: str
    headers: dict[bytes, bytes]

    @property
    def trustworthy(self) -> bool:
        """What browsers call so: encrypted, or this very machine."""
        return self.scheme == "https" or self.host.startswith(("127.0.0.1", "localhost", "[::1]"))

    @property
    def has_body(self) -> bool:
        """True when more is to come after the headers."""
        return b"transfer-encoding" in self.headers or self.headers.get(b"content-length", b"0") != b"0"


def read(scope: Scope, access: Access) -> Asking | Refusal:
    """Parse the parts that matter; ambiguity is refused rather than guessed at."""
    pairs: Headers = [(name.lower(), value) for name, value in scope["headers"]]
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in SINGLE):
        return Refusal(400, "The request names one thing twice.")
    if b"content-length" in names and b"transfer-encoding" in names:
        return Refusal(400, "The request gives two lengths for its body.")
    path = scope["path"]
    if not path.startswith("/") or "\\" in path or "\0" in path:
        return Refusal(400, "The request's path cannot be read.")
    headers = dict(pairs)
    client = (scope.get("client") or ("", 0))[0]
    scheme = scope.get("scheme", "http")
    if access.proxy and client == access.proxy:
        scheme = _forwarded_scheme(headers, scheme)
        client = _forwarded_client(headers) or client
    return Asking(
        method=scope.get("method", "GET"),  # a WebSocket handshake is a GET
        path=path,
        host=headers.get(b"host", b"").decode("latin-1").lower(),
        client=client,
        scheme=scheme,
        headers=headers,
    )


def judge(asking: Asking, hosts: Iterable[str]) -> Refusal | None:
    """Host must be one of ours, Origin must be that same host, and other sites may only link to us."""
    match = HOST.match(asking.host)
    if match is None or match["name"] not in hosts:
        return Refusal(421, "This address is not served here.")
    origin = asking.headers.get(b"origin")
    if origin is not None:
        if not _same_origin(origin.decode("latin-1").lower(), match["name"], match["port"]):
            return Refusal(403, "Requests from other sites are refused.")
    elif asking.headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and not _is_link(asking):
        return Refusal(403, "Requests from other sites are refused.")
    return None


def cleaned(scope: Scope, asking: Asking) -> Scope:
    """The scope that the app may see: forwarded headers gone, scheme and client as the guard read them."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if not name.lower().startswith(FORWARDED) and name.lower() not in FORWARDED_EXACT
    ]
    secure = asking.scheme in ("https", "wss")
    scheme = SECURE.get(scope["scheme"], scope["scheme"]) if secure else scope["scheme"]
    return {**scope, "headers": headers, "scheme": scheme, "client": (asking.client, 0)}


def _same_origin(origin: str, name: str, port: str | None) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:  # half an address in brackets
        return False
    if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
        return False
    match = HOST.match(parts.netloc)
    usual = DEFAULT_PORT[parts.scheme]
    return match is not None and match["name"] == name and (match["port"] or usual) == (port or usual)


def _is_link(asking: Asking) -> bool:
    """A person following a link to a page; never a call, a frame, an image or a script."""
    return (
        asking.method in ("GET", "HEAD")
        and asking.headers.get(b"sec-fetch-mode") == b"navigate"
        and asking.headers.get(b"sec-fetch-dest") == b"document"
        and not asking.path.startswith("/gradio_api")
    )


def _forwarded_scheme(headers: dict[bytes, bytes], scheme: str) -> str:
    secure = headers.get(b"x-forwarded-proto", b"").split(b",")[-1].strip() == b"https"
    return SECURE.get(scheme, scheme) if secure else scheme


def _forwarded_client(headers: dict[bytes, bytes]) -> str | None:
    """The last hop is the one our proxy saw itself; all before it is hearsay."""
    last = headers.get(b"x-forwarded-for", b"").split(b",")[-1].strip().decode("latin-1")
    return last or None
