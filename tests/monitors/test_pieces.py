"""The small parts: memo, charts as data, exports, the strip, what a field holds."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest

from monitors import charts, export, prime_monitor, strip
from monitors.kit import Glance, Room, glance, refreshed, whole
from monitors.memo import Memo
from monitors.read.history import Filter
from monitors.read.place import Place, look
from monitors.read.pulse import Pulse
from monitors.read.trends import Span, Step
from monitors.statistics import Share
from monitors.tables import found
from monitors.tabs.dashboard import charts_of, notes_of, view
from nma13.store import open_rw
from tests.monitors.stores import NOW_MS, grown


def room_of(folder: Path) -> Room:
    return Room(prime_monitor.MONITOR, Place(prime_monitor.MONITOR.loop, folder), clock=lambda: NOW_MS / 1000)


def test_a_memo_works_a_thing_out_once_for_all() -> None:
    memo, made, start = Memo(), [], threading.Barrier(5)

    def make() -> int:
        made.append(1)
        return 7

    def ask() -> None:
        start.wait()
        assert memo.get("a", 1, make) == 7

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    memo.get("a", 2, make)
    assert len(made) == 2


@pytest.mark.parametrize(
    ("said", "number"),
    [("12", 12), (" 1,204 ", 1204), ("", None), (None, None), ("x", None), ("-3", None), ("9" * 40, None)],
)
def test_what_a_field_for_a_cycle_holds(said: str | None, number: int | None) -> None:
    assert whole(said) == number


def test_charts_are_plain_data_that_json_can_carry(tmp_path: Path) -> None:
    grown(tmp_path, "loop_b", 70)
    room = room_of(tmp_path)
    with look(room.place) as connection:
        seen = view(connection, room, Span(1, 70))
    told = json.dumps({"charts": charts_of(room, seen, 20), "notes": notes_of(seen)}, allow_nan=False)
    assert len(told) < 120_000
    for name, chart in json.loads(told)["charts"].items():
        assert chart["layout"]["uirevision"], name
        for trace in chart["data"]:
            if "x" in trace and trace.get("type") != "heatmap":
                assert len(trace["x"]) == len(trace["y"]), name


def test_the_confidence_band_holds_the_rate(tmp_path: Path) -> None:
    grown(tmp_path, "loop_b", 50)
    room = room_of(tmp_path)
    with look(room.place) as connection:
        high, low, rate, *_ = charts_of(room, view(connection, room, Span(1, 50)), 20)["resolution"]["data"]
    assert all(a <= b <= c for a, b, c in zip(low["y"], rate["y"], high["y"], strict=True))


def test_both_modes_are_drawn() -> None:
    from monitors.statistics import modes

    bins = {30: 50, 31: 80, 32: 50, 50: 20, 51: 40, 52: 20}
    drawn = charts.durations(bins, modes(bins), "k")["data"]
    assert [trace.get("type", "hump") for trace in drawn] == ["bar", "hump", "hump"]


@pytest.mark.parametrize("cycles", [1, 2, 6, 14, 400])
def test_a_curve_over_time_is_to_be_seen_from_the_first_cycle_on(cycles: int) -> None:
    steps = [Step(n, n, 1, led=Counter({"S1" if n % 2 else "S5": 1})) for n in range(1, cycles + 1)]
    curve = charts.leads_over_time(steps, "k")["data"][0]
    assert curve["mode"] == ("lines" if len(curve["x"]) > 1 else "markers")
    assert curve["x"][-1] == cycles
    assert cycles < 3 or len(curve["x"]) >= cycles // 2
    assert cycles < 400 or max(curve["y"]) < 0.6, "one cycle is no peak"


def test_an_export_has_every_cycle_and_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    grown(tmp_path, "loop_b", 60)
    path = export.export(room_of(tmp_path), Filter(), "csv", every_word=True)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60 * 21
    out = io.StringIO()
    export.write_csv(out, iter([{"a": "=1+1", "b": -1.5, "c": "plain, with comma"}]))
    assert out.getvalue().splitlines()[1] == '\'=1+1,-1.5,"plain, with comma"'
    cycles = json.loads(export.export(room_of(tmp_path), Filter(first=3, last=4), "json", every_word=True).read_text())
    assert [(one["cycle"], len(one["outputs"])) for one in cycles] == [(4, 21), (3, 21)]


def test_found_words_are_marked_and_the_text_stays_whole() -> None:
    said = "The <harbour> and the harbourmaster; HARBOUR."
    made = found(said, 'harb* "and the"')
    assert made.count("<mark") == 4
    assert "&lt;" in made


def test_nothing_is_refreshed_while_there_is_nothing(tmp_path: Path) -> None:
    room, asked = room_of(tmp_path), []

    def refresh(connection: sqlite3.Connection, pulse: Pulse, seen: object) -> None:
        asked.append(pulse)

    assert refreshed(room, refresh, None, ()) is None
    assert glance(room).trouble is not None
    open_rw("prime_experiment", tmp_path).close()
    assert refreshed(room, refresh, None, ()) is None
    assert asked == []
    now = glance(room)
    assert now.pulse is not None
    assert now.pulse.empty


def test_the_line_says_the_same_while_nothing_moves_and_time_goes_on(tmp_path: Path) -> None:
    pulse = Pulse(5, NOW_MS - 1000, 1, 5, 0, 1, None)
    early = room_of(tmp_path)
    late = Room(early.monitor, early.place, clock=lambda: NOW_MS / 1000 + 60)
    one, two = (strip.show(room, Glance(pulse, None, ()))[2] for room in (early, late))
    assert one == two
    moved = strip.show(early, Glance(Pulse(6, NOW_MS, 1, 6, 0, 1, None), None, ()))[2]
    assert moved != one


def test_shares_are_said_with_their_interval() -> None:
    assert str(Share(81, 263)) == "30.8 % (95 % CI 25.5–36.6; 81 of 263)"
