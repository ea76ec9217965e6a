"""What the guard itself says, and the headers it puts on everything the app says."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from apps.guard.asking import Asking, Headers

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

# Gradio needs inline scripts and eval, so this does not stop injected scripts (escaping does); it does
# stop every page from loading or sending anything elsewhere, and from being framed.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob: data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
SIGN_IN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; " + "frame-ancestors 'none'"
)
SECURITY: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: that would send «Origin: null» with our own sign-in form.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
OPENER = (b"cross-origin-opener-policy", b"same-origin")
REPLACED = frozenset(name for name, _ in [*SECURITY, OPENER]) | {b"server", b"x-powered-by"}
IMMUTABLE = (b"cache-control", b"public, max-age=31536000, immutable")
PRIVATE = (b"cache-control", b"no-store")
HASHED_ASSET = re.compile(r"/assets/[\w.-]+-[\w-]{8}\d?\.(?:js|css)\Z")  # a digit where two would have one name


def finish_headers(headers: Headers, asking: Asking, status: int) -> Headers:
    """The app's own headers, without what would open it up, with what closes it."""
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in REPLACED and not name.lower().startswith(b"access-control-")
    ]
    if status == 200 and HASHED_ASSET.match(asking.path):
        kept = [pair for pair in kept if pair[0].lower() != b"cache-control"] + [IMMUTABLE]
    elif not any(name.lower() == b"cache-control" for name, _ in kept):
        kept.append(PRIVATE)
    return kept + SECURITY


async def say(
    send: Send,
    status: int,
    body: bytes,
    content_type: str,
    extra: Headers | None = None,
    policy: str | None = None,
    *,
    head_only: bool = False,
) -> None:
    """Send one whole answer of ours."""
    security = [(n, policy.encode()) if policy and n == b"content-security-policy" else (n, v) for n, v in SECURITY]
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        PRIVATE,
        *security,
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else body})


def outgoing(send: Send, asking: Asking | None, unread: Callable[[], bool]) -> Send:
    """A `send` for everything that leaves, whoever says it.

    It hangs up after an answer given before the whole body was read: we do not drain floods. It adds
    the opener policy where browsers honour it; over plain http from afar they complain instead.
    """

    async def finished(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if unread():
                headers.append((b"connection", b"close"))
            if asking is not None and asking.trustworthy:
                headers.append(OPENER)
            message = {**message, "headers": headers}
        await send(message)

    return finished


async def say_words(send: Send, asking: Asking | None, status: int, words: str, extra: Headers | None = None) -> None:
    """A refusal: a sentence for a person, an object for a program."""
    if asking is not None and wants_page(asking):
        await say(send, status, words.encode(), "text/plain; charset=utf-8", extra)
    else:
        await say(send, status, json.dumps({"error": words}).encode(), "application/json", extra)


def wants_page(asking: Asking) -> bool:
    """True when a browser asks for something to look at."""
    return b"text/html" in asking.headers.get(b"accept", b"")


def redirect_headers(target: str, cookie: str | None = None) -> Headers:
    """Headers of a 303 that stays on this host."""
    headers: Headers = [(b"location", local_target(target).encode("ascii"))]
    if cookie is not None:
        headers.append((b"set-cookie", cookie.encode("ascii")))
    return headers


def local_target(target: str) -> str:
    """A path on this host, whatever was asked for: «//elsewhere» and «/\\elsewhere» would leave it."""
    path, _, query = target.partition("?")
    path = "/" + quote(path.replace("\\", "/").lstrip("/"), safe="/%:@-._~!$&'()*+,;=")
    return path + ("?" + quote(query, safe="/%:@-._~!$&'()*+,;=?") if query else "")
