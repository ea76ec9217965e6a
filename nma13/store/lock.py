"""One instance of a thing per data folder, held by the kernel: it is free again the moment its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from nma13.clock import now_ms
from nma13.config import data_dir, ensure_data_dir
from nma13.store.errors import AlreadyRunningError, BusyDatabaseError, explain

PATIENCE_S = 0.2  # somebody who only looks who holds a lock has it for an instant
TURN_S = 120.0


class InstanceLock:
    """Use as a context manager; raises AlreadyRunningError naming the holder."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.name = name
        self.path = ensure_data_dir(folder or data_dir()) / f"{name}.lock"
        self._handle: int | None = None

    def __enter__(self) -> InstanceLock:
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise explain(error, self.path) from error
        try:
            if not _take(handle, PATIENCE_S):
                holder = read_holder(self.path) or {}
                raise AlreadyRunningError(
                    f"{self.name} is already running here (process {holder.get('pid', 'unknown')}). "
                    "Nothing was started. Stop that one first, or name another data folder with --data."
                )
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps({"pid": os.getpid(), "started_ms": now_ms()}).encode())
        except BaseException as error:
            os.close(handle)
            if isinstance(error, OSError):
                raise explain(error, self.path) from error
            raise
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)  # the file stays: unlinking it would let two processes hold «the» lock
            os.close(self._handle)
            self._handle = None


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait for one's turn at a thing that processes must do one after another."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _take(handle, TURN_S):
            raise BusyDatabaseError(
                f"Another process has been preparing the databases in {path.parent} for over {TURN_S:.0f} seconds. "
                "Nothing was changed. Wait for it, or stop it; ./lab doctor shows who is running."
            )
        yield
    finally:
        os.close(handle)


def _take(handle: int, patience: float) -> bool:
    """The lock, if it comes free within `patience` seconds."""
    give_up = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.02)


def read_holder(path: Path) -> dict[str, Any] | None:
    """Who wrote themselves into the lock file last; None when nobody holds it."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None  # nobody holds it: what the file says is the past
    except OSError:
        try:
            said = json.loads(os.read(handle, 4096) or b"{}")
        except json.JSONDecodeError:
            return {}
        return said if isinstance(said, dict) else {}
    finally:
        os.close(handle)
