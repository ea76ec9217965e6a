"""Every control of every page: it has a name, the Tab key reaches it, and its focus can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.registry import App, existing
from loops.keepsake import lay_out
from tests.browser.test_rooms import address
from tests.served import WEB, serving_pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
FOCUS = (Path(__file__).parent / "focus.js").read_text(encoding="utf-8")
SEEN_AT_LEAST = 3.0  # WCAG 2.2, 1.4.11
MOST = 400  # stops of the Tab key on one page; more would be a trap
NAMED = {
    "button", "checkbox", "combobox", "DisclosureTriangle", "link", "listbox", "menuitem", "option", "radio",
    "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip
BEGIN = """() => { window.__probes = new Set(); document.getElementById("walk-start")?.remove();
  const start = document.createElement("a"); start.id = "walk-start"; start.href = "#"; start.textContent = "start";
  document.body.prepend(start); start.focus() }"""
NOT_REACHED = """() => { document.getElementById("walk-start").remove();
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
  const alike = (one) => one.type === "radio" ? one.closest("fieldset, [role=radiogroup]") ?? one : one;
  const reached = new Set([...window.__probes].map(alike));
  return [...all].filter((one) => { const box = one.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && !one.disabled && one.tabIndex >= 0 && !reached.has(alike(one)) &&
      one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }).map((one) => one.outerHTML.slice(0, 200)) }"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The port of every page, over the record that the lab ships: there are rows, charts and cycles to reach."""
    with serving_pages(existing(), lay_out(tmp_path_factory.mktemp("record") / "data")) as ports:
        yield ports


def rooms(page: Page) -> Iterator[str]:
    """Each tab of a page, opened, with all that can be unfolded unfolded; a page without tabs as it is."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    bar = page.get_by_role("tablist").first
    expect(bar.or_(page.locator("#walk-start")).first).to_be_attached()
    for tab in bar.get_by_role("tab").all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(500)  # what the room loads when it is opened
        unfold(page.locator("button.label-wrap:not(.open)").filter(visible=True))
        yield tab.inner_text()


def unfold(shut: Locator) -> None:
    while shut.count():
        before = shut.count()
        shut.first.click()
        expect(shut).not_to_have_count(before)


def nameless(page: Page) -> list[str]:
    """Controls that a screen reader would announce without a name, by the browser's own reckoning."""
    session = page.context.new_cdp_session(page)
    found = []
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        if node.get("ignored") or node["role"]["value"] not in NAMED or named(node):
            continue
        there = session.send("DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})["node"]
        found.append(f"{node['role']['value']}: {there['nodeName']} {there.get('attributes')}")
    session.detach()
    return found


def named(node: dict[str, Any]) -> bool:
    return bool(node.get("name", {}).get("value", "").strip())


def walk(page: Page) -> list[dict[str, Any]]:
    """Where the Tab key stops, from the top of the page until it comes round."""
    page.mouse.move(0, 0)
    page.evaluate(BEGIN)
    stops: list[dict[str, Any]] = []
    outside = 0  # after the last control the focus leaves the page, into the browser's own
    while len(stops) < MOST and outside < 3:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            outside += 1
        elif stop["start"]:
            return stops
        else:
            stops.append(stop)
    return stops


@pytest.mark.parametrize(
    ("app", "kind"),
    [*((app, "light") for app in existing()), (WEB, "dark")],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_every_control_has_a_name_and_is_reached_by_keyboard(
    open_page: Callable[..., Page], everything: dict[str, int], app: App, kind: str
) -> None:
    page = open_page(address(everything[app.name]), kind, reduced_motion="reduce")
    wrong: list[str] = []
    count = 0
    for room in rooms(page):
        count += 1
        wrong += [f"{room}: no name: {one}" for one in nameless(page)]
        stops = walk(page)
        assert 0 < len(stops) < MOST, f"{room}: {len(stops)} stops"
        wrong += [f"{room}: focus not seen: {s}" for s in stops if not seen(s)]
        wrong += [f"{room}: not reached: {one}" for one in page.evaluate(NOT_REACHED)]
    assert count > 0
    assert wrong == []


def seen(stop: dict[str, Any]) -> bool:
    return stop["seen"] and stop["marked"] and stop["ratio"] >= SEEN_AT_LEAST


def test_a_control_without_a_name_or_out_of_reach_is_noticed(
    open_page: Callable[..., Page], everything: dict[str, int]
) -> None:
    """So that the test above can fail."""
    page = open_page(address(everything["web"], "/?tab=settings"), reduced_motion="reduce")
    expect(page.get_by_role("tablist").first).to_be_visible()
    page.evaluate(
        """() => { document.querySelector("main").insertAdjacentHTML("beforeend",
          "<input id='nobody' style='outline: none !important'><div id='mouse' role='button' tabindex='0'>x</div>");
          document.getElementById("mouse").addEventListener("focus", (event) => event.target.blur()); }"""
    )
    assert any("nobody" in one for one in nameless(page))
    assert any("nobody" in one["html"] and not seen(one) for one in walk(page))


def test_no_chart_offers_to_send_itself_elsewhere(open_page: Callable[..., Page], everything: dict[str, int]) -> None:
    page = open_page(address(everything["loop_monitor"], "/?tab=dashboard"))
    expect(page.locator(".modebar-btn").first).to_be_attached()
    assert page.locator(".modebar-btn[data-title*='hare']").count() == 0
    page.goto(address(everything["explorer"], "/?tab=surface"))
    expect(page.locator(".modebar-btn").first).to_be_attached()
    assert page.locator(".modebar-btn[data-title*='hare']").count() == 0
