"""Starts the real web page and the probe page in this process, on free ports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from apps.access import Access
from apps.guard import SignIn
from apps.lab import Lab, make_lab
from apps.registry import ALL
from apps.serving import Servers, listen
from apps.shell import open_pages
from apps.status import Board
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
