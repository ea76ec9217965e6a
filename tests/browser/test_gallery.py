"""The timeline gallery as a person uses it: switch, play, compare, bring a log, take a page away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.gallery.own_data import sample
from apps.timeline_gallery import APP
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import serving_pages

pytestmark = pytest.mark.browser
TABS = ("Compare policies", "Generalisation", "What the model looks at", "Controls", "Your data", "Scorecards")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the page."""
    with serving_pages([APP], tmp_path_factory.mktemp("data")) as ports:
        yield ports[APP.name]


def settled(page: Page) -> None:
    expect(page.locator(".pair .trace")).to_have_count(2)


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_a_pair_side_by_side(open_page: Callable[..., Page], gallery: int, kind: str) -> None:
    page = open_page(address(gallery), kind)
    settled(page)
    expect(page.locator(".said")).to_contain_text("User: ")
    expect(page.locator(".trace").first).to_contain_text("WAIT")
    expect(page.locator(".trace").last).to_contain_text("SPEAK")
    expect(page.locator(".pair .table")).to_contain_text("Tiny GRU")
    assert page.locator(".pair .wrong").count() >= 3  # every transcript policy misses one member
    expect(page.get_by_text("How long that state had held")).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"gallery-{kind}.png", full_page=True)


def test_another_pair_is_there_at_once(open_page: Callable[..., Page], gallery: int) -> None:
    """The aim is 300 ms. What gates is a ratio: a switch may not take longer than opening the page did."""
    page = open_page(address(gallery))
    settled(page)
    timed = """async (press) => {
      const shown = () => document.querySelector(".pair")?.getAttribute("aria-label");
      const before = shown(), start = performance.now();
      [...document.querySelectorAll("button")].find(b => b.textContent.trim() === press).click();
      while (shown() === before) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    }"""
    took = sorted(page.evaluate(timed, "Next") for _ in range(5))
    page.evaluate(timed, "Previous")
    opened = page.evaluate("() => performance.getEntriesByType('paint')[0].startTime")
    print(f"a switch takes {took[2]:.0f} ms in the middle of five; the first paint came after {opened:.0f} ms")
    assert took[2] < 4 * opened + 300


def test_the_playhead_runs_at_real_speed_over_both(open_page: Callable[..., Page], gallery: int) -> None:
    page = open_page(address(gallery))
    settled(page)
    length = page.evaluate(
        "() => parseFloat(getComputedStyle(document.querySelector('.two')).getPropertyValue('--length'))"
    )
    page.locator("label.play").click()
    running = page.evaluate("() => document.getAnimations().filter(a => a.animationName === 'over').map(a => "
                            "[a.effect.getTiming().duration, Math.round(a.startTime)])")  # fmt: skip
    assert len(running) == 14
    assert {one[0] for one in running} == {length}
    assert len({one[1] for one in running}) == 1


def test_every_family_of_every_suite_opens(open_page: Callable[..., Page], gallery: int) -> None:
    page = open_page(address(gallery))
    settled(page)
    for suite in ("noisy", "pilot"):
        page.get_by_label("Suite").first.click()
        page.get_by_role("option", name=suite).click()
        expect(page.locator(f"section.pair[aria-label*='{suite}-']")).to_be_visible()
    page.get_by_label("Family").click()
    page.get_by_role("option", name="Approval interruption").click()
    expect(page.locator(".trace").first).to_contain_text("REQUEST_APPROVAL")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("section.pair[aria-label*='async_tool']")).to_be_visible()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
@pytest.mark.parametrize("tab", TABS)
def test_the_other_tabs(open_page: Callable[..., Page], gallery: int, tab: str, kind: str) -> None:
    page = open_page(address(gallery), kind)
    settled(page)
    page.get_by_role("tab", name=tab, exact=True).click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    if tab == "Your data":
        expect(panel.get_by_text("Bring an event log")).to_be_visible()
    else:
        expect(panel.locator(".panel").first).to_be_visible()
        expect(panel.get_by_text("Not made yet")).to_have_count(0)
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"gallery-{tab.lower().replace(' ', '-')}-{kind}.png", full_page=True)


def test_a_log_of_ones_own(open_page: Callable[..., Page], gallery: int, tmp_path: Path) -> None:
    page = open_page(address(gallery, "/?tab=your-data"))
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(sample(), encoding="utf-8")
    bad.write_text(sample().replace('"book"', '"<img src=x onerror=window.__hit=1> ann@example.org"'), encoding="utf-8")
    panel = page.get_by_role("tabpanel").filter(visible=True)
    expect(panel.get_by_text("Bring an event log")).to_be_visible()
    panel.locator("input[type=file]").set_input_files(good)
    expect(panel.get_by_text("The log keeps the protocol")).to_be_visible()
    expect(panel.locator(".trace")).to_have_count(2)
    panel.get_by_label("Remove this file").or_(panel.get_by_label("Clear")).first.click()
    expect(panel.locator(".trace")).to_have_count(0)
    panel.locator("input[type=file]").set_input_files(bad)
    expect(panel.get_by_text("The log does not keep the protocol")).to_be_visible()
    expect(panel.get_by_text("an e-mail address").first).to_be_visible()
    expect(panel.locator(".said").first).to_contain_text("<img src=x")
    assert page.evaluate("() => window.__hit") is None


def test_a_pair_can_be_taken_away(open_page: Callable[..., Page], gallery: int, tmp_path: Path) -> None:
    page = open_page(address(gallery))
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save this pair").or_(
            page.get_by_role("link", name="Save this pair")
        ).first.click()
    kept = tmp_path / "pair.html"
    coming.value.save_as(kept)
    for kind in ("light", "dark", "phone"):
        alone = open_page(kept.as_uri(), kind)
        expect(alone.locator(".trace")).to_have_count(2)
        assert_fits(alone)
        assert_readable(alone)
        alone.screenshot(path=SCREENSHOTS / f"gallery-alone-{kind}.png", full_page=True)
