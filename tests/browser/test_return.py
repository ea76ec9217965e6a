"""An answer survives a reload, belongs to one browser, and goes on paper whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_rooms import SCREENSHOTS, address
from tests.served import Served

pytestmark = pytest.mark.browser
PIANIST = "The operation on my hand may end my playing for good. Research proves that 80 % of patients recover."


def ask(page: Page) -> None:
    page.get_by_label("What is to be decided?").fill(PIANIST)
    page.get_by_role("button", name="Navigate", exact=True).click()


def test_a_phone_that_leaves_finds_its_answer_and_nobody_else_does(
    open_page: Callable[..., Page], local: Served
) -> None:
    phone = open_page(
        address(local.web), "phone", strict=False
    )  # who leaves breaks off requests, and the browser says so
    ask(phone)
    expect(phone.locator(".chips").first).to_be_visible()
    phone.goto("about:blank")
    phone.goto(address(local.web))
    expect(phone.locator(".answer .source")).to_contain_text("no model wrote this")
    expect(phone.get_by_label("What is to be decided?")).to_have_value(PIANIST)
    other = open_page(address(local.web))
    expect(other.get_by_role("heading", name="Ask, and see what it rests on")).to_be_visible()


def test_the_paper_holds_question_answer_and_reasons(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    page.add_init_script("window.print = () => { window.__printed = true }")
    page.reload()
    ask(page)
    expect(page.locator(".answer .source")).to_contain_text("no model wrote this")
    page.emulate_media(media="print")
    page.evaluate("() => { window.__kept = window.print; window.print = () => window.__kept() }")
    page.evaluate("() => window.labPrint()")
    expect(page.locator(".own-words")).to_be_visible()
    expect(page.get_by_role("heading", name="What each gate decided").or_(page.locator(".why").last)).to_be_visible()
    page.wait_for_function("() => window.__printed")
    expect(page.get_by_label("What is to be decided?")).to_be_hidden()
    expect(page.get_by_role("tablist")).to_be_hidden()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.pdf(path=SCREENSHOTS / "navigate.pdf")
