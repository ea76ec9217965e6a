"""Take the pictures of docs/web.md anew: `python -m tests.browser.take_pictures`. Light, desktop, shipped record."""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from apps.access import Access
from launcher.chromium import find, how_to_get_one
from loops.keepsake import lay_out
from nma13.config import ROOT
from nma13.inner_house import Asked, Started, wait
from nma13.inner_house import start as start_session
from nma13.llm.bundled import bundled_gguf
from tests.served import start

TARGET = ROOT / "docs" / "pictures"
SIZE = {"width": 1100, "height": 720}
COLOURS = 64  # enough for a page without photographs, and a third of the bytes
ELSEWHERE = """([here, there]) => { for (const one of document.querySelectorAll("code"))
  one.textContent = one.textContent.replace(here, there) }"""  # a temporary folder says nothing to a reader
PIANIST = (
    "The operation on my hand may end my playing for good, and without it the pain goes on. I am a pianist. "
    "Research proves that 80 % of patients recover."
)
PROMISES = (
    "My mother's will says the house may not be sold while my brother lives in it. My sister needs her share for a "
    "treatment that cannot wait. I promised both of them. I cannot keep one promise without breaking the other."
)


def main() -> int:
    path = find()
    if path is None:
        print(how_to_get_one(), file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        record = lay_out(Path(folder) / "record")
        session = deliberated(record)
        served = start(record, Access())
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
            page.set_default_timeout(60_000)
            page.goto(f"http://127.0.0.1:{served.web}/")
            for name, title in (("loop-feed", "Loop Feed"), ("memory", "Memory"), ("settings", "Settings")):
                page.get_by_role("tab", name=title, exact=True).click()
                expect(page.get_by_role("tabpanel").filter(visible=True).locator("h2").first).to_be_visible()
                page.evaluate(ELSEWHERE, [folder, "/home/you/lab"])
                _keep(page, name)
            page.get_by_role("tab", name="Navigate", exact=True).click()
            page.get_by_label("What is to be decided?").fill(PIANIST)
            page.get_by_role("button", name="Navigate", exact=True).click()
            expect(page.locator(".answer .source")).to_contain_text("no model wrote this", timeout=60_000)
            _keep(page, "navigate")
            page.goto(f"http://127.0.0.1:{served.web}/?tab=inner-house&session={session}")
            expect(page.locator(".house article.answer")).to_be_visible(timeout=60_000)
            page.get_by_role("region", name="Round 1, alone").evaluate("(board) => board.scrollIntoView()")
            _keep(page, "inner-house")
        finally:
            browser.close()
            served.servers.stop()
    return 0


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
    page.evaluate("() => document.querySelectorAll('.pages').forEach((one) => one.remove())")  # the tests' own page
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(COLOURS).save(TARGET / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
