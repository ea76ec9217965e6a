"""Starts real pages in this process, on free ports: the web page beside the probe page, or any others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from apps.access import Access
from apps.guard import SignIn
from apps.lab import Lab, make_lab
from apps.registry import ALL, App
from apps.serving import Servers, listen
from apps.shell import open_pages
from apps.status import Board
from nma13.inner_house import process
from nma13.llm.bundled import bundled_gguf
from tests.probe_page import PROBE

TOKEN = "a-token-for-tests-0123456789"
WEB = ALL[0]


@dataclass(frozen=True)
class Served:
    web: int
    probe: int
    lab: Lab
    sign_in: SignIn
    servers: Servers

    @property
    def ports(self) -> tuple[int, int]:
        return self.web, self.probe


def free_port() -> int:
    with listen("127.0.0.1", 0) as taken:
        return int(taken.getsockname()[1])


def start(folder: Path, access: Access, *, model: str | None = None) -> Served:
    """The pages as they are served; without `model` they run on structure alone."""
    ports = {"web": free_port(), "probe": free_port()}
    lab = make_lab(data=folder, access=access, model=model, use_model=model is not None, ports=ports)
    lab = replace(lab, board=Board((WEB, PROBE), ports))
    servers, sign_in = open_pages((WEB, PROBE), lab)
    return Served(ports["web"], ports["probe"], lab, sign_in, servers)


@contextmanager
def serving(folder: Path, access: Access | None = None, *, model: str | None = None) -> Iterator[Served]:
    """`start`, with the folder as this process's own while the pages are up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMA_DATA", str(folder))
        served = start(folder, access or Access(), model=model)
        try:
            yield served
        finally:
            served.servers.stop()
            served.lab.writer.close()
            process.let_go()


@contextmanager
def serving_bundled(folder: Path) -> Iterator[Served]:
    """The lab with the bundled model, loaded before anybody waits for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMA_THREADS", "1")
        with serving(folder, model=f"llamacpp:{bundled_gguf()}") as served:
            served.lab.writer.voice()
            yield served


@contextmanager
def serving_pages(apps: Sequence[App], folder: Path) -> Iterator[dict[str, int]]:
    """These pages over this folder, without a model; the port of each."""
    ports = {app.name: free_port() for app in apps}
    lab = make_lab(data=folder, access=Access(), use_model=False, ports=ports)
    servers, _ = open_pages(apps, replace(lab, board=Board(tuple(apps), ports)))
    try:
        yield ports
    finally:
        servers.stop()
