"""Settings as a person uses it: a country, a scheme, and both still there after a reload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import Served

pytestmark = pytest.mark.browser


def test_a_country_is_chosen_once(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web, "/?tab=settings"))
    field = page.get_by_label("Whose help is shown to a person in danger")
    expect(field).to_have_value("international (default)")
    field.click()
    page.get_by_role("option", name="United Kingdom (en-GB)").click()
    expect(page.get_by_role("heading", name="Help in danger: United Kingdom")).to_be_visible()
    expect(page.get_by_text("not yet reviewed by a clinician")).to_be_visible()
    page.reload()
    expect(field).to_have_value("United Kingdom (en-GB)")
    page.get_by_role("tab", name="Navigate", exact=True).click()
    page.get_by_label("What is to be decided?").fill("I want to die and I have the pills here.")
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.locator(".answer.urgent")).to_contain_text("116 123")
    expect(page.locator(".answer.urgent")).to_contain_text("United Kingdom")


def test_dark_by_choice_holds_after_a_reload(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web, "/?tab=settings"))
    expect(page.get_by_label("As the system")).to_be_checked()
    page.get_by_label("Dark", exact=True).check()
    expect(page.locator("body.dark")).to_have_count(1)
    page.reload()
    expect(page.locator("body.dark")).to_have_count(1)
    expect(page.get_by_label("Dark", exact=True)).to_be_checked()
    expect(page.get_by_role("heading", name="Your rule overlay")).to_be_visible()
    assert_readable(page)
    assert_fits(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "settings-dark-by-choice.png", full_page=True)
    page.get_by_label("Light", exact=True).check()
    expect(page.locator("body.dark")).to_have_count(0)
