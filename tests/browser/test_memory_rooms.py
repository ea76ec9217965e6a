"""Memory and Patterns as a person uses them: ask, be remembered, search, learn, switch off, forget; for real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from nma13.store import LOOPS, open_ro, open_rw
from nma13.store.lock import InstanceLock
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.nma13.memory.helpers import RANK, keep
from tests.probe_page import HOSTILE
from tests.served import Served

pytestmark = pytest.mark.browser
FIRST_MS = 30_000  # the first run of a process loads the encoder
POT = "Which pot suits the fern better?"
BOAT = "My brother Anselm wants to sell the boat that our father built."


def room(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def ask(page: Page, text: str) -> None:
    room(page, "Navigate")
    page.get_by_label("What is to be decided?").fill(text)
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.get_by_text(re.compile("Kept as episode|Nothing of this run was kept"))).to_be_visible(timeout=FIRST_MS)


def forget(page: Page, kind: str, which: str) -> None:
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("Which one? Its number, its name, or days").fill(which)
    page.get_by_label("I know that this cannot be undone").check()
    page.get_by_role("button", name="Forget", exact=True).click()


def count(local: Served, what: str) -> int:
    with closing(open_ro("memory", local.lab.data)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def test_the_empty_rooms_say_what_they_need(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    room(page, "Memory")
    expect(page.get_by_role("heading", name="Nothing is remembered yet")).to_be_visible()
    room(page, "Patterns")
    expect(page.get_by_role("heading", name="Nothing was learned yet")).to_be_visible()


def test_a_run_is_kept_judged_found_and_forgotten(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    ask(page, BOAT)
    expect(page.get_by_text("Kept as episode 1 in session")).to_be_visible()
    page.get_by_label("What do you think of this decision?").fill("It is his boat too.")
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_text("Kept with episode 1: override.")).to_be_visible()
    ask(page, "The boat which my father made is to be sold by my brother.")
    expect(page.get_by_text("Kept as episode 2")).to_be_visible()
    expect(page.get_by_text("It resembles #1")).to_be_visible()

    room(page, "Memory")
    newest = page.get_by_role("region", name="Newest episodes").last
    expect(newest).to_contain_text("Anselm")
    expect(newest).to_contain_text("override")
    page.get_by_label("Search by likeness").fill("a vessel made by dad")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("region", name="Episodes like this").last).to_contain_text("#1")
    assert_fits(page)
    assert_readable(page)

    page.get_by_role("button", name="Read one episode whole").click()
    page.get_by_label("Its number").fill("#1")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_label("Episode 1 in short")).to_contain_text("override: It is his boat too.")
    page.get_by_label("agree", exact=True).check()
    page.get_by_role("button", name="Keep what I think").click()
    expect(page.get_by_label("Episode 1 in short")).to_contain_text("agree")
    assert_readable(page)

    page.get_by_role("button", name="Forget").first.click()
    forget(page, "A person's name", "Anselm")
    expect(page.get_by_role("heading", name="The name is forgotten")).to_be_visible()
    expect(newest).not_to_contain_text("Anselm")
    forget(page, "An episode", "#1")
    expect(page.get_by_role("heading", name="Episode 1 is forgotten")).to_be_visible()
    expect(newest).not_to_contain_text("our father built")
    assert count(local, "episodic_memory WHERE id = 1") == 0
    assert_readable(page)


def test_forgetting_asks_twice(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web), strict=False)
    room(page, "Memory")
    page.get_by_role("button", name="Forget").first.click()
    page.get_by_label("Which one? Its number, its name, or days").fill("2")
    page.get_by_role("button", name="Forget", exact=True).click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("Nothing was changed")


def test_what_is_not_to_be_stored_is_not(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    before = count(local, "episodic_memory")
    page.get_by_role("button", name="More").click()
    page.get_by_label("Do not store this").check()
    ask(page, "A secret about the zither.")
    expect(page.get_by_text("Nothing of this run was kept.")).to_be_visible()
    expect(page.get_by_label("What do you think of this decision?")).to_have_count(0)
    assert count(local, "episodic_memory") == before


def test_hostile_words_are_words_in_memory_too(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    ask(page, f"I want to paint {HOSTILE}")
    expect(page.get_by_text("Kept as episode")).to_be_visible()
    room(page, "Memory")
    expect(page.get_by_role("region", name="Newest episodes").last).to_contain_text("<script>")
    assert page.evaluate("() => window.__hit") is None


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_a_rule_is_learned_shown_with_its_episodes_and_switched_off(
    open_page: Callable[..., Page], local: Served, kind: str
) -> None:
    with closing(open_rw("memory", local.lab.data)) as connection:
        connection.execute("DELETE FROM episodic_memory")
        connection.execute("DELETE FROM semantic_memory")
        ids = keep(connection, *[RANK.format(n=n) for n in range(10)])
    page = open_page(address(local.web), kind)
    room(page, "Patterns")
    page.get_by_role("button", name="Look at the last episodes now").click()
    expect(page.get_by_text("2 ask for more caution").first).to_be_visible()
    expect(page.get_by_text(f"#{ids[0]}, #{ids[1]}").first).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"patterns-{kind}.png", full_page=True)

    ask(page, POT)
    expect(page.locator(".chips").first).to_contain_text("HEDGED VECTOR")
    expect(page.locator(".notices")).to_contain_text(f"(#{ids[0]}, #{ids[1]}")
    page.get_by_role("button", name="Your words, and why").click()
    expect(page.get_by_role("heading", name="Learned from earlier episodes")).to_be_visible()

    room(page, "Patterns")
    for which in ("routing=STANDARD", "I=FALSE"):
        page.get_by_role("combobox", name="Which rule?").click()
        page.get_by_role("option").filter(has_text=which).click()
        page.get_by_role("button", name="Switch off").click()
        expect(page.get_by_text("stays off until you switch it on")).to_be_visible()
    expect(page.get_by_text("switched off", exact=True).nth(1)).to_be_visible()
    ask(page, POT)
    expect(page.locator(".chips").first).not_to_contain_text("HEDGED VECTOR")


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_room_tells_how_the_loops_are(open_page: Callable[..., Page], local: Served, kind: str) -> None:
    now = time.time_ns() // 1_000_000
    with closing(open_rw("memory", local.lab.data)) as connection:
        keep(connection, BOAT, POT)
    for source, state, detail, beat_ms in (
        ("loop_a", "running", "", now),
        ("loop_c", "running", "", now - 600_000),
        ("loop_d", "stopped", "asked to stop", now),
    ):
        with closing(open_rw(LOOPS[source].database, local.lab.data)) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO heartbeat (source, pid, state, detail, cycle, at_ms) VALUES (?, 1, ?, ?, 7, ?)",
                (source, state, detail, beat_ms),
            )
    with InstanceLock("loop_a", local.lab.data), InstanceLock("loop_c", local.lab.data):
        page = open_page(address(local.web), kind)
        room(page, "Memory")
        loops = page.get_by_role("region", name="How the loops are")
        expect(loops.get_by_role("row").filter(has_text="Loop A")).to_contain_text("running")
        expect(loops.get_by_role("row").filter(has_text="Loop C")).to_contain_text("stalled")
        expect(loops.get_by_role("row").filter(has_text="Loop D")).to_contain_text("asked to stop")
        assert_fits(page)
        assert_readable(page)
        page.screenshot(path=SCREENSHOTS / f"memory-{kind}.png", full_page=True)


def test_old_episodes_go_into_an_archive_and_come_back(open_page: Callable[..., Page], local: Served) -> None:
    with closing(open_rw("memory", local.lab.data)) as connection:
        keep(connection, BOAT)
        connection.execute("UPDATE episodic_memory SET created_ms = created_ms - 400 * 86400000")
    before = count(local, "episodic_memory")
    page = open_page(address(local.web))
    room(page, "Memory")
    page.get_by_role("button", name="Keep and take along").click()
    page.get_by_role("button", name="Move to an archive").click()
    expect(page.get_by_text(f"{before} episodes were moved to episodes-")).to_be_visible()
    assert count(local, "episodic_memory") == 0
    page.get_by_label("An archive", exact=True).click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Put back").click()
    expect(page.get_by_text(f"{before} episodes are back")).to_be_visible()
    assert count(local, "episodic_memory") == before
    page.get_by_role("button", name="How long will the disk last?").click()
    expect(page.get_by_label("Disk").first).to_contain_text("GB free")
    assert_readable(page)


def test_an_export_can_be_downloaded(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    room(page, "Memory")
    page.get_by_role("button", name="Keep and take along").click()
    page.get_by_role("button", name="Make an export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download nma-export").click()
    assert waiting.value.path().read_bytes()[:2] == b"PK"
    page.get_by_label("Keep runs for so many days").fill("30")
    page.get_by_role("button", name="Keep so long").click()
    expect(page.get_by_text("Runs are kept for 30 days")).to_be_visible()
