"""Dashboard: what the cycles add up to, for any range, with the uncertainty of each figure beside it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from apps import pieces, vendor
from apps.gradio_setup import gr
from apps.html import Html, el
from monitors import charts
from monitors.compare import comparison
from monitors.kit import Part, Room, script
from monitors.range import controls, span_of
from monitors.read import own
from monitors.read.pulse import Pulse
from monitors.read.trends import FlagStep, Marker, Span, Step, Sums, flag_steps, markers, steps, sums
from monitors.statistics import Modes, Share, modes

REST_S = 2.0  # a loop at full speed finishes cycles faster than anybody reads charts
WINDOWS = (20, 50, 100, 200, 500, 1000)
SPARKS = 40


@dataclass(frozen=True, slots=True)
class View:
    """All that a dashboard shows about one range."""

    span: Span
    sums: Sums
    steps: list[Step]
    flag_steps: list[FlagStep]
    marks: list[Marker]
    modes: Modes
    bare: dict[tuple[str, bool], Any]


def view(connection: sqlite3.Connection, room: Room, span: Span) -> View:
    """One range, asked of the sums."""
    loop = room.loop
    found = sums(connection, loop, span)
    return View(
        span,
        found,
        steps(connection, loop, span),
        flag_steps(connection, loop, span),
        markers(connection, loop, span),
        modes(found.durations),
        own.bare(connection, loop, span) if loop.source == "loop_c" else {},
    )


def build(room: Room) -> Part:
    """Range and window above, cards, then charts that are updated in place."""
    with gr.Row(elem_classes="wishes"):
        choice, first, last = controls()
        window = gr.Dropdown(
            [(f"{n:,} cycles", n) for n in WINDOWS],
            value=50,
            label="Rolling window",
            min_width=150,
            scale=1,
            filterable=False,
        )
    cards = gr.HTML(elem_classes="dash-cards")
    drawn = gr.HTML(
        {"charts": {}, "notes": {}}, html_template=frame(panels(room)), js_on_load=script("charts"),
        head=f'<script src="{vendor.plotly_address()}"></script>', apply_default_css=False,
    )  # fmt: skip
    comparison(room)

    def refresh(
        connection: sqlite3.Connection, pulse: Pulse, seen: Any,
        choice: str, first: str | None, last: str | None, window: int,
    ) -> tuple[Any, list[Any]] | None:  # fmt: skip
        now = (choice, first, last, window, pulse.finished, pulse.newest_event)
        if seen == now:
            return None
        shown = room.memo.get(
            ("dashboard", now[:4]), now[4:], lambda: _shown(connection, room, choice, first, last, window)
        )
        return now, list(shown)

    wishes = [choice, first, last, window]
    return Part([cards, drawn], refresh, wishes, wishes, rest_s=REST_S)


def _shown(
    connection: sqlite3.Connection, room: Room, choice: str, first: str | None, last: str | None, window: int
) -> tuple[Html, Any]:
    span = span_of(connection, room.loop, choice, first, last)
    if span is None:
        note = "No cycle is finished yet. The first figures stand here when one is; until then, read the Live Feed."
        return el("p", note, class_="note"), {"charts": {}, "notes": {}}
    found = view(connection, room, span)
    return cards_of(room, found), {"charts": charts_of(room, found, window), "notes": notes_of(found)}


def cards_of(room: Room, found: View) -> Html:
    """The few figures one looks for first."""
    total, asks = found.sums, room.loop.asks_can
    low, high = total.resolution.bounds
    flagged = sum(station.flagged for station in total.stations.values())
    rate = [step.resolved / step.cycles if step.cycles else 0.0 for step in found.steps]
    flags = [sum(step.flagged.values()) / max(1, sum(step.outputs.values())) for step in found.flag_steps]
    average = charts.time_of(total.seconds / total.cycles) if total.cycles else "–"
    verdict = "too few to tell modes" if found.modes.verdict == "too few" else found.modes.verdict
    kept_out, unread = total.cycles - total.g2_passed, total.parse_errors
    return pieces.cards(
        _card("Cycles", f"{total.cycles:,}", f"{found.span}"),
        _card("CAN resolved" if asks else "Not stuck", _percent(total.resolution.value),
              f"95 % CI {100 * low:.1f}–{100 * high:.1f} %", spark(rate)),
        _card("Flags an output", f"{flagged / total.outputs:.3f}" if total.outputs else "–",
              f"{flagged:,} in {total.outputs:,}", spark(flags)),
        _card("A cycle takes", average, f"on average · {verdict}"),
        _card("Kept out by Gate 2", _percent(Share(kept_out, total.cycles).value), _counted(kept_out, "cycle")),
        _card("Could not be read", _percent(Share(unread, total.cycles).value), _counted(unread, "arbitration")),
        label="Figures of this range",
    )  # fmt: skip


def _card(label: str, value: str, note: str, below: Html | None = None) -> Html:
    return pieces.card(label, value, None, [el("div", note, class_="card-note"), below])


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def charts_of(room: Room, found: View, window: int) -> dict[str, Any]:
    """Every chart of the page, by its place."""
    asks, key = room.loop.asks_can, f"{found.span.first}"
    made = {
        "resolution": charts.resolution(found.steps, found.marks, window, f"{key} {window}"),
        "stations": charts.stations(found.sums, key, asks_can=asks),
        "friction": charts.friction(found.steps, key),
        "durations": charts.durations(found.sums.durations, found.modes, key),
        "leads": charts.leads(found.sums, key),
        "leads_over_time": charts.leads_over_time(found.steps, key),
        "flags": charts.flags(found.sums, key),
        "flags_over_time": charts.flags_over_time(found.flag_steps, key),
        "scenarios": charts.scenarios(found.sums, key, "resolved" if asks else "not stuck"),
    }
    if found.bare:
        made["bare"] = charts.bare(found.bare, key)
    return made


def notes_of(found: View) -> dict[str, str]:
    """What stands in words under a chart."""
    marks = f" {len(found.marks):,} starts of the process are marked." if found.marks else ""
    return {
        "resolution": f"{found.sums.resolution} over cycles {found.span}.{marks}",
        "durations": found.modes.words,
    }


def panels(room: Room) -> list[tuple[str, str, str]]:
    """Place, title, and a line that says how to read it."""
    asks = room.loop.asks_can
    resolved = "A cycle is resolved when all seven stations confirm CAN in round 3." if asks else (
        "A cycle counts as not stuck when its friction is NONE or PRODUCTIVE."
    )  # fmt: skip
    shown = [
        ("resolution", "CAN resolution rate" if asks else "Resolution rate", resolved),
        ("stations", "Station profiles", "Share of cycles, with 95 % intervals."),
        ("friction", "Friction mix", "As the arbitration names it; what could not be read is shown as just that."),
        (
            "durations",
            "How long a cycle takes",
            "Pauses left out. An open signal: both modes are shown, and tested for.",
        ),
        ("leads", "Who leads after whom", "Each row: after this station has led, who leads the next cycle?"),
        ("leads_over_time", "Who leads, over time", "Share of the lead among neighbouring cycles. An open signal."),
        ("flags", "Flags per station", "CONFAB, CLOSURE and OVERREACH, per output, with 95 % intervals."),
        ("flags_over_time", "Flags over time", "S5 is drawn stronger: its volatility is an open signal."),
        ("scenarios", "By kind of scenario", "Resolved share of each, with 95 % intervals."),
    ]
    if room.loop.source == "loop_c":
        line = "How often a station confirms CAN with its criterion, and bare. Whole hundreds of cycles."
        shown.append(("bare", "Bare stations", line))
    return shown


def frame(shown: list[tuple[str, str, str]]) -> Html:
    """Panels that stay; only what is in them changes."""
    wide = {"resolution"}
    made = [
        el(
            "section", el("h2", title), el("p", line, class_="chart-line"),
            el("div", class_="chart", data_chart=name, role="img", aria_label=f"{title}. {line}"),
            el("p", class_="chart-note", data_note=name), class_=f"panel chart-panel{' wide' if name in wide else ''}",
            aria_label=title,
        )
        for name, title, line in shown
    ]  # fmt: skip
    return el("div", made, class_="chart-grid")


def spark(values: list[float]) -> Html | None:
    """A line without axes: only its shape is meant."""
    size = max(1, -(-len(values) // SPARKS))
    means = [sum(values[i : i + size]) / len(values[i : i + size]) for i in range(0, len(values), size)]
    if len(means) < 3:
        return None
    low, high = min(means), max(means)
    rise = (high - low) or 1.0
    points = " ".join(f"{100 * i / (len(means) - 1):.1f},{22 - 20 * (m - low) / rise:.1f}" for i, m in enumerate(means))
    return el(
        "svg",
        el("polyline", points=points),
        viewBox="0 0 100 24",
        preserveAspectRatio="none",
        class_="spark",
        aria_hidden="true",
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
