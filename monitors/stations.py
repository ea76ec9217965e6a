"""How stations look on a page: their names and one colour each, readable on light and on dark."""

from __future__ import annotations

from apps.html import Html, el
from nma13 import texts
from nma13.store import STATIONS

NAMES: dict[str, str] = {station: texts.station(station, "name") for station in STATIONS}
COLOURS: dict[str, str] = {
    "S1": "#1f9f91", "S2": "#d08a1d", "S3": "#5878cf", "S4": "#c0566e", "S5": "#8d62c2", "S6": "#6d9a35",
    "S7": "#7d7568",
}  # fmt: skip
FRICTION_COLOURS: dict[str, str] = {
    "NONE": "#9aa7a4", "PRODUCTIVE": "#1f9f91", "UNPRODUCTIVE": "#d08a1d", "IRREDUCIBLE": "#8d62c2",
    "TRAGIC FORK": "#c0566e", "could not be read": "#c9c2b5",
}  # fmt: skip


def label(station: str) -> str:
    """«S5 Identity»."""
    return f"{station} {NAMES[station]}"


def badge(station: str) -> Html:
    """The small coloured tile; the letters say what the colour says."""
    return el("span", station, class_=f"who who-{station}", title=NAMES.get(station))


def who(station: str) -> Html:
    """Tile and name."""
    return el("span", badge(station), " ", el("b", NAMES.get(station, "")), class_="whose")
