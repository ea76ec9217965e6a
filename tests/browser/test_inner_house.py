"""The Inner House as a person meets it: nothing yet; a session as it is written; its end; its own address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nma13.inner_house import Asked, Started, start, wait
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import Served, serving

pytestmark = pytest.mark.browser
PROBLEM = "I cannot keep my promise to my father and also keep my promise to my son. Am I right to choose my son?"
SLOWLY_MS = 60_000  # a process of its own starts meanwhile


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder with one session that came to its end."""
    folder = tmp_path_factory.mktemp("data")
    begun = start(PROBLEM, Asked(model="scripted:"), folder)
    assert isinstance(begun, Started)
    assert wait(begun.session, folder).status == "done"
    return folder, begun.session


@pytest.fixture(scope="module")
def scripted(finished: tuple[Path, str]) -> Iterator[Served]:
    with serving(finished[0], model="scripted: --pace 3") as served:
        yield served


def room(page: Page) -> Page:
    page.get_by_role("tab", name="Inner House", exact=True).click()
    return page


def test_before_the_first_session_the_room_says_what_it_is_for(open_page: Callable[..., Page], local: Served) -> None:
    page = room(open_page(address(local.web)))
    expect(page.locator(".empty").filter(visible=True)).to_contain_text("Seven voices on one problem")


def test_a_session_is_read_while_it_is_written_and_cancelled(open_page: Callable[..., Page], scripted: Served) -> None:
    page = room(open_page(address(scripted.web)))
    panel = page.get_by_role("tabpanel").filter(visible=True)
    panel.get_by_label("The problem").fill(PROBLEM)
    panel.get_by_role("button", name="Begin", exact=True).click()
    expect(panel.locator(".voices")).to_have_count(3, timeout=SLOWLY_MS)
    expect(panel.locator(".chips").first).to_contain_text("asks to be confirmed")
    expect(panel.locator(".voice .said").first).not_to_be_empty(timeout=SLOWLY_MS)
    expect(page).to_have_url(re.compile("session=[0-9a-f]{12}"))
    panel.get_by_role("button", name="Cancel", exact=True).click()
    expect(panel.get_by_role("heading", name="Cancelled")).to_be_visible()
    expect(panel.get_by_role("button", name="Go on from there")).to_be_visible()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_address_of_a_session_leads_to_its_end(
    open_page: Callable[..., Page], scripted: Served, finished: tuple[Path, str], kind: str
) -> None:
    page = open_page(f"{address(scripted.web)}?tab=inner-house&session={finished[1]}", kind)
    expect(page.locator(".house article.answer")).to_contain_text("Resolution")
    expect(page.locator(".house .voice")).to_have_count(21)
    expect(page.get_by_role("region", name="Terrain").filter(visible=True).first).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"inner-house-{kind}.png")


def test_auto_govern_says_where_a_text_goes(open_page: Callable[..., Page], scripted: Served) -> None:
    page = open_page(address(scripted.web))
    page.get_by_role("tab", name="Auto-Govern", exact=True).click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    panel.get_by_label("What is on your mind?").fill("I want to paint the fence this weekend. I begin at the gate.")
    panel.get_by_role("button", name="Govern", exact=True).click()
    expect(panel.get_by_role("heading", name="This goes to: Navigate")).to_be_visible(timeout=SLOWLY_MS)
    expect(panel).to_contain_text("Kept as episode", timeout=SLOWLY_MS)
    expect(panel.locator("article.answer")).to_contain_text("audit")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "auto-govern-light.png")


def test_a_session_goes_on_paper_whole(
    open_page: Callable[..., Page], scripted: Served, finished: tuple[Path, str]
) -> None:
    page = open_page(f"{address(scripted.web)}?tab=inner-house&session={finished[1]}")
    expect(page.locator(".house article.answer")).to_contain_text("Resolution")
    folded = page.locator(".house details:not([open])").count()
    assert folded > 0
    page.evaluate(
        """() => { const folded = ".house details:not([open])";
        window.print = () => { window.__unfolded = !document.querySelector(folded) } }"""
    )
    page.get_by_role("button", name="Print, or save as PDF").filter(visible=True).click()
    page.wait_for_function("() => window.__unfolded === true")
    expect(page.locator(".house details:not([open])")).to_have_count(folded)
    page.emulate_media(media="print")
    expect(page.locator(".house .voice")).to_have_count(21)
    for hidden in (
        page.get_by_role("textbox", name="The problem"),
        page.get_by_role("tablist"),
        page.locator("button").first,
    ):
        expect(hidden).to_be_hidden()
    page.pdf(path=SCREENSHOTS / "inner-house.pdf")
    assert (SCREENSHOTS / "inner-house.pdf").stat().st_size > 20_000
