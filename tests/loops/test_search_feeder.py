"""Search: the same query for the same cycle, little of it, slowly, and never a reason to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from loops.command import _search
from loops.scenarios import TYPES
from loops.search_feeder import LETTERS, POOLS, Feeder, query_for, snippet
from nma13.web_search import Result, search
from nma13.web_search.providers import providers


def test_every_type_has_five_queries_and_the_cycle_chooses() -> None:
    assert set(POOLS) == set(TYPES)
    for type_ in TYPES:
        assert len(set(POOLS[type_])) == 5
        assert {query_for(type_, cycle) for cycle in range(100)} == set(POOLS[type_])
        assert query_for(type_, 12) == query_for(type_, 12)


def test_snippets_are_short_and_end_with_a_word() -> None:
    text = snippet("consent and capacity " * 20)
    assert len(text) <= LETTERS + 2
    assert text.endswith(("consent …", "and …", "capacity …"))
    assert snippet("short\n text") == "short text"


def test_at_most_two_requests_a_second() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    feeder = Feeder(lambda query: [query], clock=lambda: now[0], sleep=sleep)
    for cycle in range(4):
        assert feeder.feed(TYPES[0], cycle).block is not None
    assert slept == [0.5, 0.5, 0.5]


def test_a_search_that_fails_or_finds_nothing_is_a_notice() -> None:
    def fails(query: str) -> list[str]:
        raise OSError("no network")

    failed = Feeder(fails).feed(TYPES[0], 1)
    assert failed.block is None
    assert "OSError: no network" in failed.notice
    assert Feeder(lambda query: []).feed(TYPES[0], 1).notice == "the search found nothing"


class Kept:
    """Answers under the name of the lab's first service, so that what it brought lies in the lab's cache."""

    name = providers()[0].name

    def ask(self, query: str, count: int) -> list[Result]:
        return [Result("Two duties", "https://example.org/", "A promise and a warning stand against each other.")]


def test_a_loop_searches_where_the_lab_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMA_DATA", str(tmp_path))
    search(query_for(TYPES[0], 1), tmp_path, ask=[Kept()])
    block = Feeder(_search()).feed(TYPES[0], 1).block
    assert block is not None
    assert block.lines == ("- Two duties: A promise and a warning stand against each other.",)
