"""One copy of a large model for every process: its announcement, how it is found, how it is started."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from nma13.config import PORTS, ROOT, data_dir, ensure_data_dir
from nma13.llm.cache import read_json, write_json
from nma13.llm.errors import ModelServerError

SHARE_ABOVE = 2_000_000_000  # bytes
HEALTH_S = 2.0


@dataclass(frozen=True, slots=True)
class Served:
    """What `serve.json` says about a running server."""

    url: str
    model: str
    spec: str
    pid: int
    started: float
    size_bytes: int | None = None


class Sized(Protocol):
    """What `needs_sharing` looks at: a Description or a ModelChoice."""

    @property
    def backend(self) -> str: ...

    @property
    def size_bytes(self) -> int | None: ...


def needs_sharing(what: Sized) -> bool:
    """Whether a second copy of this model would hurt."""
    return what.backend in ("mlx", "llamacpp") and (what.size_bytes or 0) > SHARE_ABOVE


def announcement(data: Path | None = None) -> Path:
    return (data or data_dir()) / "serve.json"


def announce(served: Served) -> None:
    write_json(announcement(), asdict(served))


def withdraw(pid: int) -> None:
    """Remove the announcement if it is still ours."""
    found = read_json(announcement())
    if found is not None and found.get("pid") == pid:
        announcement().unlink(missing_ok=True)


def find_served(data: Path | None = None) -> Served | None:
    """The running server, if one is announced and answers in its own name. Stale files are ignored."""
    found = read_json(announcement(data))
    if found is None:
        return None
    try:
        served = Served(
            url=str(found["url"]),
            model=str(found["model"]),
            spec=str(found["spec"]),
            pid=int(found["pid"]),
            started=float(found["started"]),
            size_bytes=found.get("size_bytes"),
        )
    except (KeyError, TypeError, ValueError):
        return None
    health = _health(served.url)
    return served if health.get("status") == "ok" and health.get("pid") == served.pid else None


def ensure_served(
    spec: str,
    *,
    port: int = PORTS["serve"],
    wait_s: float = 900.0,
    progress: Callable[[str, float], None] | None = None,
) -> Served:
    """The running server for this model; started as a process of its own if there is none.

    `progress` is called about once a second with a sentence and the seconds waited so far.
    """
    ensure_data_dir()
    with _only_one_starts():
        served = find_served()
        if served is not None:
            if served.spec == spec:
                return served
            raise ModelServerError(
                f"A server already shares another model ({served.spec}, process {served.pid}). "
                "Nothing was changed. Stop it first, or use the model it shares."
            )
        return _start(spec, port, wait_s, progress or (lambda _sentence, _seconds: None))


def _start(spec: str, port: int, wait_s: float, progress: Callable[[str, float], None]) -> Served:
    log = data_dir() / "serve.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nma13.llm.serve", "--model", spec, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            start_new_session=True,  # it outlives the command that started it
        )
    begun, told = time.monotonic(), -1.0
    while (waited := time.monotonic() - begun) < wait_s:
        if process.poll() is not None:
            last = (log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
            raise ModelServerError(
                f"The shared model could not be started: {last} (all it said: {log}). Your data is unchanged."
            )
        served = find_served()
        if served is not None:
            return served
        if waited - told >= 1.0:
            told = waited
            progress(f"Loading {spec} once for all commands", waited)
        time.sleep(0.1)
    process.terminate()
    raise ModelServerError(
        f"The shared model was not ready after {wait_s:g} s and was stopped. Your data is unchanged. "
        f"Look at {log}, or choose a smaller model."
    )


def _health(url: str) -> dict[str, object]:
    """What the address says about itself; empty if nobody sensible is there."""
    try:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=HEALTH_S)
        try:
            connection.request("GET", "/health")
            found = json.loads(connection.getresponse().read(65536))
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _only_one_starts() -> Iterator[None]:
    """Two commands that need the same large model at the same moment start it once."""
    import fcntl

    with (data_dir() / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
