"""What falls short is said with its reason; what a benchmark prints can be trusted to have been measured."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import memory
from benchmarks._bars import bar_of, bars, shortfalls
from benchmarks._figures import falls_short, heading, kept, rows_of
from benchmarks._monitor_client import Client
from benchmarks.table import Row, print_table
from nma13.config import ROOT


@pytest.mark.parametrize("name", kept())
def test_whatever_falls_short_has_its_reason(name: str) -> None:
    for short in shortfalls(name, rows_of(name)):
        assert short.why, f"{name}: {short.row.what} misses {short.asked}; say why in benchmarks/bars.toml"


def test_every_bar_is_that_of_a_benchmark_and_a_row() -> None:
    for benchmark, told in bars().items():
        assert (ROOT / "benchmarks" / f"{benchmark}.py").exists()
        names = [one for one in kept() if one == benchmark or one.startswith(f"{benchmark}_")]
        rows = [row.what for name in names for row in rows_of(name)]
        for pattern in told:
            assert not rows or any(fnmatchcase(what, pattern) for what in rows), f"{benchmark} has no row {pattern}"


def asked(benchmark: str, *rows: Row) -> list[str]:
    return [short.asked for short in shortfalls(benchmark, rows)]


def test_a_row_is_held_against_the_bar_it_states() -> None:
    late, early = (Row("tick", 60, "ms", "bar 50 ms", ratio) for ratio in (0.83, 1.2))
    assert asked("monitors_ticks", late, early) == ["bar 50 ms"]
    lost, kept_ = (Row("crowd_lost", value, "outputs", "0 is the bar") for value in (1, 0))
    assert asked("monitors", lost, kept_) == ["0 is the bar"]
    assert asked("learning", Row("rules", 2, "none is the aim")) == ["none is the aim"]


def test_a_row_is_held_against_the_bar_in_the_file() -> None:
    assert asked("gates", Row("pipeline_500_words p99", 2.1, "ms"), Row("1000 kB, ifs", 4999, "ms", "text", 0.2)) == [
        "at most 2"
    ]
    assert asked("store", Row("kill_9_integrity_ok", 0, "1 = yes")) == ["at least 1"]
    slow, fast = (Row("cycle", 90, "s", "one by one; bar 2.5", ratio) for ratio in (2.4, 2.5))
    assert asked("loops_cycle", slow, fast) == ["2.5 times one by one; bar 2.5"]
    assert str(bar_of("gates", "pipeline_500_words")) == "at most 0.5, 10 times"


def test_where_equal_is_the_aim_a_tenth_is_no_shortfall() -> None:
    near, far = (Row("page", 1, "ms", "among 1,000: equal is the aim", ratio) for ratio in (0.92, 0.88))
    assert asked("monitors_pages", near, far) == ["among 1,000: equal is the aim"]


def test_a_run_prints_its_bars_and_what_falls_short(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("gates", "here", [Row("pipeline_500_words p99", 2.69, "ms"), Row("1000 kB, ifs", 3030, "ms")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].endswith("bar: at most 2")
    assert lines[3].endswith("bar: at most 5,000")
    assert lines[4:] == ["falls short: pipeline_500_words p99, 2.69 ms (at most 2)"]


def test_the_page_ends_with_what_falls_short() -> None:
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert page.partition("## What falls short\n\n")[2].startswith(falls_short())
    assert "| gates: pipeline_500_words |" in falls_short()


def test_a_heading_tells_a_part_from_a_name_of_two_words() -> None:
    assert [heading(name) for name in ("inner_house", "loops_cycle", "gates")] == [
        "inner house",
        "loops: cycle",
        "gates",
    ]


@pytest.mark.parametrize("words", [["--part", "kills", "--json"], ["--json", "--short", "--part", "kills"]])
def test_options_may_stand_in_any_order(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`./lab bench memory --part kills --short` hands its own options on first."""
    measured: list[Sequence[str]] = []
    monkeypatch.setattr(memory, "measure", lambda short, parts: measured.append(parts) or [])
    assert memory.main(words) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "memory_kills"
    assert measured == [["kills"]]


class _Broken(BaseHTTPRequestHandler):
    """A page with one timer, whose every tick fails in plain words."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        part = {"id": 1, "type": "timer", "props": {"value": 1}}
        self._say(
            200, json.dumps({"components": [part], "dependencies": [{"id": 0, "inputs": [], "targets": [[1, "tick"]]}]})
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(500, "Internal Server Error")

    def _say(self, status: int, words: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def broken_page() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_tick_that_fails_in_plain_words_is_counted_and_not_thrown(broken_page: int) -> None:
    answer = Client(broken_page).follow()
    assert answer.failure.startswith("500: ")
    assert not answer.moved
