"""Cycle History: every row once, in order, whatever the wish."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitors.read.history import PAGE, PARSE_ERROR, Filter, everything, page
from monitors.read.search import fts_query
from nma13.store import LOOPS, open_ro
from tests.monitors.stores import Running, grown

CYCLES = 180
LOOP = LOOPS["loop_c"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("history")
    grown(folder, "loop_c", CYCLES)
    running = Running(folder, "loop_c", CYCLES + 1)
    running.say(3)
    running.close()
    connection = open_ro(LOOP.database, folder)
    yield connection
    connection.close()


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("sort", ["cycle", "seconds", "friction_type", "lead_station"])
def test_every_cycle_comes_once_and_in_order(reader: sqlite3.Connection, sort: str, ascending: bool) -> None:
    rows = list(everything(reader, LOOP, Filter(sort=sort, ascending=ascending)))  # type: ignore[arg-type]
    assert sorted(row["cycle"] for row in rows) == list(range(1, CYCLES + 2))
    keys = [
        (row[sort] is not None, row[sort] or 0 if sort in ("cycle", "seconds") else row[sort] or "") for row in rows
    ]
    assert keys == sorted(keys, reverse=not ascending)


@pytest.mark.parametrize(
    "wish",
    [
        Filter(scenario_type="Capacity Collapse"),
        Filter(friction="IRREDUCIBLE"),
        Filter(friction=PARSE_ERROR),
        Filter(lead="S6", sort="seconds"),
        Filter(can="resolved"),
        Filter(can="blocked", gate2="kept out"),
        Filter(flagged=True),
        Filter(bare=True, ascending=True),
        Filter(first=20, last=90),
    ],
)
def test_a_filter_keeps_what_fits_and_loses_nothing(reader: sqlite3.Connection, wish: Filter) -> None:
    found = {row["cycle"] for row in everything(reader, LOOP, wish)}
    rows = reader.execute("SELECT * FROM cognition_cycles").fetchall()
    flagged = {
        row[0] for row in reader.execute("SELECT cycle FROM cognition_loop WHERE confab + closure + overreach > 0")
    }
    fits = {
        row["cycle"]
        for row in rows
        if (not wish.scenario_type or row["scenario_type"] == wish.scenario_type)
        and (wish.friction in ("", PARSE_ERROR) or row["friction_type"] == wish.friction)
        and (wish.friction != PARSE_ERROR or row["bof_status"] == "parse_error")
        and (not wish.lead or row["lead_station"] == wish.lead)
        and (not wish.can or row["can_resolved"] == (wish.can == "resolved"))
        and (not wish.gate2 or row["g2_passed"] == (wish.gate2 == "passed"))
        and (not wish.flagged or row["cycle"] in flagged)
        and (not wish.bare or row["bare_station"])
        and (wish.first is None or row["cycle"] >= wish.first)
        and (wish.last is None or row["cycle"] <= wish.last)
    }
    assert found == fits
    assert fits or wish.gate2


def test_a_page_has_a_key_only_when_more_follows(reader: sqlite3.Connection) -> None:
    first = page(reader, LOOP, Filter())
    assert len(first.rows) == PAGE
    assert first.after is not None
    assert page(reader, LOOP, Filter(first=1, last=PAGE)).after is None


def test_a_search_finds_every_cycle_that_holds_the_words(reader: sqlite3.Connection) -> None:
    for words in ("harbour", "harb*", '"lean is toward vow"', "GOOD BODY"):
        found = {row["cycle"] for row in everything(reader, LOOP, Filter(words=words))}
        plain = words.strip('"*').lower().split()
        texts = reader.execute("SELECT cycle, lower(text) AS text FROM cognition_loop").fetchall()
        if words.startswith('"'):
            fits = {row["cycle"] for row in texts if " ".join(plain) in row["text"]}
        else:
            fits = {row["cycle"] for row in texts if all(word in row["text"] for word in plain)}
        assert found == fits, words


def test_a_search_shows_the_texts_that_match(reader: sqlite3.Connection) -> None:
    found = page(reader, LOOP, Filter(words="harbour"))
    assert set(found.passages) == {row["cycle"] for row in found.rows}
    assert all("harbour" in hit["text"].lower() for hits in found.passages.values() for hit in hits)


@pytest.mark.parametrize(
    "words", ['"', '"" AND', "NEAR(", "a:b", "col:x OR 1", "*", "-", "'; DROP TABLE x", "\0", "){"]
)
def test_nothing_that_is_typed_is_taken_as_syntax(reader: sqlite3.Connection, words: str) -> None:
    page(reader, LOOP, replace(Filter(), words=words))
    assert reader.execute("SELECT count(*) FROM cognition_loop").fetchone()[0] > 0


def test_what_people_type_becomes_a_query() -> None:
    assert fts_query('two words "kept together" begin*') == '"two" AND "words" AND "kept together" AND "begin"*'
    assert fts_query(' * "" ') == ""
