"""The page about the store says what the store is, and each query on it runs."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.store import LOOPS, database_path, open_ro, open_rw
from nma13.store.describe import markdown
from nma13.store.doctor import diagnose
from nma13.store.units import record_event
from tests.nma13.store.helpers import START_MS, write_cycle

PAGE = (ROOT / "docs" / "store.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.+?)```", PAGE, re.S)


def test_the_tables_on_the_page_are_the_tables_there_are() -> None:
    shown = PAGE.split("<!-- made by: python -m nma13.store.describe -->")[1].split("<!-- end -->")[0]
    assert shown.strip() == markdown().strip()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    folder = tmp_path_factory.mktemp("asked")
    writer = open_rw("memory", folder)
    write_cycle(writer, LOOPS["loop_a"], 1)
    record_event(writer, "loop_a", "start", 1, None, START_MS)
    return open_ro("memory", folder)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.splitlines()[0][3:40])
def test_every_query_on_the_page_runs(query: str, filled: sqlite3.Connection) -> None:
    rows = filled.execute(query).fetchall()
    assert rows or any(
        name in query for name in ("parse_error", "promise", "episodic_memory")
    )  # of these there is none


def test_the_names_that_the_doctor_prints_are_on_the_page(tmp_path: Path) -> None:
    open_rw("memory", tmp_path).close()
    database_path("memory", tmp_path).chmod(0o644)
    printed = diagnose(tmp_path).to_dict()
    for name in (*printed, *printed["databases"][0], *printed["findings"][0]):
        assert f"`{name}`" in PAGE


def test_there_are_ten_queries() -> None:
    assert len(QUERIES) == 10
