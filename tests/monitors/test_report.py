"""The Research Report: figures with intervals, three writers, and signals that no wording closes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest

from monitors import cognition_monitor, loop_d_monitor, loop_monitor
from monitors.kit import Monitor, Room
from monitors.read.place import Place, look
from monitors.read.trends import Span
from monitors.report.contents import report
from monitors.report.parts import OPEN, Figure, Report, Signal, Table
from monitors.report.write import body, html, markdown
from monitors.report.write import docx as as_docx
from tests.monitors.stores import grown

WHOLE = Span(1, 120)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLOSING = re.compile(
    r"\b(proves?|proven|confirms? that|explained by|is caused by|because of|settled|no longer open|closed|answered|"
    r"resolved signal|demonstrates?|establishes|shows that)\b",
    re.IGNORECASE,
)
MONITORS: tuple[Monitor, ...] = (loop_monitor.MONITOR, cognition_monitor.MONITOR, loop_d_monitor.MONITOR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    for monitor in MONITORS:
        grown(place, monitor.source, 120)
    return place


def made(folder: Path, monitor: Monitor, span: Span = WHOLE) -> Report:
    room = Room(monitor, Place(monitor.loop, folder))
    with look(room.place) as connection:
        return report(connection, room, span, NOW)


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
@pytest.mark.parametrize("span", [Span(1, 120), Span(7, 7), Span(30, 61)], ids=str)
def test_three_signals_are_in_every_report_and_stay_open(folder: Path, monitor: Monitor, span: Span) -> None:
    found = made(folder, monitor, span)
    signals = [part for part in found.parts if isinstance(part, Signal)]
    assert len(signals) == 3
    for signal in signals:
        assert "not established" in signal.not_shown
        for words in (signal.title, signal.noticed, signal.now, signal.not_shown):
            assert words
            assert not CLOSING.search(words), words
    assert body(found).count(f">{OPEN}<") == 3


def test_a_report_over_one_cycle_stands_too(folder: Path) -> None:
    assert "1 cycles are too few" in body(made(folder, loop_monitor.MONITOR, Span(5, 5)))


def test_every_share_has_its_interval(folder: Path) -> None:
    tables = [part for part in made(folder, cognition_monitor.MONITOR).parts if isinstance(part, Table)]
    shares = [cell for table in tables for row in table.rows for cell in row[1:] if "%" in cell]
    assert shares
    assert [cell for cell in shares if not re.search(r"\d–\d", cell)] == []


def test_the_html_page_needs_nothing_else(folder: Path) -> None:
    page = html(made(folder, loop_d_monitor.MONITOR)).decode()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']""", page)
    assert page.count("<svg") == page.count("</svg>") > 8


def test_figures_are_drawings_that_hold_together(folder: Path) -> None:
    from monitors.report.drawing import png, svg

    for part in made(folder, loop_monitor.MONITOR).parts:
        if isinstance(part, Figure):
            root = ElementTree.fromstring(svg(part.drawing))
            assert len(root) > 5, part.name
            for point in re.findall(r'points="([^"]+)"', svg(part.drawing)):
                for pair in point.split():
                    x, y = map(float, pair.split(","))
                    assert -30 <= x <= part.drawing.width + 30, part.name
                    assert -30 <= y <= part.drawing.height + 30, part.name
            assert png(part.drawing).startswith(b"\x89PNG")


def test_markdown_comes_with_its_figures(folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(markdown(made(folder, loop_monitor.MONITOR)))) as packed:
        words = packed.read("report.md").decode()
        linked = set(re.findall(r"\]\((figures/[^)]+)\)", words))
        assert linked == {name for name in packed.namelist() if name.startswith("figures/")} != set()
    assert words.count(f"### {OPEN} · ") == 3


def test_docx_opens_and_says_the_same(folder: Path) -> None:
    found = made(folder, loop_monitor.MONITOR)
    document = docx.Document(io.BytesIO(as_docx(found)))
    assert len(document.inline_shapes) == sum(isinstance(part, Figure) for part in found.parts)
    assert sum(paragraph.text.startswith(OPEN) for paragraph in document.paragraphs) == 3
    assert document.tables[0].rows[1].cells[1].text == "120"
