"""Sums into charts: plain data as Plotly's script reads it. Colours of text and grid are the page's own affair."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitors.read.pulse import FLAGS
from monitors.read.trends import FlagStep, Marker, Span, Step, Sums, rolling
from monitors.stations import COLOURS, FRICTION_COLOURS, NAMES, label
from monitors.statistics import Modes, Share, density
from nma13.store import STATIONS
from nma13.store.rollups import BINS_PER_DECADE

Chart = dict[str, Any]
TIDE, BAND = "#1f9f91", "rgba(31,159,145,.18)"
FLAG_COLOURS = {"confab": "#c0566e", "closure": "#d08a1d", "overreach": "#8d62c2"}
SCALE = [[0, "rgba(31,159,145,.04)"], [1, "rgba(31,159,145,.95)"]]
UNREAD = "could not be read"
HEIGHT = 320  # of every chart, also before it is drawn (monitor.css), so that nothing moves when it is
MOST_MARKERS = 40
MOST_BARS = 36
LEADS_TOGETHER, OUTPUTS_TOGETHER = 25, 90  # so many cases make one point of a smoothed curve


def layout(key: str, **more: Any) -> dict[str, Any]:
    """What all charts share. `key` names what is shown: while it stays the same, so do zoom and hidden lines."""
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}
    return {
        "height": HEIGHT, "margin": {"l": 8, "r": 12, "t": 34, "b": 12}, "uirevision": key, "legend": legend,
        "hovermode": "closest", "bargap": 0.25, **more,
    }  # fmt: skip


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    return {"title": {"text": title, "font": {"size": 11}}, **more}


PERCENT: dict[str, Any] = {"tickformat": ".0%", "rangemode": "tozero"}


def resolution(steps: Sequence[Step], marks: Sequence[Marker], window: int, key: str) -> Chart:
    """The resolution rate over a rolling window, its Wilson band, and where the process started anew."""
    points = [(step, share) for step, share in rolling(list(steps), window) if share.of]
    x = [step.last for step, _ in points]
    low, high = zip(*(share.bounds for _, share in points), strict=True) if points else ((), ())
    value = [share.value for _, share in points]
    said = [str(share) for _, share in points]
    data = [
        {"x": x, "y": _r(high), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False},
        {
            "x": x, "y": _r(low), "mode": "lines", "line": {"width": 0}, "fill": "tonexty", "fillcolor": BAND,
            "name": "95 % Wilson interval", "hoverinfo": "skip",
        },
        {
            "x": x, "y": _r(value), "mode": "lines", "line": {"color": TIDE, "width": 2.2}, "text": said,
            "name": f"over {window:,} cycles", "hovertemplate": "cycle %{x:,}<br>%{text}<extra></extra>",
        },
        *markers(marks),
    ]  # fmt: skip
    lines = [_upright(mark.cycle) for mark in marks[-MOST_MARKERS:]]
    axes = {"xaxis": axis("cycle"), "yaxis": axis(**PERCENT, range=[0, 1.04])}
    return {"data": data, "layout": layout(key, shapes=lines, **axes)}


def markers(marks: Sequence[Marker]) -> list[dict[str, Any]]:
    """Starts and resumes as signs on the lower edge; what happened stands in the hover."""
    if not marks:
        return []
    shown = marks[-MOST_MARKERS:]
    return [{
        "x": [mark.cycle for mark in shown], "y": [0.0] * len(shown), "mode": "markers", "cliponaxis": False,
        "marker": {"symbol": "triangle-up", "size": 9, "color": "#d08a1d"}, "name": "process started anew",
        "text": [f"{mark.event}: {mark.detail}" if mark.detail else mark.event for mark in shown],
        "hovertemplate": "cycle %{x:,}<br>%{text}<extra></extra>",
    }]  # fmt: skip


def stations(sums: Sums, key: str, *, asks_can: bool) -> Chart:
    """Each station's profile: how often it leads; where CAN is asked, how often it confirms and how often it blocks."""
    names = [f"{station}<br>{NAMES[station]}" for station in STATIONS]
    bars = [("leads", [Share(sums.stations[s].led, sums.cycles) for s in STATIONS], "#5878cf")]
    if asks_can:
        bars.append(("confirms CAN", [sums.confirmed(s) for s in STATIONS], TIDE))
        bars.append(("blocks CAN", [Share(sums.stations[s].blocked, sums.cycles) for s in STATIONS], "#d08a1d"))
    data = [_share_bars(name, names, shares, colour) for name, shares, colour in bars]
    return {"data": data, "layout": layout(key, barmode="group", xaxis=axis(), yaxis=axis(**PERCENT))}


