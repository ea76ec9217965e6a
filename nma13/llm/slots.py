"""The llama.cpp slots: which request runs where, and how seven of them share one computed prefix.

A slot keeps the state of the last prompt it saw, and the server reuses what a new prompt has in common
with it. Left alone, seven stations that share a scenario would compute it seven times, once in each slot.
Here it is computed once, saved, and restored into the other slots, which takes milliseconds.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nma13.llm.types import Message

STATE_CAP = 256 * 1024 * 1024  # all saved prefixes together; a prefix larger than this is not saved
SAVE_FROM = 400  # characters; computing a shorter prefix again is cheaper than thinking about it
WAIT_S = 0.05


def shared_text(messages: Sequence[Message]) -> str:
    """Everything before the last message, as one text; empty when there is none."""
    shared = [[message.role, message.content] for message in messages[:-1]]
    return json.dumps(shared) if shared else ""


def prefix_key(shared: str) -> str:
    """A short name for it."""
    return hashlib.sha256(shared.encode()).hexdigest()[:24] if shared else ""


class Slots:
    """Hands out slots and keeps the saved prefixes."""

    def __init__(self, count: int, folder: Path, socket_path: Path) -> None:
        self._folder, self._socket_path = folder, socket_path
        self._held: list[str] = [""] * count  # the prefix that each slot's state begins with
        self._free = list(range(count))
        self._ready = threading.Condition()
        self._alone = False
        self._saved: OrderedDict[str, int] = OrderedDict()  # key -> bytes; 0: tried, not worth saving
        self._saving = threading.Lock()
        self._bytes_per_character = 0.0  # of a saved state; learned from the last one

    @contextmanager
    def one(self, shared: str, alone: bool, stopped: Callable[[], bool]) -> Iterator[int | None]:
        """A slot of one's own, of the free ones that which already holds most of this prefix.

        `alone` waits until no other request runs, and takes slot 0. None if stopped while waiting.
        """
        slot = self._take(shared, alone, stopped)
        try:
            yield slot
        finally:
            if slot is not None:
                with self._ready:
                    self._free.append(slot)
                    self._alone = False
                    self._ready.notify_all()

    def _take(self, shared: str, alone: bool, stopped: Callable[[], bool]) -> int | None:
        with self._ready:
            while not stopped():
                all_free = len(self._free) == len(self._held)
                if self._free and not self._alone and (all_free or not alone):
                    slot = 0 if alone else max(self._free, key=lambda one: self._fit(one, shared))
                    self._free.remove(slot)
                    self._alone = alone
                    return slot
                self._ready.wait(WAIT_S)
        return None

    def _fit(self, slot: int, shared: str) -> tuple[int, int]:
        """How much of a prefix a slot holds; of two that hold as much, the one that would lose less."""
        held = self._held[slot]
        return _in_common(held, shared), -len(held)

    def prepare(self, slot: int, shared: str, length: int, canonical: bool, compute: Callable[[int], None]) -> None:
        """See to it that the slot begins with this prefix, as far as that pays.

        `length` is the prefix's, in characters: saving a long one costs milliseconds even if nobody shares
        it, and its neighbours may be a moment away. `canonical` restores even what is already there, so
        that the state is exactly the one computed from nothing; a state that grew out of an earlier prompt
        differs from that in its last digits, so the two are saved under names of their own.
        """
        if not shared or (self._held[slot] == shared and not canonical):
            return
        saved = f"{prefix_key(shared)}-canonical" if canonical else prefix_key(shared)
        with self._saving:  # the first request of a group computes, the others find it saved
            if saved not in self._saved and (canonical or self._worth_saving(length)):
                if canonical:
                    self._action(slot, "erase")
                compute(slot)
                self._keep(saved, length, self._action(slot, "save", _file(saved)).get("n_written", 0))
            there = bool(self._saved.get(saved))
            if there:
                self._saved.move_to_end(saved)
        if there:
            self._action(slot, "restore", _file(saved))
        self._held[slot] = shared

    def _worth_saving(self, length: int) -> bool:
        return length >= SAVE_FROM and length * self._bytes_per_character <= STATE_CAP

    def forget(self, slot: int) -> None:
        """The slot's state is not what we think, after a failed request."""
        self._held[slot] = ""

    def _keep(self, key: str, length: int, size: int) -> None:
        self._bytes_per_character = size / max(1, length)
        self._saved[key] = size if size <= STATE_CAP else 0
        if size > STATE_CAP:
            (self._folder / _file(key)).unlink(missing_ok=True)
        while sum(self._saved.values()) > STATE_CAP:
            oldest, _ = self._saved.popitem(last=False)
            (self._folder / _file(oldest)).unlink(missing_ok=True)

    def _action(self, slot: int, action: str, filename: str = "") -> dict[str, Any]:
        """Slot states are only reachable over the library's own HTTP, here a private Unix socket."""
        connection = _UnixConnection(self._socket_path)
        try:
            connection.request(
                "POST",
                f"/slots/{slot}?action={action}",
                json.dumps({"filename": filename}),
                {"Content-Type": "application/json"},
            )
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer if isinstance(answer, dict) else {}


def _in_common(one: str, other: str) -> int:
    """How many characters two texts begin with alike; equal texts, the usual case, are not compared by character."""
    if one == other:
        return len(one)
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def _file(key: str) -> str:
    return f"{key}.state"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=120)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
