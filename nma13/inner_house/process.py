"""A runner's process as its starter holds it. One may stand ready, its model loaded, before there is a problem."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from nma13.config import ROOT
from nma13.errors import LabError
from nma13.jsonio import dump_state, load_state
from nma13.state import PipelineState

IDLE_S = 600.0  # a process that stands ready holds a model's memory: it is let go when nobody comes
LAST_WORDS = 600  # characters of a dead runner's standard error that are told


@dataclass(frozen=True, slots=True)
class Order:
    """What a runner is told: which session, how long, and what the gates have decided, so that it need not ask them."""

    session: str
    timeout_s: float
    decided: str

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Order | None:
        """None for the end of the pipe: nobody wants anything any more."""
        return cls(**json.loads(line)) if line.endswith(b"\n") else None

    @property
    def state(self) -> PipelineState:
        return load_state(self.decided)


class Runner:
    """One process. It waits for its order at the pipe, and ends when the pipe does."""

    def __init__(self, spec: str, folder: Path) -> None:
        self.spec, self.folder = spec, folder
        command = [sys.executable, "-m", "nma13.inner_house", "--model", spec, "--data", str(folder)]
        try:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "NMA_DATA": str(folder)}, stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise LabError(f"The deliberation's process could not be started ({error}).") from error
        self.pid = self._process.pid
        self._guard = threading.Lock()
        self._told: Callable[[str], None] | None = None
        self._how: str | None = None
        threading.Thread(target=self._attend, name="inner-house", daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def give(self, session: str, state: PipelineState, timeout_s: float, ended: Callable[[str], None]) -> bool:
        """Hand the order over; False when the process has died meanwhile. `ended` is told how it ends, in words.

        The death of a process that never took the order is no end of the session: another one is given it.
        """
        try:
            self._write(Order(session, timeout_s, dump_state(state)).line())
        except OSError:
            return False
        with self._guard:
            self._told, how = ended, self._how
        if how is not None:
            ended(how)
        return True

    def dismiss(self) -> None:
        """Nothing will come: it gives its model back and ends by itself."""
        with suppress(OSError):  # it has died already
            self._write(b"")

    def _write(self, words: bytes) -> None:
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(words)

    def _attend(self) -> None:
        """Read until its end, so that its death is known at once and leaves no zombie."""
        assert self._process.stderr is not None
        with self._process.stderr as said:
            last = said.read().decode("utf-8", "replace").strip()[-LAST_WORDS:]
        how = f"exit status {self._process.wait()}. {last}".strip()
        with self._guard:
            self._how, told = how, self._told
        if told is not None:
            told(how)


class _Place:
    """Where one runner of this process stands ready."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._runner: Runner | None = None
        self._clock: threading.Timer | None = None

    def fill(self, spec: str, folder: Path) -> None:
        with self._guard:
            if self._fits(spec, folder):
                self._wind()
                return
            self._empty()
            self._runner = Runner(spec, folder)
            self._wind()

    def take(self, spec: str, folder: Path) -> Runner | None:
        """The one that fits, if it lives; any other is let go, since its model would be in the way."""
        with self._guard:
            if self._fits(spec, folder):
                found, self._runner = self._runner, None
                return found
            self._empty()
            return None

    def let_go(self) -> None:
        with self._guard:
            self._empty()

    def _fits(self, spec: str, folder: Path) -> bool:
        one = self._runner
        return one is not None and one.alive and (one.spec, one.folder) == (spec, folder)

    def _empty(self) -> None:
        if self._runner is not None:
            self._runner.dismiss()
            self._runner = None

    def _wind(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = threading.Timer(IDLE_S, self.let_go)
        self._clock.daemon = True
        self._clock.start()


_PLACE = _Place()


def stand_ready(spec: str, folder: Path) -> None:
    """Have one process load this model and wait. Doing it again only renews the wait."""
    _PLACE.fill(spec, folder)


def let_go() -> None:
    """Nobody is expected any more."""
    _PLACE.let_go()


def take(spec: str, folder: Path) -> Runner:
    """The process that stands ready, or a fresh one."""
    return _PLACE.take(spec, folder) or Runner(spec, folder)
