"""Take the pictures of README and docs/web.md anew: `python -m tests.browser.take_pictures [NAME …]`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from apps.access import Access
from apps.lab import make_lab
from apps.navigate import EXAMPLES
from apps.registry import existing
from apps.shell import open_pages
from launcher.chromium import find, how_to_get_one
from loops.keepsake import lay_out
from nma13.config import ROOT
from nma13.inner_house import Asked, Started, wait
from nma13.inner_house import start as start_session
from nma13.kit import default_kit
from nma13.llm.bundled import bundled_gguf
from nma13.navigation_loop import Asked as Remembered
from nma13.navigation_loop import navigate
from tests.served import free_port, start

TARGET = ROOT / "docs" / "pictures"
WHOLE_LAB = {"lab", "auto-govern"}
RECORD = {"loop-feed", "memory", "settings", "navigate", "inner-house"}
SIZE: ViewportSize = {"width": 1100, "height": 720}
FIRST: ViewportSize = {"width": 1280, "height": 720}
COLOURS = 64  # enough for a page without photographs, and a third of the bytes
ELSEWHERE = """([here, there]) => { for (const one of document.querySelectorAll("code"))
  one.textContent = one.textContent.replace(here, there) }"""  # a temporary folder says nothing to a reader
HIDE = """() => document.querySelectorAll(".pages").forEach((one) => one.innerText.includes("Probe") && one.remove())
"""  # the tests' own page
PIANIST = (
    "The operation on my hand may end my playing for good, and without it the pain goes on. I am a pianist. "
    "Research proves that 80 % of patients recover."
)
PROMISES = (
    "My mother's will says the house may not be sold while my brother lives in it. My sister needs her share for a "
    "treatment that cannot wait. I promised both of them. I cannot keep one promise without breaking the other."
)


def main(names: Sequence[str]) -> int:
    path = find()
    if path is None:
        print(how_to_get_one(), file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for take, taken in ((of_the_whole_lab, WHOLE_LAB), (of_the_record, RECORD)):
            if wanted := taken & set(names or taken):
                with tempfile.TemporaryDirectory() as folder:
                    take(browser, Path(folder), wanted)
        browser.close()
    return 0


def of_the_whole_lab(browser: Browser, folder: Path, wanted: set[str]) -> None:
    """All pages up and the bundled model writing, as after `./lab`: the first picture, and Auto-Govern at work."""
    ports = {app.name: free_port() for app in existing()}
    lab = make_lab(data=folder, model=f"llamacpp:{bundled_gguf()}", ports=ports)
    servers, _ = open_pages(existing(), lab)
    lab.writer.warm()
    try:
        page = _page(browser, FIRST)
        page.goto(f"http://127.0.0.1:{ports['web']}/")
        if "lab" in wanted:
            _ask(page)
            expect(page.locator(".answer .source")).to_contain_text("inside the decided limits", timeout=300_000)
            _keep(page, "lab")
        if "auto-govern" in wanted:
            page.goto(f"http://127.0.0.1:{ports['web']}/?tab=auto-govern")
            page.get_by_label("What is on your mind?").fill(PROMISES)
            page.get_by_role("button", name="Govern", exact=True).click()
            expect(page.locator(".house .voice .said").first).to_be_visible(timeout=300_000)
            _keep(page, "auto-govern")
            page.get_by_role("button", name="Cancel", exact=True).click()
            expect(page.get_by_text("Cancelled").first).to_be_visible(timeout=60_000)
    finally:
        servers.stop()
        lab.writer.close()


def of_the_record(browser: Browser, folder: Path, wanted: set[str]) -> None:
    """On a copy of the shipped record, without a model; the deliberation alone is the bundled model's."""
    record = lay_out(folder / "record")
    session = deliberated(record) if "inner-house" in wanted else ""
    if "memory" in wanted:
        for text in (*EXAMPLES, PIANIST, PROMISES):
            list(navigate(text, default_kit(), None, Remembered(), record))
    served = start(record, Access())
    try:
        page = _page(browser, SIZE)
        page.goto(f"http://127.0.0.1:{served.web}/")
        for name, title in (("loop-feed", "Loop Feed"), ("memory", "Memory"), ("settings", "Settings")):
            if name in wanted:
                page.get_by_role("tab", name=title, exact=True).click()
                expect(page.get_by_role("tabpanel").filter(visible=True).locator("h2").first).to_be_visible()
                page.evaluate(ELSEWHERE, [str(folder), "/home/you/lab"])
                _keep(page, name)
        if "navigate" in wanted:
            page.get_by_role("tab", name="Navigate", exact=True).click()
            _ask(page)
            expect(page.locator(".answer .source")).to_contain_text("no model wrote this", timeout=60_000)
            _keep(page, "navigate")
        if session:
            page.goto(f"http://127.0.0.1:{served.web}/?tab=inner-house&session={session}")
            expect(page.locator(".house article.answer")).to_be_visible(timeout=60_000)
            page.get_by_role("region", name="Round 1, alone").evaluate("(board) => board.scrollIntoView()")
            _keep(page, "inner-house")
    finally:
        served.servers.stop()


def _page(browser: Browser, size: ViewportSize) -> Page:
    page = browser.new_page(viewport=size, color_scheme="light")
    page.set_default_timeout(60_000)
    return page


def _ask(page: Page) -> None:
    page.get_by_label("What is to be decided?").fill(PIANIST)
    page.get_by_role("button", name="Navigate", exact=True).click()


def deliberated(folder: Path) -> str:
    """A real session on the bundled model; its words are what that model writes. Takes some minutes."""
    begun = start_session(PROMISES, Asked(model=f"llamacpp:{bundled_gguf()}", seed=7, timeout_s=3600), folder)
    assert isinstance(begun, Started)
    ended = wait(begun.session, folder)
    assert ended.status == "done", ended.error
    return begun.session


def _keep(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)  # what glides has arrived
    page.evaluate(HIDE)
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(COLOURS).save(TARGET / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
