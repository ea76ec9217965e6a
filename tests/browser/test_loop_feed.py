"""The Loop Feed as a person meets it: nothing yet; a record; a filter; a cycle that arrives while one reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.apps.test_loop_feed import begin, long_record
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import Served, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = long_record(tmp_path_factory.mktemp("data") / "record")
    with serving(folder) as served:
        yield served


def feed(page: Page) -> Page:
    page.get_by_role("tab", name="Loop Feed", exact=True).click()
    return page


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_fifteen_cycles_are_readable_and_fit(open_page: Callable[..., Page], record: Served, kind: str) -> None:
    page = feed(open_page(address(record.web), kind))
    expect(page.locator("article.cycle")).to_have_count(15)
    expect(page.locator(".standing")).to_have_count(4)
    page.locator("article.cycle summary").first.click()
    assert_fits(page)
    assert_readable(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"loop-feed-{kind}.png")


def test_before_any_loop_ran_the_room_says_how_to_start_one(open_page: Callable[..., Page], local: Served) -> None:
    page = feed(open_page(address(local.web)))
    expect(page.locator(".empty").filter(visible=True)).to_contain_text("./lab loop a")


def test_a_filter_leaves_only_what_was_asked_for(open_page: Callable[..., Page], record: Served) -> None:
    page = feed(open_page(address(record.web)))
    page.get_by_label("Loops (none chosen: all)").click()
    page.get_by_role("option", name="Loop B").click()
    expect(page.locator("article.cycle h2", has_text="Loop A")).to_have_count(0)
    for title in page.locator("article.cycle h2").all_inner_texts():
        assert title.startswith("Loop B")


def test_nothing_is_drawn_anew_while_nothing_moves_and_a_new_cycle_comes_by_itself(
    open_page: Callable[..., Page], record: Served
) -> None:
    page = feed(open_page(address(record.web)))
    summary = page.locator("article.cycle summary").first
    summary.click()
    page.evaluate("() => { window.__first = document.querySelector('article.cycle') }")
    page.wait_for_timeout(4500)  # two looks
    assert page.evaluate("() => window.__first.isConnected")
    key = page.locator("article.cycle details").first.get_attribute("data-keep")
    begin(record.lab.data, "loop_a", 901, "words that arrive while somebody reads")
    expect(page.locator("article.cycle").first).to_contain_text("words that arrive while somebody reads")
    expect(page.locator(f"details[data-keep='{key}']")).to_have_attribute("open", "")
    expect(page.locator("article.cycle")).to_have_count(15)
