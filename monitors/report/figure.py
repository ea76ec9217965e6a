"""The page's own charts as still pictures: only the few kinds that `monitors.charts` makes are known here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from monitors.report.drawing import Area, Drawing, Line, Point, Stroke, Words

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, BOTTOM, ROW = 62.0, 14.0, 44.0, 16.0
GRID, INK, PALE = "#e6e2da", "#403b33", "#756d60"


@dataclass(slots=True)
class Axis:
    """From values to places: linear, logarithmic, or one place for each name."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    names: list[str] = field(default_factory=list)

    def __call__(self, value: Any) -> float:
        number = self.names.index(value) + 0.5 if self.names else math.log10(value) if self.log else float(value)
        return self.start + (number - self.low) / ((self.high - self.low) or 1) * (self.end - self.start)

    @property
    def step(self) -> float:
        """How wide one name is."""
        return abs(self.end - self.start) / max(1, len(self.names))


def draw(chart: dict[str, Any], alt: str) -> Drawing:
    """A chart as the page draws it, without the page."""
    data = [trace for trace in chart["data"] if trace.get("mode") != "markers"]
    layout = chart["layout"]
    if not data:
        return Drawing(WIDTH, 60, (Words((LEFT, 34), "Nothing to show yet."),), alt)
    if data[0].get("type") == "heatmap":
        return _heatmap(data[0], alt)
    strokes, top = _legend(data, layout)
    sideways = any(trace.get("orientation") == "h" for trace in data)
    left = 150.0 if sideways else LEFT
    x = _axis([v for t in data for v in _reach(t)], left, WIDTH - RIGHT, layout.get("xaxis", {}))
    y_values = _heights(data, layout) if not sideways else [v for t in data for v in t["y"]]
    y = _axis(y_values, HEIGHT - BOTTOM, top, layout.get("yaxis", {}))
    strokes += _frame(x, y, left, top, layout)
    strokes += _traces(data, layout, x, y, sideways=sideways)
    return Drawing(WIDTH, HEIGHT, tuple(strokes), alt)


def _reach(trace: dict[str, Any]) -> list[Any]:
    """Where a trace lies on the x axis; bars reach to either side of their middle."""
    if "width" not in trace:
        return list(trace["x"])
    pairs = list(zip(trace["x"], trace["width"], strict=True))
    return [x - width / 2 for x, width in pairs] + [x + width / 2 for x, width in pairs]


def _axis(values: Sequence[Any], start: float, end: float, wish: dict[str, Any]) -> Axis:
    known = [value for value in values if value is not None]
    if known and isinstance(known[0], str):
        names = list(dict.fromkeys(known))
        return Axis(0, len(names), start, end, names=names)
    if wish.get("type") == "log":
        ends = [math.log10(value) for value in known]
        return Axis(min(ends), max(ends), start, end, log=True)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if wish.get("rangemode") == "tozero" or "range" in wish:
        low, high = 0.0, max(high * 1.05, 1e-9)
    if "range" in wish:
        low, high = wish["range"]
    return Axis(low, high, start, end)


def _heights(data: Sequence[dict[str, Any]], layout: dict[str, Any]) -> list[float]:
    if layout.get("barmode") == "stack":
        return [0.0, 1.0]
    tops = [0.0]
    for trace in data:
        above = trace.get("error_y", {}).get("array") or [0.0] * len(trace["y"])
        tops += [y + e for y, e in zip(trace["y"], above, strict=True) if y is not None]
    return tops


def _legend(data: Sequence[dict[str, Any]], layout: dict[str, Any]) -> tuple[list[Stroke], float]:
    """Names of the lines on top, in as many rows as they need; returns where the plot begins."""
    named = [t for t in data if t.get("name") and t.get("showlegend", True)] if layout.get("showlegend", True) else []
    strokes: list[Stroke] = []
    x, y = LEFT, 18.0
    for trace in named if len(named) > 1 else []:
        width = 24 + sum(7.6 if letter.isupper() else 6.1 for letter in trace["name"])
        if x + width > WIDTH - RIGHT and x > LEFT:
            x, y = LEFT, y + ROW
        strokes += [_box(x, y - 8, x + 10, y + 1, _colour(trace)), Words((x + 14, y), trace["name"], colour=INK)]
        x += width
    return strokes, y + 12


def _frame(x: Axis, y: Axis, left: float, top: float, layout: dict[str, Any]) -> list[Stroke]:
    strokes: list[Stroke] = []
    right, low = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value, words in _ticks(y, layout.get("yaxis", {})):
        if not y.names:
            strokes.append(Line(((left, y(value)), (right, y(value))), GRID))
        strokes.append(Words((left - 6, y(value) + 4), words, "end", colour=PALE))
    for value, words in _ticks(x, layout.get("xaxis", {})):
        if not x.names:
            strokes.append(Line(((x(value), top), (x(value), low)), GRID))
        for at, row in enumerate(words.split("<br>")):
            strokes.append(Words((x(value), low + 15 + 12 * at), row, "middle", 10.5, PALE))
    title = layout.get("xaxis", {}).get("title", {}).get("text", "")
    strokes.append(Words((right, HEIGHT - 6), title, "end", 10.5, PALE))
    for shape in layout.get("shapes", ()):
        strokes.append(Line(((x(shape["x0"]), top), (x(shape["x0"]), low)), "#d08a1d", dashed=True))
    return strokes


