"""Pictures as a list of strokes, drawn as SVG or as PNG: reports need figures without a browser at hand."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

Point = tuple[float, float]
SHARP = 2  # pixels of a PNG per unit


@dataclass(frozen=True, slots=True)
class Line:
    points: tuple[Point, ...]
    colour: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    points: tuple[Point, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    at: Point
    words: str
    anchor: Literal["start", "middle", "end"] = "start"
    size: float = 11.0
    colour: str = "#403b33"


Stroke = Line | Area | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in units of one pixel on an ordinary screen."""

    width: int
    height: int
    strokes: tuple[Stroke, ...]
    alt: str


def svg(drawing: Drawing) -> str:
    """A picture that stands by itself: no script, no font, nothing fetched."""
    body = "".join(_svg(stroke) for stroke in drawing.strokes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" role="img"'
        f' font-family="Helvetica, Arial, sans-serif"><title>{escape(drawing.alt)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{body}</svg>'
    )


def png(drawing: Drawing) -> bytes:
    """The same picture in pixels, for word processors."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (drawing.width * SHARP, drawing.height * SHARP), "#ffffff")
    pen = ImageDraw.Draw(image, "RGBA")
    for stroke in drawing.strokes:
        match stroke:
            case Area(points, colour):
                pen.polygon([(x * SHARP, y * SHARP) for x, y in points], fill=_rgba(colour))
            case Line(points, colour, width, dashed):
                for a, b in _dashes(points) if dashed else pairwise(points):
                    pen.line(
                        [(a[0] * SHARP, a[1] * SHARP), (b[0] * SHARP, b[1] * SHARP)],
                        _rgba(colour),
                        round(width * SHARP),
                    )
            case Words(at, words, anchor, size, colour):
                font = ImageFont.load_default(size * SHARP)
                place = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
                pen.text((at[0] * SHARP, at[1] * SHARP), words, _rgba(colour), font, place)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _svg(stroke: Stroke) -> str:
    match stroke:
        case Area(points, colour):
            fill, opacity = _split(colour)
            return f'<polygon points="{_points(points)}" fill="{fill}" fill-opacity="{opacity:g}"/>'
        case Line(points, colour, width, dashed):
            line, opacity = _split(colour)
            dash = ' stroke-dasharray="3 3"' if dashed else ""
            return (
                f'<polyline points="{_points(points)}" fill="none" stroke="{line}" stroke-opacity="{opacity:g}"'
                f' stroke-width="{width:g}" stroke-linejoin="round"{dash}/>'
            )
        case Words(at, words, anchor, size, colour):
            return (
                f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" font-size="{size:g}" fill="{colour}">'
                f"{escape(words)}</text>"
            )


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _split(colour: str) -> tuple[str, float]:
    """`rgba(…)` as a colour and its opacity."""
    found = re.fullmatch(r"rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)", colour)
    if found is None:
        return colour, 1.0
    red, green, blue = (int(found[i]) for i in (1, 2, 3))
    return f"#{red:02x}{green:02x}{blue:02x}", float(found[4])


def _rgba(colour: str) -> tuple[int, int, int, int]:
    plain, opacity = _split(colour)
    return int(plain[1:3], 16), int(plain[3:5], 16), int(plain[5:7], 16), round(255 * opacity)


def _dashes(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    pieces: list[tuple[Point, Point]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        many = max(1, round(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 / 3))
        for i in range(0, many, 2):
            a, b = i / many, min(1.0, (i + 1) / many)
            pieces.append(((x0 + (x1 - x0) * a, y0 + (y1 - y0) * a), (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)))
    return pieces
