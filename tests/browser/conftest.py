"""A real headless Chromium before really served pages; every request it makes and every complaint is kept."""

from __future__ import annotations

import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.access import choose_access
from launcher.chromium import find, how_to_get_one
from tests.served import TOKEN, Served, serving

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
expect.set_options(timeout=20_000)  # a ceiling for a busy machine, not a figure
SIZES = {"light": (1280, 800), "dark": (1280, 800), "phone": (390, 844)}
OURS = ("127.0.0.1", "localhost", "lab.test", "")


@dataclass
class Stranger:
    """A web server that is not ours, under any foreign name; it counts who comes."""

    port: int
    page: str = ""
    seen: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def stranger() -> Iterator[Stranger]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(state.page.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Stranger(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()


@pytest.fixture(scope="module")
def browser(stranger: Stranger) -> Iterator[Browser]:
    # For one module only: while Playwright is up, an event loop runs in this thread and asyncio.run() fails.
    path = find()
    if path is None:
        pytest.fail(how_to_get_one())
    names = f"MAP far.example 127.0.0.1:{stranger.port},MAP lab.test 127.0.0.1,MAP foreign.test 127.0.0.1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*QUIET, f"--host-resolver-rules={names}"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.fixture(scope="module")
def networked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    access = choose_access(host="0.0.0.0", allow_hosts=["lab.test"], env={"NMA_TOKEN": TOKEN})
    with serving(tmp_path_factory.mktemp("data"), access) as served:
        yield served


CUT_OFF = ("AbortError", "Unexpected error Connection errored out")
"""What Gradio says of the requests that a reload of its page has cut off; forgiven once a page was loaded again."""


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(address, "phone")`; at the end no page may have complained or asked anybody else."""
    contexts: list[Any] = []
    outside: list[str] = []
    complaints: list[tuple[Page, str]] = []
    loads: Counter[Page] = Counter()

    def opened(address: str, kind: str = "light", *, strict: bool = True, **options: Any) -> Page:
        width, height = SIZES[kind]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if kind == "dark" else "light",
            has_touch=kind == "phone",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        if strict:
            page.on("request", lambda one: _foreign(one.url) and outside.append(one.url))
            page.on(
                "console", lambda one: one.type == "error" and complaints.append((page, f"{one.text} {one.location}"))
            )
            page.on("pageerror", lambda error: complaints.append((page, str(error))))
            page.on("framenavigated", lambda _: loads.update([page]))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert [words for page, words in complaints if loads[page] < 2 or not words.startswith(CUT_OFF)] == []


def _foreign(url: str) -> bool:
    return not url.startswith(("data:", "blob:")) and (urlsplit(url).hostname or "") not in OURS
