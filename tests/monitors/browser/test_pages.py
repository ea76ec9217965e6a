"""Every tab of every monitor, looked at: it opens, it is readable, it fits, it asks nobody else."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from monitors.kit import TABS, Monitor
from nma13.config import ROOT
from tests.browser.test_rooms import assert_fits, assert_readable
from tests.monitors.browser.conftest import MONITORS, Watched

pytestmark = pytest.mark.browser
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
SIGNS = {
    "feed": ".live-said",
    "dashboard": "[data-chart=leads] .main-svg",
    "sequences": "[data-chart=positions] .main-svg",
    "architecture": ".entry",
    "library": ".part",
    "history": ".rows tbody tr",
    "detail": ".board .said",
    "report": ".paper .signal",
    "ledger": ".entry",
}


def monitor_of(module: str) -> Monitor:
    found: Monitor = importlib.import_module(module).MONITOR
    return found


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
@pytest.mark.parametrize("name", [app.name for app in MONITORS])
def test_every_tab_opens_is_readable_and_fits(
    open_page: Callable[..., Page], watched: Watched, name: str, kind: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    app = next(app for app in MONITORS if app.name == name)
    page = open_page(watched.address(name), kind)
    expect(page.get_by_role("heading", level=1)).to_have_text(app.title)
    for tab in monitor_of(app.module).tabs:
        page.get_by_role("tab", name=TABS[tab], exact=True).click()
        panel = page.get_by_role("tabpanel").filter(visible=True)
        expect(panel.locator(SIGNS[tab]).first).to_be_visible(timeout=20_000)
        page.mouse.move(0, 0)
        assert_fits(page)
        assert_readable(page)
        page.screenshot(path=SCREENSHOTS / f"{name}-{tab}-{kind}.png", full_page=True)


def test_the_tabs_are_those_that_were_asked_for() -> None:
    said = {app.name: [TABS[tab] for tab in monitor_of(app.module).tabs] for app in MONITORS}
    assert said == {
        "loop_monitor": ["Live Feed", "Dashboard", "Cycle History", "Cycle Detail", "Research Report", "Ledger"],
        "prime_monitor": ["Live Feed", "Dashboard", "Cycle History", "Cycle Detail"],
        "cognition_monitor": [
            "Live Feed", "Dashboard", "Architecture Log", "Component Library", "Cycle History", "Cycle Detail",
            "Research Report",
        ],
        "loop_d_monitor": [
            "Live Feed", "Dashboard", "Sequence Map", "Architecture Log", "Component Library", "Cycle History",
            "Cycle Detail", "Research Report",
        ],
    }  # fmt: skip
