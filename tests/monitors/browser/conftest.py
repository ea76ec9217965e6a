"""The four monitors, really served over real stores, before a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.registry import ALL
from benchmarks._cycles import Kind
from tests.browser.conftest import browser, open_page, stranger
from tests.monitors.stores import Running, grown
from tests.served import serving_pages

__all__ = ["browser", "open_page", "stranger"]
MONITORS = tuple(app for app in ALL if app.name.endswith("_monitor"))
CYCLES = 130


@pytest.fixture(autouse=True)
def patience() -> None:
    """A machine that is busy with other things is slow, not wrong."""
    expect.set_options(timeout=40_000)


@dataclass(frozen=True)
class Watched:
    """Ports by monitor, and the folder they read."""

    ports: dict[str, int]
    folder: Path

    def address(self, name: str, rest: str = "/") -> str:
        return f"http://127.0.0.1:{self.ports[name]}{rest}"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Loops that have run for a while and are alive."""
    folder = tmp_path_factory.mktemp("watched")
    for source in ("loop_a", "loop_b", "loop_c", "loop_d"):
        began = int(time.time() * 1000) - CYCLES * 150_000
        grown(folder, source, CYCLES, Kind(flag_rate=0.04), began)
        running = Running(folder, source, CYCLES + 1, int(time.time() * 1000) - 60_000)
        for event, cycle in (("start", 1), ("resume", 61)):
            running.event(event, cycle, "until stopped; scripted")
        running.say(9)
        running.beat("running", int(time.time() * 1000) + 3_600_000)  # alive for the length of the tests
        running.close()
    with serving_pages(MONITORS, folder) as ports:
        yield Watched(ports, folder)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Watched]:
    """Monitors over a folder in which nothing was written yet."""
    with serving_pages(MONITORS, tmp_path) as ports:
        yield Watched(ports, tmp_path)
