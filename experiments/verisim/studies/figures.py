"""A study's figure as SVG, from its rows and nothing else: the same rows are the same bytes, on every machine.

Text and axes take the page's colour, so a figure is readable on light and on dark. The source's own figure
stands beside ours as a hollow diamond.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from experiments.verisim.studies.kit import Row, Study

COLOURS = ("#0f766e", "#c2410c", "#6d28d9", "#0369a1", "#a16207", "#be185d", "#4d7c0f", "#64748b")
PANEL_W, PANEL_H, LEFT, RIGHT, TOP, BOTTOM = 430, 230, 52, 14, 34, 44
BAR_H, NAME_W = 19, 218
STYLE = (
    ".vs-fig{color:#1c1917;font:12px system-ui,sans-serif}"
    "@media (prefers-color-scheme:dark){.vs-fig{color:#e7e5e4}}"
    ".vs-fig text{fill:currentColor}.vs-fig .dim{opacity:.66}.vs-fig .axis{stroke:currentColor;opacity:.28}"
)


def draw(study: Study, rows: Sequence[Row]) -> str:
    """All panels of a study, two beside each other, with a key below the title."""
    panels = list(dict.fromkeys(row.panel for row in rows))
    series = list(dict.fromkeys(row.series for row in rows))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(series)}
    key, top = _key(series, colours)
    if study.lines:
        body, height = _grid(study, rows, panels, colours, top)
    else:
        body, height = _bars(rows, panels, colours, top)
    width = 2 * PANEL_W
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="vs-fig" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(study.title)}"><title>{escape(study.title)}</title><style>{STYLE}</style>'
        f"{key}{body}</svg>\n"
    )


def _key(series: Sequence[str], colours: dict[str, str]) -> tuple[str, int]:
    parts, x, y = [], 8.0, 16
    for name in [*series, "the source"]:
        wide = 26 + 6.6 * len(name)
        if x + wide > 2 * PANEL_W:
            x, y = 8.0, y + 20
        if name == "the source":
            parts.append(_diamond(x + 6, y - 4))
        else:
            parts.append(f'<rect x="{x:.1f}" y="{y - 9}" width="12" height="10" rx="2" fill="{colours[name]}"/>')
        parts.append(_text(x + 18, y, name))
        x += wide
    return "".join(parts), y + 12


def _grid(
    study: Study, rows: Sequence[Row], panels: Sequence[str], colours: dict[str, str], top: int
) -> tuple[str, int]:
    parts = []
    for place, panel in enumerate(panels):
        x, y = PANEL_W * (place % 2), top + (PANEL_H + 8) * (place // 2)
        parts.append(_lines(study, [row for row in rows if row.panel == panel], panel, colours, x, y))
    return "".join(parts), top + (PANEL_H + 8) * (-(-len(panels) // 2))


def _lines(study: Study, rows: Sequence[Row], panel: str, colours: dict[str, str], x0: int, y0: int) -> str:
    places = sorted({float(row.x) for row in rows})
    spaced = {value: at for at, value in enumerate(places)}
    highest = _top(rows)
    wide, tall = PANEL_W - LEFT - RIGHT, PANEL_H - TOP - BOTTOM

    def at(row: Row, value: float) -> tuple[float, float]:
        share = spaced[float(row.x)] / max(1, len(places) - 1)
        return x0 + LEFT + share * wide, y0 + TOP + tall * (1 - value / highest)

    parts = [_text(x0 + 8, y0 + 18, panel, weight=600), *_scale(highest, x0, y0, wide, tall)]
    for value in places:
        shown = _text(
            x0 + LEFT + spaced[value] / max(1, len(places) - 1) * wide, y0 + TOP + tall + 16, f"{value:g}", middle=True
        )
        parts.append(shown)
    parts.append(_text(x0 + LEFT + wide / 2, y0 + TOP + tall + 33, study.x_label, middle=True, faint=True))
    for name, colour in colours.items():
        mine = sorted((row for row in rows if row.series == name), key=lambda row: float(row.x))
        if not mine:
            continue
        upper, lower = [at(row, row.high) for row in mine], [at(row, row.low) for row in reversed(mine)]
        band = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *lower])
        line = " ".join("{:.1f},{:.1f}".format(*at(row, row.mean)) for row in mine)
        parts.append(f'<polygon points="{band}" fill="{colour}" opacity=".13"/>')
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
        )
        for row in mine:
            x, y = at(row, row.mean)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>')
            if row.source:
                parts.append(_diamond(*at(row, min(highest, float(row.source)))))
    return "".join(parts)


def _bars(rows: Sequence[Row], panels: Sequence[str], colours: dict[str, str], top: int) -> tuple[str, int]:
    parts, y = [], top
    wide = 2 * PANEL_W - NAME_W - 70
    for panel in panels:
        mine = [row for row in rows if row.panel == panel]
        highest = _top(mine)
        parts.append(_text(8, y + 16, panel, weight=600))
        y += 24
        for name in dict.fromkeys(row.x for row in mine):
            parts.append(_text(8, y + 14, name, faint=True))
            for row in (row for row in mine if row.x == name):
                long = wide * row.mean / highest
                ends = [NAME_W + wide * min(highest, each) / highest for each in (row.low, row.high)]
                parts.append(
                    f'<rect x="{NAME_W}" y="{y + 3}" width="{max(1.0, long):.1f}" height="{BAR_H - 6}" rx="3" '
                    f'fill="{colours[row.series]}"><title>{escape(row.series)}: {row.mean:g}</title></rect>'
                )
                parts.append(
                    f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y + 9.5}" y2="{y + 9.5}" '
                    'stroke="currentColor" opacity=".6"/>'
                )
                if row.source:
                    parts.append(_diamond(NAME_W + wide * min(highest, float(row.source)) / highest, y + 9.5))
                parts.append(_text(max(NAME_W + long, ends[1]) + 8, y + 14, f"{row.mean:.4g}"))
                y += BAR_H
            y += 4
        y += 8
    return "".join(parts), y + 6


def _scale(highest: float, x0: int, y0: int, wide: int, tall: int) -> list[str]:
    parts = []
    for part in range(5):
        y = y0 + TOP + tall * (1 - part / 4)
        parts.append(f'<line class="axis" x1="{x0 + LEFT}" x2="{x0 + LEFT + wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="dim" x="{x0 + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * part / 4:.3g}</text>'
        )
    return parts


def _top(rows: Sequence[Row]) -> float:
    """The upper end of an axis: 1 for shares, else a little above the largest value."""
    largest = max(max(row.high, row.mean, float(row.source or 0)) for row in rows)
    return 1.0 if 0.3 < largest <= 1.0 else largest * 1.08 or 1.0


def _text(x: float, y: float, words: str, *, weight: int = 400, middle: bool = False, faint: bool = False) -> str:
    more = (' text-anchor="middle"' if middle else "") + (' class="dim"' if faint else "")
    more += f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(words)}</text>'


def _diamond(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
