"""The Live Feed: every output once, in the order of commits."""

from __future__ import annotations

from pathlib import Path

from monitors.read import feed
from nma13.store import LOOPS, open_ro
from tests.monitors.stores import Running, grown


def test_each_output_comes_once_and_in_order(tmp_path: Path) -> None:
    loop = LOOPS["loop_c"]
    running = Running(tmp_path, "loop_c", 1)
    connection = open_ro(loop.database, tmp_path)
    seen: list[int] = []
    for many in (1, 5, 0, 40, 3):
        running.say(many)
        rows = feed.since(connection, loop, seen[-1] if seen else 0).rows
        assert len(rows) == many
        seen += [row.id for row in rows]
    assert seen == sorted(set(seen))
    assert len(seen) == 49
    running.close()
    connection.close()


def test_a_page_that_was_away_is_told_what_it_skipped(tmp_path: Path) -> None:
    loop = LOOPS["loop_b"]
    grown(tmp_path, "loop_b", 30)
    connection = open_ro(loop.database, tmp_path)
    piece = feed.since(connection, loop, 10)
    assert len(piece.rows) == feed.AT_ONCE
    assert piece.skipped == 30 * 21 - 10 - feed.AT_ONCE
    assert piece.rows[-1].id == 30 * 21
    first_look = feed.since(connection, loop, 0)
    assert (len(first_look.rows), first_look.skipped) == (feed.FIRST_LOOK, 0)
    connection.close()


def test_what_a_loop_says_of_its_outputs_comes_along(tmp_path: Path) -> None:
    grown(tmp_path, "loop_d", 2)
    connection = open_ro("loop_d_experiment", tmp_path)
    rows = feed.since(connection, LOOPS["loop_d"], 0).rows
    last = [row for row in rows if row.round == "R3"]
    assert all(row.sequence and "CAN" in row.sequence.split() for row in last)
    assert {row.confirmed for row in last} <= {True, False}
    assert all(row.confirmed is None for row in rows if row.round != "R3")
    connection.close()


def test_the_mirror_of_another_loop_is_not_shown(tmp_path: Path) -> None:
    grown(tmp_path, "loop_a", 1)
    connection = open_ro("memory", tmp_path)
    assert len(feed.since(connection, LOOPS["loop_a"], 0).rows) == 21
    connection.close()
    with open_ro("memory", tmp_path) as reader:
        assert reader.execute("SELECT count(*) FROM autonomous_loop WHERE source = 'loop_d'").fetchone()[0] == 0
