"""The rooms where stations or two writers speak, and what they leave behind, on the bundled model for real."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import Served, serving_bundled

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(600)]
PROBLEM = (
    "My mother's will says the house may not be sold while my brother lives in it. My sister needs her share for a "
    "treatment that cannot wait. I promised both of them. I cannot keep one promise without breaking the other."
)
FENCE = "I want to paint the fence this weekend. I begin at the gate."
SLOWLY_MS = 180_000  # a ceiling for a busy machine, not a figure


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_bundled(tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.fixture(autouse=True)
def here(lab: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder of this lab, in each test."""
    monkeypatch.setenv("NMA_DATA", str(lab.lab.data))
    monkeypatch.setenv("NMA_THREADS", "1")


def room(page: Page, title: str) -> Locator:
    page.get_by_role("tab", name=title, exact=True).click()
    return page.get_by_role("tabpanel").filter(visible=True)


def ended(panel: Locator) -> None:
    panel.get_by_role("button", name="Cancel", exact=True).click()
    expect(panel.get_by_role("heading", name="Cancelled")).to_be_visible(timeout=SLOWLY_MS)


def test_the_stations_speak_and_a_session_is_left_found_again_and_gone_on_with(
    open_page: Callable[..., Page], lab: Served
) -> None:
    page = open_page(address(lab.web))
    panel = room(page, "Inner House")
    panel.get_by_label("The problem").fill(PROBLEM)
    page.wait_for_timeout(8_000)  # as long as it takes to write it down; meanwhile a process makes itself ready
    began = time.monotonic()
    panel.get_by_role("button", name="Begin", exact=True).click()
    expect(panel.locator(".voice .said").first).to_have_text(re.compile(r"\w+ \w+"), timeout=SLOWLY_MS)
    print(f"first words on screen {time.monotonic() - began:.1f} s after Begin, load {os.getloadavg()[0]:.1f}")
    expect(panel.locator(".chips").first).to_contain_text("Constraint Collision")
    expect(page).to_have_url(re.compile("session=[0-9a-f]{12}"))
    left = page.url
    page.goto("about:blank")
    back = open_page(left, "phone", strict=False)
    there = back.get_by_role("tabpanel").filter(visible=True)
    expect(there.locator(".voice .said").first).not_to_be_empty(timeout=SLOWLY_MS)
    assert_fits(back)
    ended(there)
    there.get_by_role("button", name="Go on from there").click()
    expect(there.locator(".chips").first).to_contain_text(re.compile("starting|running"), timeout=SLOWLY_MS)
    ended(there)


def test_what_collides_goes_from_auto_govern_to_the_stations(open_page: Callable[..., Page], lab: Served) -> None:
    page = open_page(address(lab.web))
    panel = room(page, "Auto-Govern")
    panel.get_by_label("What is on your mind?").fill(PROBLEM)
    panel.get_by_role("button", name="Govern", exact=True).click()
    expect(panel.get_by_role("heading", name="This goes to: Inner House")).to_be_visible(timeout=SLOWLY_MS)
    expect(panel.locator(".voice .said").first).not_to_be_empty(timeout=SLOWLY_MS)
    assert_readable(page)
    ended(panel)


def test_two_models_write_side_by_side(open_page: Callable[..., Page], lab: Served) -> None:
    page = open_page(address(lab.web))
    page.get_by_label("What is to be decided?").fill(FENCE)
    page.get_by_role("button", name="Two writers side by side").click()
    page.get_by_label("Right", exact=True).fill("scripted:")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Write the text above twice").click()
    sides = page.locator("article.answer").filter(visible=True)
    expect(sides).to_have_count(2, timeout=SLOWLY_MS)
    expect(sides.nth(0).locator(".source")).to_contain_text("audited", timeout=SLOWLY_MS)
    expect(sides.nth(1).locator(".source")).to_contain_text("audited", timeout=SLOWLY_MS)
    assert sides.nth(0).inner_text() != sides.nth(1).inner_text()
    page.get_by_label("Right", exact=True).fill("llamacpp:/nowhere/at-all.gguf")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Write the text above twice").click()
    expect(sides.nth(1).locator(".source")).to_contain_text("nothing was written here", timeout=SLOWLY_MS)
    expect(sides.nth(1)).to_contain_text("/nowhere/at-all.gguf")
    assert_readable(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "side-by-side-light.png", full_page=True)


def test_what_was_answered_is_found_again_in_the_other_rooms(
    open_page: Callable[..., Page], lab: Served, tmp_path: Path
) -> None:
    page = open_page(address(lab.web))
    page.get_by_label("What is to be decided?").fill(FENCE)
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.locator(".answer .source")).to_contain_text("audited", timeout=SLOWLY_MS)
    memory = room(page, "Memory")
    memory.get_by_label(re.compile("Search|looking for|Find", re.I)).first.fill("painting a fence")
    memory.get_by_role("button", name="Search", exact=True).click()
    expect(memory).to_contain_text("paint the fence", timeout=SLOWLY_MS)
    settings = room(page, "Settings")
    expect(settings).to_contain_text("SmolLM2")
    expect(room(page, "Loop Feed").get_by_role("heading", level=2).first).to_be_visible()
    expect(room(page, "Patterns").get_by_role("heading", level=2).first).to_be_visible()
    note = tmp_path / "fence.txt"
    note.write_text("The fence was last painted in 2019 with linseed oil paint.\n")
    documents = room(page, "Documents")
    documents.locator("input[type=file]").set_input_files(note)
    documents.get_by_role("button", name="Store", exact=True).click()
    expect(documents).to_contain_text("fence.txt", timeout=SLOWLY_MS)
