"""Many texts at once, as a person brings them: a good file, one with broken lines, none at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_rooms import SCREENSHOTS, address, assert_fits, assert_readable
from tests.served import Served

pytestmark = pytest.mark.browser

TEXTS = [
    {"id": "a", "text": "I'm stuck. Nothing's wrong, but something has to change."},
    {"id": "b", "text": "I want to die."},
    {"id": "c", "text": "The shop opens at nine."},
]


def bring(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Many texts at once").click()
    page.locator("input[type=file]").last.set_input_files(path)
    expect(page.get_by_role("cell", name=path.name).first).to_be_visible()
    page.get_by_role("button", name="Run the gates").click()


@pytest.mark.parametrize("kind", ["light", "phone"])
def test_a_file_of_texts(open_page: Callable[..., Page], local: Served, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in TEXTS), encoding="utf-8")
    page = open_page(address(local.web), kind)
    bring(page, file)
    expect(page.get_by_text("3 texts, 0 refused")).to_be_visible(timeout=30_000)
    row = page.get_by_role("row", name="b REDIRECT")
    expect(row).to_contain_text("CRISIS")
    with page.expect_download() as started:
        page.locator("a[download='gates.jsonl']").first.click()
    lines = started.value.path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a", "b", "c"]
    assert_fits(page)
    assert_readable(page)
    page.screenshot(path=SCREENSHOTS / f"navigate-batch-{kind}.png", full_page=True)


def test_a_broken_line_is_told_and_the_others_run(
    open_page: Callable[..., Page], local: Served, tmp_path: Path
) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text(json.dumps(TEXTS[2]) + "\n{not json\n", encoding="utf-8")
    page = open_page(address(local.web))
    bring(page, file)
    expect(page.get_by_text("2 texts, 1 refused")).to_be_visible(timeout=30_000)


def test_no_file_is_a_sentence(open_page: Callable[..., Page], local: Served) -> None:
    page = open_page(address(local.web))
    page.get_by_role("button", name="Many texts at once").click()
    page.get_by_role("button", name="Run the gates").click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
