"""The pages follow the loop, and never fight the hand: new words come, zoom, place and choice stay."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks._cycles import Kind
from nma13.store import open_ro, open_rw
from tests.monitors.browser.conftest import CYCLES, Watched
from tests.monitors.stores import Running, grown

pytestmark = pytest.mark.browser
ENDINGS = {"Markdown": "zip", "DOCX": "docx", "HTML": "html"}
PLACE = """() => document.querySelector("[data-chart=durations]").getBoundingClientRect().top"""
ZOOM = """() => document.querySelector("[data-chart=resolution]")._fullLayout.xaxis.range"""


def next_cycle(watched: Watched, source: str, database: str) -> int:
    table = {"memory": "autonomous_loop_cycles", "prime_experiment": "prime_cycles"}[database]
    connection = open_ro(database, watched.folder)
    newest = connection.execute(f"SELECT max(cycle) FROM {table} WHERE source = ?", (source,)).fetchone()[0]
    connection.close()
    return int(newest) + 1


def test_an_output_shows_within_two_seconds_whole_and_as_words(
    open_page: Callable[..., Page], watched: Watched
) -> None:
    page = open_page(watched.address("loop_monitor"))
    expect(page.locator(".live-said").first).to_be_visible()
    running = Running(watched.folder, "loop_a", next_cycle(watched, "loop_a", "memory"))
    took = []
    for number in range(5):
        running.invented._words = lambda count, n=number: f"<img src=x onerror=alert({n})> & {'long ' * 400}end{n}."  # type: ignore[method-assign]
        running.left = []
        running.say()
        began = time.monotonic()
        expect(page.locator(".live-said p").last).to_contain_text(f"end{number}.")
        took.append(time.monotonic() - began)
    running.close()
    assert max(took) < 2.0
    said = page.locator(".live-said p").last.inner_text()
    assert said.startswith("<img src=x onerror=alert(4)> & long")
    assert said.count("long") == 400


def test_pause_holds_what_comes_and_going_on_shows_it(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("loop_monitor"))
    expect(page.locator(".live-said").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    before = page.locator(".live-said").count()
    running = Running(watched.folder, "loop_a", next_cycle(watched, "loop_a", "memory"))
    running.say(7)
    running.close()
    expect(page.locator(".live-note")).to_contain_text("7 waiting")
    assert page.locator(".live-said").count() == before
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".live-said")).to_have_count(before + 7)


def test_a_reader_stays_where_they_read_and_may_jump(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("loop_monitor"))
    expect(page.locator(".live-said").first).to_be_visible()
    log = page.locator(".live-log")
    log.evaluate("e => { e.scrollTop = 40 }")
    running = Running(watched.folder, "loop_a", next_cycle(watched, "loop_a", "memory"))
    running.say(3)
    running.close()
    jump = page.get_by_role("button", name="Jump to latest")
    expect(jump).to_contain_text("3 new")
    assert log.evaluate("e => e.scrollTop") == 40
    jump.click()
    expect(jump).to_be_hidden()
    assert log.evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight") < 5


def test_zoom_hidden_lines_and_scroll_survive_new_cycles(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("prime_monitor", "/?tab=dashboard"))
    chart = page.locator("[data-chart=resolution]")
    expect(chart.locator(".main-svg").first).to_be_visible(timeout=20_000)
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 90, steps=5)
    page.mouse.up()
    page.wait_for_timeout(400)
    zoomed = page.evaluate(ZOOM)
    page.evaluate("() => scrollTo(0, 700)")
    page.wait_for_timeout(200)
    where = page.evaluate(PLACE)
    cards = page.locator(".card-value").first
    before = cards.inner_text()
    running = Running(watched.folder, "loop_b", next_cycle(watched, "loop_b", "prime_experiment"))
    running.say(21 * 3)
    running.close()
    expect(cards).not_to_have_text(before)
    page.wait_for_timeout(500)
    assert page.evaluate(ZOOM) == zoomed
    assert page.evaluate(PLACE) == pytest.approx(where, abs=2)  # what is being looked at has not moved


def test_a_cycle_opens_from_the_feed_and_by_its_address(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("cognition_monitor"))
    link = page.locator(".live-cycle a").first
    cycle = link.get_attribute("data-cycle")
    link.click()
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Cycle Detail")
    expect(page.locator(".board-head h2")).to_have_text(f"Cycle {cycle}")
    assert f"tab=detail&cycle={cycle}" in page.url
    page.get_by_role("button", name="← Cycle before").click()
    expect(page.locator(".board-head h2")).to_have_text(f"Cycle {int(cycle or 0) - 1}")
    expect(page).to_have_url(watched.address("cognition_monitor", f"/?tab=detail&cycle={int(cycle or 0) - 1}"))
    other = open_page(watched.address("cognition_monitor", "/?tab=detail&cycle=17"), "phone")
    expect(other.locator(".board-head h2")).to_have_text("Cycle 17")
    expect(other.locator(".said")).to_have_count(21)
    expect(other.locator(".said .come").first).to_be_visible()


def test_history_is_paged_filtered_and_searched(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("cognition_monitor", "/?tab=history"))
    rows = page.locator(".rows tbody tr:not(.hit-row)")
    first = page.locator(".rows .cycle-link").first
    expect(first).to_have_text(str(CYCLES + 1))
    page.get_by_role("button", name="Next page →").click()
    expect(first).to_have_text(str(CYCLES + 1 - 50))
    page.get_by_role("button", name="← Page before").click()
    expect(first).to_have_text(str(CYCLES + 1))
    page.get_by_label("Search in all that was said").fill("harbour*")
    expect(page.locator(".hit mark").first).to_have_text("harbour", ignore_case=True)
    page.get_by_label("To cycle").fill("5")
    expect(first).not_to_have_text(str(CYCLES + 1))
    page.get_by_label("Search in all that was said").fill("")
    expect(rows).to_have_count(5)


def test_exports_are_fetched_with_one_click(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("cognition_monitor", "/?tab=history"))
    page.get_by_label("To cycle").fill("7")
    expect(page.locator(".rows tbody tr")).to_have_count(7)
    with page.expect_download() as got:
        page.get_by_role("button", name="Export CSV").click()
    with open(got.value.path(), encoding="utf-8") as file:
        assert [row["cycle"] for row in csv.DictReader(file)] == ["7", "6", "5", "4", "3", "2", "1"]
    page.get_by_label("with every word that was said").check()
    with page.expect_download() as got:
        page.get_by_role("button", name="Export JSON").click()
    with open(got.value.path(), encoding="utf-8") as file:
        cycles: list[dict[str, Any]] = json.load(file)
    assert [len(cycle["outputs"]) for cycle in cycles] == [21] * 7


@pytest.mark.parametrize("form", ["Markdown", "DOCX", "HTML"])
def test_a_report_is_one_click(open_page: Callable[..., Page], watched: Watched, form: str) -> None:
    page = open_page(watched.address("loop_d_monitor", "/?tab=report"))
    expect(page.locator(".paper .open")).to_have_text(["OPEN"] * 3)
    with page.expect_download() as got:
        page.get_by_role("button", name=form, exact=True).click()
    assert got.value.suggested_filename == f"loop_d-report.{ENDINGS[form]}"


def test_two_ranges_stand_side_by_side(open_page: Callable[..., Page], watched: Watched) -> None:
    page = open_page(watched.address("prime_monitor", "/?tab=dashboard"))
    page.get_by_role("button", name="Compare two ranges of cycles").click()
    page.get_by_role("button", name="First half and second half").click()
    expect(page.locator(".compared table").first).to_contain_text("Cycles 1–")
    expect(page.locator(".compared table").first).to_contain_text("S1 Trust confirms CAN")


def test_a_missing_store_says_what_to_do_and_fills_by_itself(fresh: Watched, open_page: Callable[..., Page]) -> None:
    page = open_page(fresh.address("prime_monitor"))
    expect(page.get_by_role("heading", level=2)).to_have_text("This loop has not written anything yet")
    expect(page.locator(".empty")).to_contain_text("./lab loop b")
    expect(page.get_by_role("tab")).to_have_count(0)
    open_rw("prime_experiment", fresh.folder).close()  # there, and empty
    page.wait_for_timeout(1500)
    expect(page.get_by_role("heading", level=2)).to_have_text("This loop has not written anything yet")
    grown(fresh.folder, "loop_b", 2)
    expect(page.locator(".live-said").first).to_be_visible(timeout=10_000)
    expect(page.locator(".empty")).to_have_count(0)


def test_trouble_is_told_in_words(fresh: Watched, open_page: Callable[..., Page]) -> None:
    (fresh.folder / "prime_experiment.db").write_bytes(b"no database at all, but long enough to be looked at" * 200)
    page = open_page(fresh.address("prime_monitor"))
    expect(page.get_by_role("heading", level=2)).to_have_text("This database cannot be read")
    expect(page.locator(".empty")).to_contain_text("./lab restore")
    grown(fresh.folder, "loop_c", 2)
    connection = open_rw("cognition_experiment", fresh.folder)
    connection.execute("DROP TABLE rollup_cycles")  # as a store of an earlier version that had no such sums
    connection.close()
    page = open_page(fresh.address("cognition_monitor"))
    expect(page.get_by_role("heading", level=2)).to_have_text("This database is older than the lab")


def test_a_loop_that_fell_silent_and_a_burst_of_flags_are_told(fresh: Watched, open_page: Callable[..., Page]) -> None:
    grown(fresh.folder, "loop_b", 40)
    running = Running(fresh.folder, "loop_b", 41)
    running.beat("running", int(time.time() * 1000) - 60_000)
    running.invented.kind = Kind(flag_rate=0.6)
    running.say(60)
    running.close()
    page = open_page(fresh.address("prime_monitor"))
    expect(page.locator(".strip-alarm")).to_have_text("loop silent")
    expect(page.locator(".alert").first).to_contain_text("last gave a sign")
    expect(page.locator(".strip .chip")).to_have_text("4 alerts")
