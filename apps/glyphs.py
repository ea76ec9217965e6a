"""Small line drawings, one per room, drawn with the text colour; decoration only."""

from __future__ import annotations

from apps.html import Html, el

SIZE = 48


def _drawing(*paths: str, dots: tuple[tuple[float, float, float], ...] = ()) -> Html:
    lines = [el("path", d=path) for path in paths]
    points = [el("circle", cx=x, cy=y, r=r) for x, y, r in dots]
    return el("svg", lines, points, viewBox=f"0 0 {SIZE} {SIZE}", width=SIZE, height=SIZE, focusable="false")


def compass() -> Html:
    """Navigate: a needle over a horizon."""
    return _drawing("M24 6a18 18 0 1 0 .01 0", "M24 12l5 12-5 12-5-12z", "M10 24h6M32 24h6")


def house() -> Html:
    """Inner House: a roof over seven stations."""
    stations = tuple((13.5 + 3.5 * i, 31, 1.3) for i in range(7))
    return _drawing("M6 22L24 7l18 15", "M10 20v21h28V20", dots=stations)


def fork() -> Html:
    """Auto-Govern: one way in, two ways on."""
    return _drawing("M24 42V28", "M24 28C24 18 12 20 12 8", "M24 28c0-10 12-8 12-20", "M8 12l4-4 4 4M32 12l4-4 4 4")


def pulse() -> Html:
    """Loop Feed: a line that keeps coming."""
    return _drawing("M5 26h8l4-12 7 22 6-16 3 6h10", "M5 40h38")


def layers() -> Html:
    """Memory: one sheet over another."""
    return _drawing("M24 8l18 9-18 9-18-9z", "M6 25l18 9 18-9", "M6 33l18 9 18-9")


def weave() -> Html:
    """Patterns: threads that cross."""
    return _drawing(
        "M8 14h32M8 24h32M8 34h32", "M14 8v32M24 8v32M34 8v32", dots=((14, 24, 3), (24, 14, 3), (34, 34, 3))
    )


def page() -> Html:
    """Documents: a page with words."""
    return _drawing("M12 6h17l9 9v27H12z", "M29 6v9h9", "M18 23h14M18 29h14M18 35h9")
