"""What the docs quote is what the result files say."""

from __future__ import annotations

import re

import pytest

from benchmarks._figures import PLACE, TABLES, main, pages, written


def test_the_docs_say_what_the_result_files_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out
    assert pages()


def test_a_figure_changed_by_hand_is_put_right() -> None:
    page = pages()[0]
    text = page.read_text("utf-8")
    place = PLACE.search(text)
    assert place
    changed = text.replace(place[3], re.sub(r"\d", "7", place[3]))
    assert changed != text
    assert PLACE.sub(lambda match: match[1] + TABLES[match[2]]() + match[4], changed) == written(page) == text
