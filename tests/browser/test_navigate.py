"""Navigate, as a person uses it: ask, read the answer, see what it rests on; on the bundled model for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.access import Access
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.probe_page import HOSTILE
from tests.served import Served, serving_bundled, start

pytestmark = [pytest.mark.browser, pytest.mark.model]
PIANIST = "The operation on my hand may end my playing for good. Research proves that 80 % of patients recover."


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_bundled(tmp_path_factory.mktemp("data")) as served:
        yield served


def ask(page: Page, text: str) -> None:
    page.get_by_label("What is to be decided?").fill(text)
    page.get_by_role("button", name="Navigate", exact=True).click()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_an_answer_and_what_it_rests_on(open_page: Callable[..., Page], lab: Served, kind: str) -> None:
    page = open_page(address(lab.web), kind)
    ask(page, PIANIST)
    expect(page.get_by_text("HEDGED VECTOR").first).to_be_visible()
    expect(page.locator(".answer .source")).to_contain_text("inside the decided limits, audited", timeout=30_000)
    expect(page.locator(".answer")).to_contain_text("The operation on my hand may end my playing for good")
    page.get_by_role("button", name="Your words, and why").click()
    expect(page.locator("mark.premise").first).to_contain_text("Research proves")
    expect(page.get_by_role("heading", name="What would change this decision")).to_be_visible()
    expect(page.locator(".why")).to_contain_text("routing STANDARD instead of NMA-3")
    page.get_by_role("button", name="Gates").click()
    expect(page.get_by_role("heading", name="Gates")).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"navigate-answer-{kind}.png", full_page=True)


def test_a_crisis_shows_help_first_and_asks_no_model(open_page: Callable[..., Page], lab: Served) -> None:
    page = open_page(address(lab.web))
    ask(page, "I want to die and I have the pills here.")
    expect(page.locator(".answer.urgent p").first).to_contain_text("emergency number")
    expect(page.locator(".answer .source").first).to_contain_text("no model writes this kind of answer")
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / "navigate-crisis.png", full_page=True)


def test_hostile_words_are_words(open_page: Callable[..., Page], lab: Served) -> None:
    page = open_page(address(lab.web))
    ask(page, f"My hand surgery cannot be undone. {HOSTILE}")
    expect(page.locator(".answer .source")).to_contain_text("audited", timeout=30_000)
    page.get_by_role("button", name="Your words, and why").click()
    expect(page.locator(".own-words")).to_contain_text("<script>")
    assert page.evaluate("() => window.__hit") is None


def test_nothing_asked_is_answered_in_a_sentence(open_page: Callable[..., Page], lab: Served) -> None:
    page = open_page(address(lab.web))
    ask(page, "   ")
    expect(page.get_by_text("There is no text to work on")).to_be_visible()


def test_a_model_that_cannot_be_loaded_is_said_and_structure_remains(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no weights at all")
    served = start(tmp_path, Access(), model=f"llamacpp:{broken}")
    try:
        page = open_page(address(served.web), strict=False)  # the page outlives its server
        ask(page, PIANIST)
        expect(page.locator(".answer .source")).to_contain_text("no model wrote this")
        expect(page.locator(".notices")).to_contain_text("stands in")
    finally:
        served.servers.stop()