def leads(sums: Sums, key: str) -> Chart:
    """Who leads after whom: each row adds up to all cycles after which its station had led."""
    rows, text = [], []
    for before in STATIONS:
        counts = [sums.leads[before, after] for after in STATIONS]
        whole = sum(counts)
        rows.append([round(count / whole, 4) if whole else None for count in counts])
        text.append([f"{count:,}" if whole else "" for count in counts])
    data = [{
        "type": "heatmap", "z": rows, "x": list(STATIONS), "y": [label(s) for s in STATIONS], "text": text,
        "texttemplate": "%{text}", "colorscale": SCALE, "zmin": 0, "showscale": False, "xgap": 2, "ygap": 2,
        "hovertemplate": "after %{y} leads %{x}<br>%{z:.1%} (%{text} cycles)<extra></extra>",
    }]  # fmt: skip
    axes = {"xaxis": axis(side="top", fixedrange=True), "yaxis": axis(autorange="reversed", fixedrange=True)}
    return {"data": data, "layout": layout(key, **axes)}


def leads_over_time(steps: Sequence[Step], key: str) -> Chart:
    """Each station's share of the lead, smoothed over neighbouring steps, so that a change of rank can be seen."""
    data = []
    for station in STATIONS:
        x, y = _smoothed([(step.last, step.led[station], sum(step.led.values())) for step in steps], LEADS_TOGETHER)
        data.append({
            "x": x, "y": y, "mode": _mode(x), "name": station, "line": {"color": COLOURS[station], "width": 1.8},
            "hovertemplate": f"{label(station)}, cycle %{{x:,}}: %{{y:.1%}}<extra></extra>",
        })  # fmt: skip
    return {"data": data, "layout": layout(key, xaxis=axis("cycle"), yaxis=axis(**PERCENT))}


def friction(fine: Sequence[Step], key: str) -> Chart:
    """The friction mix; what could not be read is a share of its own and no friction."""
    steps = _wider(fine)
    x, width = [(step.first + step.last) / 2 for step in steps], [step.last - step.first + 1 for step in steps]
    span = [f"cycles {Span(step.first, step.last)}" for step in steps]
    data = []
    for name, colour in FRICTION_COLOURS.items():
        counts = [_friction_count(step, name) for step in steps]
        y = [round(count / step.cycles, 4) if step.cycles else None for count, step in zip(counts, steps, strict=True)]
        if any(counts):
            data.append({
                "type": "bar", "x": x, "y": y, "width": width, "name": name.capitalize(), "customdata": span,
                "marker": {"color": colour, "line": {"width": 0}},
                "hovertemplate": f"%{{customdata}}<br>{name}: %{{y:.1%}}<extra></extra>",
            })  # fmt: skip
    axes = {"xaxis": axis("cycle"), "yaxis": axis(tickformat=".0%", range=[0, 1])}
    return {"data": data, "layout": layout(key, barmode="stack", bargap=0, **axes)}


def flags(sums: Sums, key: str) -> Chart:
    """Flags per station and kind, per output."""
    names = [f"{station}<br>{NAMES[station]}" for station in STATIONS]
    data = [
        _share_bars(
            flag.upper(), names,
            [Share(getattr(sums.stations[s], flag), sums.stations[s].outputs) for s in STATIONS], FLAG_COLOURS[flag],
        )
        for flag in FLAGS
    ]  # fmt: skip
    return {"data": data, "layout": layout(key, barmode="group", xaxis=axis(), yaxis=axis(**PERCENT))}


def flags_over_time(steps: Sequence[FlagStep], key: str) -> Chart:
    """Flags an output, station by station; S5 stands out because its volatility is an open signal."""
    data = []
    for station in STATIONS:
        x, y = _smoothed(
            [(step.last, step.flagged[station], step.outputs[station]) for step in steps], OUTPUTS_TOGETHER
        )
        data.append({
            "x": x, "y": y, "mode": _mode(x), "name": station,
            "line": {"color": COLOURS[station], "width": 2.6 if station == "S5" else 1.1},
            "opacity": 1 if station == "S5" else 0.65,
            "hovertemplate": f"{label(station)}, up to cycle %{{x:,}}: %{{y:.2f}} flags an output<extra></extra>",
        })  # fmt: skip
    return {
        "data": data,
        "layout": layout(key, xaxis=axis("cycle"), yaxis=axis("flags an output", rangemode="tozero")),
    }


