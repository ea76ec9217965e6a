"""The scaling explorer as a person uses it: read the results, act in a world, ask, read a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.scaling_explorer import APP
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import serving_pages

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the page."""
    with serving_pages([APP], tmp_path_factory.mktemp("data")) as ports:
        yield ports[APP.name]


PATIENT = 30_000  # a shared machine may be busy; what is tested is that it comes, not how soon


def to(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_results_and_a_world(open_page: Callable[..., Page], explorer: int, kind: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = open_page(address(explorer), kind)
    expect(page.locator(".vs-study").first).to_be_visible(timeout=PATIENT)
    expect(page.locator(".vs-study svg").first).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"explorer-results-{kind}.png")
    to(page, "World")
    expect(page.locator(".vs-map svg")).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="Play 5").click()
    expect(page.locator(".vs-trace rect")).to_have_count(5, timeout=PATIENT)
    expect(page.locator(".vs-edits .right").first).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"explorer-world-{kind}.png", full_page=True)


def test_belief_drifts_and_the_oracle_brings_it_back(open_page: Callable[..., Page], explorer: int) -> None:
    page = open_page(address(explorer))
    to(page, "World")
    page.get_by_label("Who proposes").click()
    page.get_by_role("option", name="nothing").click()
    page.get_by_label("Action").fill("host_down h1")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".vs-edits .wrong").first).to_be_visible()
    expect(page.locator(".vs-map .node.wrong")).to_have_count(1)
    page.get_by_role("button", name="Ask the oracle").click()
    expect(page.locator(".vs-map .node.wrong")).to_have_count(0)
    expect(page.locator(".vs-trace .asked")).to_have_count(1)
    page.get_by_label("Action").fill("launch the rockets")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.get_by_text("is no action")).to_be_visible()


def test_the_other_world_curves_surface_and_data(open_page: Callable[..., Page], explorer: int) -> None:
    page = open_page(address(explorer))
    to(page, "World")
    page.get_by_label("Which world").click()
    page.get_by_role("option", name="filesystem").click()
    expect(page.locator(".vs-tree")).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="Play 5").click()
    expect(page.locator(".vs-trace rect")).to_have_count(5, timeout=PATIENT)
    to(page, "Horizon")
    expect(page.get_by_text("Read off the curves")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "explorer-horizon-light.png", full_page=True)
    to(page, "Scaling surface")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENT)
    to(page, "Data")
    expect(page.get_by_text("Manifest of floor")).to_be_visible()
    expect(page.get_by_role("button", name="Remove this file").filter(visible=True)).to_have_count(0)
    assert_fits(page)


def test_the_rows_of_a_study_are_words_on_a_phone_and_not_letters(
    open_page: Callable[..., Page], explorer: int
) -> None:
    page = open_page(address(explorer), "phone")
    to(page, "Data")
    cell = page.get_by_role("cell", name="mean horizon, share of T").first
    expect(cell).to_be_visible(timeout=PATIENT)
    assert cell.evaluate("(one) => one.scrollWidth <= one.clientWidth && getComputedStyle(one).overflowWrap") in (
        "normal",
        "break-word",
    )
    assert_fits(page)


def test_a_study_that_was_stopped_no_longer_says_that_it_runs(open_page: Callable[..., Page], explorer: int) -> None:
    page = open_page(address(explorer))
    to(page, "Run")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("heading", name="Running floor")).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Nothing is running")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_role("heading", name="Running floor")).to_have_count(0)
