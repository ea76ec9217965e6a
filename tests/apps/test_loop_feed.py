"""The Loop Feed reads four stores as one list, newest first, and links to the monitors that are up."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from apps.lab import Lab, make_lab
from apps.latest_cycles import latest, version
from apps.loop_feed import screen
from apps.registry import App
from apps.status import Board
from loops.keepsake import lay_out
from loops.scenarios import TYPES
from nma13.store import LOOPS, open_rw
from nma13.store.units import CycleStart, StationOutput, begin_cycle, write_output
from tests.probe_page import HOSTILE

LATER = 1_800_000_000_000
MONITOR = App("loop_d_monitor", "Loop D monitor", "monitors.loop_d_monitor", "python -m monitors.loop_d_monitor")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return long_record(tmp_path / "record")


def long_record(folder: Path) -> Path:
    """The shipped record, and five younger cycles of each loop."""
    lay_out(folder)
    for cycle in range(500, 505):
        for source in LOOPS:
            begin(folder, source, cycle, "What is known here?", TYPES[cycle % 5], LATER - 1000 * (600 - cycle))
    return folder


def begin(
    folder: Path, source: str, cycle: int, text: str, type_: str = TYPES[0], at_ms: int = LATER, station: str = "S3"
) -> None:
    loop = LOOPS[source]
    with closing(open_rw(loop.database, folder)) as connection:
        begin_cycle(connection, loop, CycleStart(cycle, "x", type_, 1, "scripted", at_ms))
        for name in ("S1", station):
            output = StationOutput(cycle, "R1", name, text, 1, "scripted", "batched", at_ms)
            write_output(connection, loop, output)


def lab_with(folder: Path, *up: App) -> Lab:
    lab = make_lab(data=folder, use_model=False)
    return replace(lab, board=Board(up, lab.ports, ask=lambda _host, port: {"app": MONITOR.name} if up else None))


def test_all_four_stores_make_one_list_newest_first(record: Path) -> None:
    found = latest(record, most=1000)
    assert {cycle.source for cycle in found} == set(LOOPS)
    assert [cycle.started_ms for cycle in found] == sorted((cycle.started_ms for cycle in found), reverse=True)
    assert len({(cycle.source, cycle.number) for cycle in found}) == len(found)
    assert latest(record) == found[:15]


def test_filters_narrow_by_loop_and_by_kind_of_scenario(record: Path) -> None:
    kind = latest(record, ("loop_b",))[0].scenario_type
    found = latest(record, ("loop_b",), (kind,))
    assert found
    assert {(cycle.source, cycle.scenario_type) for cycle in found} == {("loop_b", kind)}


def test_a_cycle_that_is_being_written_shows_what_is_there(record: Path) -> None:
    before = version(record)
    begin(record, "loop_c", 900, "the first words")
    assert version(record) != before
    newest = latest(record)[0]
    assert (newest.source, newest.number, newest.done, newest.outputs) == ("loop_c", 900, False, 2)
    assert newest.leading is not None
    assert newest.leading.text == "the first words"


def test_no_store_at_all_is_an_empty_list_and_makes_no_file(tmp_path: Path) -> None:
    assert latest(tmp_path) == []
    assert version(tmp_path) == "- - - -"
    assert "./lab loop a" in screen(lab_with(tmp_path), (), (), "box")
    assert list(tmp_path.iterdir()) == []


def test_what_a_model_wrote_stays_words(record: Path) -> None:
    begin(record, "loop_a", 900, HOSTILE)
    shown = screen(lab_with(record), (), (), "box")
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


def test_a_monitor_that_is_up_is_linked_by_the_visitors_own_name(record: Path) -> None:
    begin(record, "loop_d", 900, "words")
    shown = screen(lab_with(record, MONITOR), ("loop_d",), (), "box.example.ts.net")
    assert 'href="//box.example.ts.net:7864/?tab=detail&amp;cycle=900"' in shown
    assert "//" not in screen(lab_with(record), ("loop_d",), (), "box").replace("://", "")
