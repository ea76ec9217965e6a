"""Counts and times a request's body while the app reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Refuse = Callable[[int, str], Awaitable[None]]

UPLOAD_PATHS = ("/gradio_api/upload", "/gradio_api/component_server")
DISCONNECT: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how slowly. A body must keep moving and must end."""

    upload_bytes: int = 25_000_000
    body_bytes: int = 8_000_000
    sign_in_bytes: int = 4_096
    idle_s: float = 20.0
    whole_s: float = 300.0

    def for_path(self, path: str) -> int:
        """Files may be large; everything else is words."""
        return self.upload_bytes if path.rstrip("/") in UPLOAD_PATHS else self.body_bytes


class Body:
    """A `receive` that counts and times. When it gives up it says why, then plays a client that is gone."""

    def __init__(self, receive: Receive, limit: int, limits: Limits) -> None:
        self.limit = limit
        self.refusal: tuple[int, str] | None = None
        self.when_refused: Refuse | None = None
        self.ended = False  # True when nothing of the body is still to be read
        self._receive = receive
        self._idle = limits.idle_s
        self._deadline = asyncio.get_running_loop().time() + limits.whole_s
        self._counted = 0

    async def __call__(self) -> Message:
        if self.refusal:
            return DISCONNECT
        if self.ended:  # the app is only waiting to hear of a disconnect, for as long as it likes
            return await self._receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + self._idle, self._deadline)):
                message = await self._receive()
        except TimeoutError:
            return await self._give_up(408, "The request's body came too slowly. Nothing was stored.")
        if message["type"] == "http.request":
            self._counted += len(message.get("body", b""))
            if self._counted > self.limit:
                return await self._give_up(413, too_large(self.limit))
        self.ended = not message.get("more_body", False)
        return message

    async def _give_up(self, status: int, words: str) -> Message:
        self.refusal = (status, words)
        if self.when_refused is not None:
            await self.when_refused(status, words)
        return DISCONNECT


def too_large(limit: int) -> str:
    """What a 413 says."""
    size = f"{limit / 1e6:.0f} MB" if limit >= 1_000_000 else f"{limit} bytes"
    return f"That is more than {size}, the most this address takes at once. Nothing was stored."


async def read_all(body: Body) -> bytes | None:
    """A small body at once; None when the guard gave up on it."""
    parts = []
    while True:
        message = await body()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