def _ticks(axis: Axis, wish: dict[str, Any]) -> list[tuple[Any, str]]:
    if axis.names:
        return [(name, name) for name in axis.names]
    if "tickvals" in wish:
        inside = zip(wish["tickvals"], wish["ticktext"], strict=True)
        return [(value, words) for value, words in inside if axis.low <= math.log10(value) <= axis.high]
    rough = (axis.high - axis.low) / 6
    power = 10 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = math.ceil(axis.low / step) * step
    values = [first + i * step for i in range(20) if first + i * step <= axis.high + step * 1e-6]
    form = (".1%" if step < 0.01 else ".0%") if "%" in wish.get("tickformat", "") else ",.10g"
    return [(value, format(round(value, 10), form)) for value in values]


def _traces(
    data: Sequence[dict[str, Any]], layout: dict[str, Any], x: Axis, y: Axis, *, sideways: bool
) -> list[Stroke]:
    strokes: list[Stroke] = []
    bars = [trace for trace in data if trace.get("type") == "bar"]
    raised: dict[Any, float] = {}
    before: list[Point] = []
    for trace in data:
        if trace.get("type") == "bar":
            place = (bars.index(trace), len(bars)) if layout.get("barmode") == "group" else (0, 1)
            strokes += (
                _sideways(trace, x, y)
                if sideways
                else _bars(trace, x, y, place, raised if layout.get("barmode") == "stack" else None)
            )
            continue
        points = [(x(a), y(b)) for a, b in zip(trace["x"], trace["y"], strict=True) if b is not None]
        if trace.get("fill") == "tonexty" and before and points:
            strokes.append(Area((*before, *reversed(points)), trace["fillcolor"]))
        elif trace["line"].get("width") and len(points) > 1:
            strokes.append(Line(tuple(points), trace["line"]["color"], trace["line"]["width"]))
        before = points
    return strokes


def _bars(
    trace: dict[str, Any], x: Axis, y: Axis, place: tuple[int, int], raised: dict[Any, float] | None
) -> list[Stroke]:
    strokes: list[Stroke] = []
    number, of = place
    widths = trace.get("width") or [None] * len(trace["x"])
    errors = trace.get("error_y")
    for at, (where, height, width) in enumerate(zip(trace["x"], trace["y"], widths, strict=True)):
        if height is None:
            continue
        if x.names:
            whole = x.step * 0.78
            low = x(where) - whole / 2 + whole * number / of
            high = low + whole / of * 0.92
        else:
            low, high = x(max(where - width / 2, 1e-9)), x(where + width / 2)
        base = raised.get(where, 0.0) if raised is not None else 0.0
        if raised is not None:
            raised[where] = base + height
        strokes.append(_box(low, y(base + height), high, y(base), _colour(trace)))
        if errors:
            middle = (low + high) / 2
            ends = (y(height + errors["array"][at]), y(height - errors["arrayminus"][at]))
            strokes.append(Line(((middle, ends[0]), (middle, ends[1])), PALE, 1.1))
    return strokes


def _sideways(trace: dict[str, Any], x: Axis, y: Axis) -> list[Stroke]:
    strokes: list[Stroke] = []
    errors, thick = trace["error_x"], y.step * 0.6
    for at, (share, name) in enumerate(zip(trace["x"], trace["y"], strict=True)):
        middle = y(name)
        strokes.append(_box(x(0), middle - thick / 2, x(share), middle + thick / 2, _colour(trace)))
        ends = (x(share - errors["arrayminus"][at]), x(share + errors["array"][at]))
        strokes.append(Line(((ends[0], middle), (ends[1], middle)), PALE, 1.1))
    return strokes


def _heatmap(trace: dict[str, Any], alt: str) -> Drawing:
    columns, rows = trace["x"], trace["y"]
    left, top, tall = 130.0, 30.0, 30.0
    wide = (WIDTH - left - RIGHT) / len(columns)
    most = max((value for row in trace["z"] for value in row if value is not None), default=0.0) or 1.0
    strokes: list[Stroke] = [
        Words((left + wide * (at + 0.5), top - 8), str(name), "middle", colour=PALE) for at, name in enumerate(columns)
    ]
    for i, name in enumerate(rows):
        strokes.append(Words((left - 8, top + tall * (i + 0.5) + 4), name, "end", colour=INK))
        for j, value in enumerate(trace["z"][i]):
            if value is None:
                continue
            box = (left + wide * j + 1, top + tall * i + 1, left + wide * (j + 1) - 1, top + tall * (i + 1) - 1)
            strokes.append(_box(*box, f"rgba(31,159,145,{0.05 + 0.75 * value / most:.3f})"))
            at = (left + wide * (j + 0.5), top + tall * (i + 0.5) + 4)
            strokes.append(Words(at, str(trace["text"][i][j]), "middle", colour="#191815"))
    return Drawing(WIDTH, int(top + tall * len(rows) + 10), tuple(strokes), alt)


def _box(x0: float, y0: float, x1: float, y1: float, colour: str) -> Area:
    return Area(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), colour)


def _colour(trace: dict[str, Any]) -> str:
    return trace.get("fillcolor") or trace.get("marker", {}).get("color") or trace["line"]["color"]