def durations(bins: Mapping[int, int], found: Modes, key: str) -> Chart:
    """How long cycles take, on a logarithmic scale, with the fitted humps over it: two where two are found."""
    if not bins:
        return {"data": [], "layout": layout(key)}
    width = 1 / BINS_PER_DECADE
    numbers = range(min(bins), max(bins) + 1)
    edges = [number * width for number in numbers]
    total = sum(bins.values())
    seconds = [10 ** (edge + width / 2) for edge in edges]
    said = [
        f"{time_of(10**edge)} to {time_of(10 ** (edge + width))}: {bins.get(n, 0):,} cycles"
        for n, edge in zip(numbers, edges, strict=True)
    ]
    data: list[dict[str, Any]] = [{
        "type": "bar", "x": _r(seconds), "y": _r([bins.get(n, 0) / total for n in numbers]),
        "text": said, "textposition": "none",
        "width": _r([10 ** (edge + width) - 10**edge for edge in edges]), "name": "cycles",
        "marker": {"color": "rgba(31,159,145,.45)"}, "hovertemplate": "%{text}<extra></extra>",
    }]  # fmt: skip
    x = np.linspace(edges[0] - 2 * width, edges[-1] + 3 * width, 160)
    for hump, colour in zip(found.two or (), ("#5878cf", "#c0566e"), strict=False):
        data.append({
            "x": _r(10**x), "y": _r(density(hump, x) * width), "mode": "lines", "line": {"color": colour, "width": 2.2},
            "name": f"about {time_of(hump.seconds)}, {hump.weight:.0%} of cycles", "hoverinfo": "skip",
        })  # fmt: skip
    ticks = _time_ticks(10 ** float(x[0]), 10 ** float(x[-1]))
    axes = {
        "xaxis": axis(
            "duration of a cycle, logarithmic", type="log", tickvals=ticks, ticktext=[time_of(t) for t in ticks]
        ),
        "yaxis": axis(**{**PERCENT, "tickformat": ".1%"}),
    }
    return {"data": data, "layout": layout(key, bargap=0, **axes)}


def scenarios(sums: Sums, key: str, words: str) -> Chart:
    """How each kind of scenario ends."""
    names = sorted(sums.scenarios, reverse=True)
    shares = [Share(sums.scenarios[name][1], sums.scenarios[name][0]) for name in names]
    bar = _share_bars(words, names, shares, TIDE, sideways=True)
    return {"data": [bar], "layout": layout(key, xaxis=axis(**PERCENT), yaxis=axis(), showlegend=False)}


def bare(found: Mapping[tuple[str, bool], Share], key: str) -> Chart:
    """Loop C: does a station confirm CAN less often, or more, when it is given no criterion?"""
    names = [f"{station}<br>{NAMES[station]}" for station in STATIONS]
    data = [
        _share_bars(words, names, [found.get((s, is_bare), Share(0, 0)) for s in STATIONS], colour)
        for words, is_bare, colour in (("with its criterion", False, TIDE), ("bare", True, "#d08a1d"))
    ]
    return {"data": data, "layout": layout(key, barmode="group", xaxis=axis(), yaxis=axis(**PERCENT))}


def positions(found: Mapping[tuple[int, int], Share], key: str) -> Chart:
    """Loop D: CAN's place in arrangements of each length."""
    lengths, places = range(2, 7), range(6)
    shares = [[found.get((length, place), Share(0, 0)) for place in places] for length in lengths]
    text = [[f"{100 * s.value:.0f} %" if s.value is not None else "" for s in row] for row in shares]
    said = [[str(s) for s in row] for row in shares]
    data = [{
        "type": "heatmap", "z": [[s.value for s in row] for row in shares], "x": [_ordinal(p) for p in places],
        "y": [f"{length} words" for length in lengths], "text": text, "texttemplate": "%{text}", "customdata": said,
        "colorscale": SCALE, "xgap": 3, "ygap": 3, "showscale": False,
        "hovertemplate": "%{y}, CAN stands %{x}<br>%{customdata}<extra></extra>",
    }]  # fmt: skip
    axes = {
        "xaxis": axis(side="top", fixedrange=True),
        "yaxis": axis(autorange="reversed", fixedrange=True),
    }
    return {"data": data, "layout": layout(key, **axes)}


