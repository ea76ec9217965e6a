"""The eight rooms, looked at: they open, they are readable, they fit, they ask nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import web
from nma13.config import ROOT
from tests.probe_page import FAR_IMAGE, HOSTILE, PROBE
from tests.served import TOKEN, Served

pytestmark = pytest.mark.browser
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
AA = 4.5


def address(port: int, rest: str = "/", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{port}{rest}"


def assert_readable(page: Page) -> None:
    measured = page.evaluate(CONTRAST)
    assert len(measured) > 3
    assert [one for one in measured if one["ratio"] < AA] == []


SPILT = """() => [...document.querySelectorAll(".gradio-container button:not(.label-wrap)")].filter((one) => {
  const words = document.createRange(); words.selectNodeContents(one);
  const [inner, outer] = [words.getBoundingClientRect(), one.getBoundingClientRect()];
  return one.checkVisibility() && one.innerText.trim() && inner.width > outer.width + 1;
}).map((one) => one.innerText)"""
"""Buttons that are narrower than their words; the sign of a fold is turned, and its box with it."""


def assert_fits(page: Page) -> None:
    wide = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    assert page.evaluate(SPILT) == []


def settled(page: Page) -> None:
    """Tabs are there, the header has heard which pages are up, nothing is spinning."""
    expect(page.get_by_role("tab").first).to_be_visible()
    expect(page.locator(".page.up")).to_have_count(1)
    expect(page.locator("[data-testid=status-tracker].generating, .loading")).to_have_count(0)


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_every_room_opens_is_readable_and_fits(open_page: Callable[..., Page], local: Served, kind: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = open_page(address(local.web), kind)
    settled(page)
    for name, title, _ in web.TABS:
        tab = page.get_by_role("tab", name=title, exact=True)
        expect(tab).to_be_in_viewport(ratio=1)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel).to_have_count(1)
        expect(panel.get_by_role("heading", level=2).first).to_be_visible()
        assert_fits(page)
        assert_readable(page)
        page.mouse.move(0, 0)
        page.screenshot(path=SCREENSHOTS / f"web-{name}-{kind}.png", full_page=True)


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_parts_that_later_rooms_use_are_readable_too(
    open_page: Callable[..., Page], local: Served, kind: str
) -> None:
    page = open_page(address(local.probe), kind, strict=False)  # it tries to load a far image, on purpose
    expect(page.get_by_role("button", name="Main")).to_be_visible()
    expect(page.locator(".feed")).to_be_visible()
    assert_readable(page)
    assert_fits(page)
    page.screenshot(path=SCREENSHOTS / f"parts-{kind}.png", full_page=True)


def test_a_link_opens_a_room_and_back_goes_to_the_room_before(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web, "/?tab=memory&keep=1"))
    chosen = page.locator("[role=tab][aria-selected=true]")
    expect(chosen).to_have_text("Memory")
    assert page.url.endswith("?tab=memory&keep=1")
    page.get_by_role("tab", name="Patterns").click()
    expect(page).to_have_url(address(local.web, "/?tab=patterns&keep=1"))
    page.get_by_role("tab", name="Settings").click()
    page.go_back()
    expect(chosen).to_have_text("Patterns")
    page.go_back()
    expect(chosen).to_have_text("Memory")
    page.go_forward()
    expect(chosen).to_have_text("Patterns")
    page.reload()
    expect(chosen).to_have_text("Patterns")


@pytest.mark.parametrize("wish", ["nothing", "<script>", "", "settings'];alert(1)//"])
def test_a_link_to_no_room_opens_the_first(open_page: Callable[..., Page], local: Served, wish: str) -> None:
    page = open_page(address(local.web, f"/?tab={wish}"))
    settled(page)
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Navigate")


def test_rooms_are_reached_by_keyboard_and_focus_shows(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    settled(page)
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.getAttribute('role')") == "tab":
            break
    chosen, focused = page.locator("[role=tab][aria-selected=true]"), page.locator("[role=tab]:focus")
    expect(focused).to_have_text("Navigate")
    for key, title in (("ArrowRight", "Inner House"), ("End", "Settings"), ("ArrowRight", "Navigate")):
        page.keyboard.press(key)
        expect(chosen).to_have_text(title)
        expect(focused).to_have_text(title)
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(address(local.web, "/?tab=settings"))
    outline = page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement);"
        " return [style.outlineStyle, parseFloat(style.outlineWidth)] }"
    )
    assert outline == ["solid", 3]
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('[role=tabpanel]') !== null")


def test_less_motion_is_respected(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web), reduced_motion="reduce")
    settled(page)
    longest = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('*')].flatMap(e => { const s = getComputedStyle(e);"
        " return [s.animationDuration, s.transitionDuration].flatMap(v => v.split(',').map(parseFloat)) }))"
    )
    assert longest <= 0.001


def test_the_header_does_not_move_what_is_below_it(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web), "phone")
    expect(page.get_by_role("tab").first).to_be_visible()
    before = page.get_by_role("tab").first.bounding_box()
    settled(page)
    assert page.get_by_role("tab").first.bounding_box() == before


def test_other_pages_are_linked_by_the_name_the_visitor_used(open_page: Callable[..., Page], local: Served) -> None:
    for host in ("127.0.0.1", "localhost"):
        page = open_page(address(local.web, host=host))
        settled(page)
        link = page.get_by_role("link", name=PROBE.title, exact=True)
        expect(link).to_have_attribute("href", f"//{host}:{local.probe}/")


def test_a_phone_signs_in_and_works(open_page: Callable[..., Page], networked: Served) -> None:
    page = open_page(address(networked.web, "/?tab=memory", "lab.test"), "phone", strict=False)
    expect(page.get_by_role("heading")).to_have_text("Sign in")
    assert_readable(page)
    assert_fits(page)
    page.screenshot(path=SCREENSHOTS / "sign-in-phone.png")
    page.get_by_label("Token").fill("not the token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    assert_readable(page)
    complaints: list[str] = []
    page.on("console", lambda one: one.type == "error" and complaints.append(one.text))
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    settled(page)
    page.get_by_role("tab", name="Settings").click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    expect(panel.get_by_text("set, and never shown here")).to_be_visible()
    assert TOKEN not in page.content()
    assert page.evaluate("() => document.cookie") == ""
    page.screenshot(path=SCREENSHOTS / "web-signed-in-phone.png", full_page=True)
    assert complaints == []


def test_the_sign_in_page_is_readable_in_the_dark(open_page: Callable[..., Page], networked: Served) -> None:
    page = open_page(address(networked.web, "/sign-in", "lab.test"), "dark")
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / "sign-in-dark.png")


def test_foreign_words_stay_words(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.probe), strict=False)
    expect(page.locator(".feed b")).to_have_text(HOSTILE)
    expect(page.locator(".card-label")).to_have_text(HOSTILE)
    expect(page.get_by_role("log")).to_have_attribute("aria-label", HOSTILE)
    expect(page.get_by_role("heading", level=1)).to_have_text(PROBE.title)
    expect(page).to_have_title(PROBE.title)
    assert page.evaluate("() => window.__hit") is None


def test_a_picture_in_a_text_is_not_fetched_from_elsewhere(
    open_page: Callable[..., Page], local: Served, stranger: object
) -> None:
    assert "far.example" in FAR_IMAGE
    there = open_page("http://far.example/here", strict=False)  # it could be reached
    assert stranger.seen.pop() in ("/here", "/favicon.ico")  # type: ignore[attr-defined]
    there.wait_for_timeout(200)
    stranger.seen.clear()  # type: ignore[attr-defined]
    page = open_page(address(local.probe), strict=False)
    expect(page.locator("img[src*='far.example']")).to_have_count(2)
    page.wait_for_timeout(500)
    assert stranger.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["light", "dark"])
def test_a_failure_is_shown_calmly(open_page: Callable[..., Page], local: Served, kind: str) -> None:
    page = open_page(address(local.probe), kind, strict=False)
    page.get_by_role("button", name="Fail", exact=True).click()
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text("Something in the lab failed. What was stored before is untouched.")
    page.get_by_role("button", name="Fail in words").click()  # not queued: Gradio itself would say nothing
    told = page.get_by_role("alert").filter(has_text="locked")
    expect(told.locator("p")).to_have_text("the <store> is locked; nothing was lost; try again")
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"failure-{kind}.png")
    told.get_by_role("button", name="Close").click()
    expect(told).to_have_count(0)
