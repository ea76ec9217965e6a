"""Documents as a person uses them: real files put in, seen, searched, read, cited in an answer, taken out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nma13 import documents
from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.nma13.documents import files
from tests.probe_page import HOSTILE
from tests.served import Served

pytestmark = pytest.mark.browser
PATIENT = 60_000  # ms: the sentence encoder may be loading, on a busy machine
QUESTION = "Should I end the lease of the lighthouse? The keeper wants three months' notice."


def room(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def give(page: Page, *paths: Path, how: str = "Store") -> None:
    page.get_by_role("tabpanel").filter(visible=True).locator("input[type=file]").set_input_files(
        [str(path) for path in paths]
    )
    expect(page.get_by_role("cell", name=paths[-1].name, exact=True)).to_be_visible()
    page.get_by_role("button", name=how, exact=True).click()


def pick(page: Page, name: str) -> None:
    page.get_by_label("Which document?").click()
    page.get_by_role("option", name=name).click()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_empty_room_says_what_it_is_for(open_page: Callable[..., Page], local: Served, kind: str) -> None:
    page = open_page(address(local.web), kind)
    room(page, "Documents")
    expect(page.get_by_role("heading", name="Texts that answers may rest on")).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"documents-empty-{kind}.png", full_page=True)


def test_looking_stores_nothing(open_page: Callable[..., Page], local: Served, tmp_path: Path) -> None:
    page = open_page(address(local.web))
    room(page, "Documents")
    give(page, files.word(tmp_path / "lease.docx"), how="Only look")
    expect(page.get_by_role("heading", name="lease.docx, The lease, characters 0–84")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()
    assert documents.documents(local.lab.data) == []


def test_files_are_put_in_seen_searched_read_cited_and_taken_out(
    open_page: Callable[..., Page], local: Served, tmp_path: Path
) -> None:
    page = open_page(address(local.web))
    room(page, "Documents")
    lease = files.pdf(tmp_path / "lease.pdf", contents=[("Notice", 1), ("Fees", 2)])
    page_ = files.text(tmp_path / "page.html", files.PAGE)
    locked = files.encrypted_pdf(tmp_path / "locked.pdf")
    give(page, lease, page_, locked)
    expect(page.get_by_role("heading", name="2 stored, 1 refused")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("Refused: locked.pdf: It is protected with a password.")).to_be_visible()
    expect(page.get_by_text("2 scripts or embedded programs were left out")).to_be_visible()
    expect(page.get_by_role("region", name="Stored documents").last).to_contain_text("lease.pdf")

    page.get_by_label("Search in the documents").fill("when must the harbour fee be paid")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("article", name="lease.pdf, p. 2 · Fees, characters 75–145")).to_contain_text(
        files.HARBOUR, timeout=PATIENT
    )

    page.get_by_role("button", name="Read or take out").click()
    pick(page, "1 · lease.pdf")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("heading", name="p. 1 · Notice")).to_be_visible(timeout=PATIENT)

    room(page, "Navigate")
    page.get_by_label("What is to be decided?").fill(QUESTION)
    page.get_by_role("button", name="Navigate", exact=True).click()
    cited = page.locator(".citation", has_text="lease.pdf, p. 1 · Notice, characters 0–73")
    expect(cited).to_contain_text("1 assumed", timeout=PATIENT)
    cited.locator("summary").click()
    expect(cited).to_contain_text(files.KEEPER)

    room(page, "Documents")
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(page.get_by_text("Tick that you know it cannot be undone.")).to_be_visible()
    page.get_by_label("I know that taking it out cannot be undone").check()
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(page.get_by_role("heading", name="Taken out: lease.pdf")).to_be_visible(timeout=PATIENT)
    assert [one.name for one in documents.documents(local.lab.data)] == ["page.html"]


def test_a_long_file_shows_how_far_it_is_and_can_be_stopped(
    open_page: Callable[..., Page], local: Served, tmp_path: Path
) -> None:
    page = open_page(address(local.web))
    room(page, "Documents")
    before = documents.documents(local.lab.data)
    give(page, files.pdf(tmp_path / "long.pdf", ([f"{files.KEEPER} {i}"] * 60 for i in range(2_500))))
    expect(page.get_by_text("File 1 of 1: long.pdf, ")).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="Stop", exact=True).last.click()
    expect(page.get_by_role("heading", name="0 stored, 1 not reached")).to_be_visible(timeout=PATIENT)
    assert documents.documents(local.lab.data) == before


def test_an_attached_file_is_cited_and_a_bad_one_told(
    open_page: Callable[..., Page], local: Served, tmp_path: Path
) -> None:
    page = open_page(address(local.web))
    page.get_by_text("More", exact=True).click()
    page.get_by_label("What is to be decided?").fill(QUESTION)
    page.locator("input[type=file]").first.set_input_files(str(files.word(tmp_path / "lease.docx")))
    expect(page.get_by_role("cell", name="lease.docx", exact=True)).to_be_visible()
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.locator(".citation", has_text="lease.docx, The lease")).to_contain_text("attached", timeout=PATIENT)
    expect(page.get_by_text("Kept as episode")).to_be_visible(timeout=PATIENT)
    assert "lease.docx" not in [one.name for one in documents.documents(local.lab.data)]
    page.get_by_role("button", name="Clear", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(str(files.encrypted_pdf(tmp_path / "locked.pdf")))
    expect(page.get_by_role("cell", name="locked.pdf", exact=True)).to_be_visible()
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing was run")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("locked.pdf: It is protected with a password.")).to_be_visible()


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_a_hostile_document_is_words_and_all_is_readable(
    open_page: Callable[..., Page], local: Served, tmp_path: Path, kind: str
) -> None:
    page = open_page(address(local.web), kind)
    room(page, "Documents")
    hostile = files.text(
        tmp_path / f"{kind} <img src=x onerror=alert(1)>.md",
        f"# {HOSTILE}\n\n{HOSTILE} On a {kind} page: {files.ORDERS}\n\n"
        f"# The lease\n\nThe keeper of the lighthouse wants three months' notice of the lease's end ({kind}).",
    )
    give(page, hostile)
    expect(page.get_by_role("heading", name="1 stored")).to_be_visible(timeout=PATIENT)
    page.get_by_label("Search in the documents").fill("previous instructions system without rules")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("article").first).to_contain_text("Ignore all previous instructions", timeout=PATIENT)
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"documents-{kind}.png", full_page=True)
    room(page, "Navigate")
    page.get_by_label("What is to be decided?").fill(QUESTION)
    page.get_by_role("button", name="Navigate", exact=True).click()
    expect(page.get_by_role("heading", name="What lay at hand")).to_be_visible(timeout=PATIENT)
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"navigate-cited-{kind}.png", full_page=True)
