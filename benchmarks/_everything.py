"""The whole lab as processes: started, watched, killed and started again. What `benchmarks.soak` keeps running."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.monitors import MONITORS
from nma13.config import ROOT
from nma13.store import LOOPS, open_ro
from nma13.store.errors import StoreError

SLOW_START_S = 180.0  # four processes that load a model on two cores


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Kept:
    """One process that is kept running, whoever kills it."""

    name: str
    command: Sequence[str]
    folder: Path
    is_ready: Callable[[Kept], bool]
    restarts: list[float] = field(default_factory=list)
    """Seconds from a kill to the next answer."""
    ready = False
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> Path:
        return self.folder.parent / f"{self.name}.log"

    def start(self) -> float:
        """Start it and wait until it answers; seconds."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NMA_DATA": str(self.folder)},
            )  # fmt: skip
        while not self.is_ready(self):
            if time.monotonic() - began > SLOW_START_S:
                raise SystemExit(f"{self.name} did not come up within {SLOW_START_S:g} s: {self.last_words()}")
            time.sleep(0.05)
        self.ready = True
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9, and up again."""
        assert self._process is not None
        self.ready = False
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.restarts.append(self.start())

    def died(self) -> bool:
        """Whether it ended although nobody killed it."""
        return self.ready and self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        if self._process is None:
            return
        self.ready = False
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-600:]


def web(folder: Path) -> tuple[Kept, str]:
    """The web app on a free port, with the bundled model; and its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = ["web", "--port", str(port), "--data", str(folder)]
    return Kept("web", command, folder, lambda _: _answers(address)), address


def monitors(folder: Path) -> tuple[Kept, dict[str, int]]:
    """The four monitors in one process; they come back on the same ports, so that open pages find them again."""
    ports = {name: free_port() for name in MONITORS}
    command = ["benchmarks.monitors", "serve", str(folder), json.dumps(ports)]
    return Kept("monitors", command, folder, lambda _: all(map(_answers, _addresses(ports)))), ports


def loop(letter: str, folder: Path) -> Kept:
    """A loop on the bundled model that would run for weeks."""
    command = ["launcher", "loop", letter, "--cycles", "100000", "--data", str(folder)]
    return Kept(f"loop {letter}", command, folder, lambda kept: _beats(f"loop_{letter}", kept))


def _addresses(ports: dict[str, int]) -> list[str]:
    return [f"http://127.0.0.1:{port}" for port in ports.values()]


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/config", timeout=10) as reply:
            return bool(reply.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _beats(source: str, kept: Kept) -> bool:
    """Whether this very process has said that it deliberates."""
    with suppress(StoreError), closing(open_ro(LOOPS[source].database, kept.folder)) as reader:
        row = reader.execute("SELECT pid, state FROM heartbeat WHERE source = ?", (source,)).fetchone()
        return row is not None and tuple(row) == (kept.pid, "running")
    return False


class Weights:
    """How much memory each process holds, every few seconds; a life ends with a kill."""

    def __init__(self, kept: Sequence[Kept], every: float) -> None:
        self._kept, self._every = kept, every
        self._over = threading.Event()
        self._lives: dict[tuple[str, int], list[tuple[float, float]]] = {}
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def most(self, name: str) -> float:
        """The largest that a process of this name ever was, MiB."""
        return max((mib for (of, _), life in self._lives.items() if of == name for _, mib in life), default=0.0)

    def growth(self, name: str, warm: float = 120.0, enough: float = 300.0) -> float | None:
        """MiB an hour within its longest life, its first two minutes left out; None where no life was long enough."""
        lives = [life for (of, _), life in self._lives.items() if of == name]
        longest = max(lives, key=lambda life: life[-1][0] - life[0][0], default=[])
        late = [(at, mib) for at, mib in longest if at - longest[0][0] >= warm]
        if not late or late[-1][0] - late[0][0] < enough:
            return None
        middle, level = (sum(values) / len(late) for values in zip(*late, strict=True))
        spread = sum((at - middle) ** 2 for at, _ in late)
        return 3600 * sum((at - middle) * (mib - level) for at, mib in late) / spread

    def _look(self) -> None:
        while not self._over.wait(self._every):
            for one in self._kept:
                if one.ready and (mib := _resident(one.pid)):
                    self._lives.setdefault((one.name, one.pid), []).append((time.monotonic(), mib))


def _resident(pid: int) -> float:
    """MiB in memory; 0 when the process is gone."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(told) / 1024 if told.strip() else 0.0