def by_place(found: Mapping[tuple[int, int], Share], key: str) -> Chart:
    """Loop D: first, in the middle, last; over all lengths."""
    sums: dict[str, list[int]] = {"first": [0, 0], "in between": [0, 0], "last": [0, 0]}
    for (length, place), share in found.items():
        where = "first" if place == 0 else "last" if place == length - 1 else "in between"
        sums[where][0] += share.count
        sums[where][1] += share.of
    bar = _share_bars("CAN confirmed", list(sums), [Share(*pair) for pair in sums.values()], TIDE)
    return {"data": [bar], "layout": layout(key, showlegend=False, xaxis=axis(), yaxis=axis(**PERCENT))}


def _share_bars(
    name: str, where: Sequence[str], shares: Sequence[Share], colour: str, *, sideways: bool = False
) -> dict[str, Any]:
    """Shares as bars, each with its 95 % interval."""
    values = _r([share.value or 0.0 for share in shares])
    above = _r([share.bounds[1] - (share.value or 0.0) if share.of else 0.0 for share in shares])
    below = _r([(share.value or 0.0) - share.bounds[0] if share.of else 0.0 for share in shares])
    error = {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 1.2,
        "width": 3,
        "color": "rgba(128,120,105,.9)",
    }
    x, y = (values, list(where)) if sideways else (list(where), values)
    return {
        "type": "bar", "name": name, "x": x, "y": y, "orientation": "h" if sideways else "v",
        "text": [str(s) for s in shares], "textposition": "none", "marker": {"color": colour},
        f"error_{'x' if sideways else 'y'}": error,
        "hovertemplate": f"%{{{'y' if sideways else 'x'}}}<br>{name}: %{{text}}<extra></extra>",
    }  # fmt: skip


def _smoothed(points: Sequence[tuple[int, int, int]], least: int) -> tuple[list[int], list[float | None]]:
    """Shares over as many neighbouring steps as hold `least` cases, so that a single cycle is no peak.

    A short record gives half of what it has to a point: a window as long as the record would draw one dot.
    """
    x: list[int] = []
    y: list[float | None] = []
    least = min(least, max(1, sum(whole for _, _, whole in points) // 2))
    start = count = of = 0
    for at, (where, one, whole) in enumerate(points):
        count, of = count + one, of + whole
        while start < at and of - points[start][2] >= least:
            count, of, start = count - points[start][1], of - points[start][2], start + 1
        if of and of >= least:
            x.append(where)
            y.append(round(count / of, 4))
    return x, y


def _mode(points: Sequence[int]) -> str:
    """A line through one point is not to be seen."""
    return "lines" if len(points) > 1 else "markers"


def _wider(steps: Sequence[Step]) -> list[Step]:
    """Neighbouring steps put together, so that a bar stands for a mix and not for one or two cycles."""
    size = max(1, -(-len(steps) // MOST_BARS))
    groups = [steps[at : at + size] for at in range(0, len(steps), size)]
    return [
        Step(group[0].first, group[-1].last, sum(step.cycles for step in group), sum(step.resolved for step in group),
             sum((step.friction for step in group), Counter()))
        for group in groups
    ]  # fmt: skip


def _friction_count(step: Step, name: str) -> int:
    return step.cycles - sum(step.friction.values()) if name == UNREAD else step.friction[name]


def _upright(cycle: int) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": cycle, "x1": cycle, "y0": 0, "y1": 1,
        "line": {"color": "#d08a1d", "width": 1, "dash": "dot"}, "layer": "below",
    }  # fmt: skip


def time_of(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _time_ticks(low: float, high: float) -> list[float]:
    nice = [m * 10**e for e in range(-3, 6) for m in (1, 2, 5)]
    inside = [tick for tick in nice if low <= tick <= high]
    step = max(1, math.ceil(len(inside) / 9))
    return inside[::step]


def _ordinal(place: int) -> str:
    return ("first", "second", "third", "fourth", "fifth", "sixth")[place]


def _r(values: Any) -> list[Any]:
    """Four digits are more than a screen shows and half of what a message would weigh."""
    return [None if value is None else float(f"{value:.5g}") for value in values]
