"""The page about the store says what the store is, and each query on it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.store import open_ro, open_rw
from nma13.store.describe import markdown

PAGE = (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.+?)```", PAGE, re.S)


def test_the_tables_on_the_page_are_the_tables_there_are() -> None:
    shown = PAGE.split("<!-- made by: python -m nma13.store.describe -->")[1].split("<!-- end -->")[0]
    assert shown.strip() == markdown().strip()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.splitlines()[0][3:40])
def test_every_query_on_the_page_runs(query: str, tmp_path: Path) -> None:
    open_rw("memory", tmp_path).close()
    assert open_ro("memory", tmp_path).execute(query).fetchall() == []


def test_there_are_ten_queries() -> None:
    assert len(QUERIES) == 10
