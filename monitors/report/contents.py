"""What the Research Report says. Figures come with their intervals; the open signals stay open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from monitors import charts, stations
from monitors.kit import Room
from monitors.read import own
from monitors.read.pulse import FLAGS
from monitors.read.trends import Span, Sums
from monitors.report.figure import draw
from monitors.report.parts import Figure, Heading, Paragraph, Part, Report, Table
from monitors.report.signals import signals
from monitors.statistics import Share
from monitors.tabs.dashboard import View, charts_of, view
from nma13 import __version__
from nma13.store import STATIONS

CAUTIONS = (
    "Intervals are 95 % Wilson intervals. They hold for independent cases. Cycles of a loop remember each other, "
    "stations of a cycle hear each other, and a process that was stopped begins with an empty context; so the true "
    "uncertainty is larger than drawn.",
    "An arbitration that could not be read is counted as just that. It is no friction and no deliberative event.",
    "Flags (CONFAB, CLOSURE, OVERREACH) are stored beside the words by rules, and rules err. The words were never "
    "changed.",
    "A description of what cycles did is no explanation of why. This report explains nothing.",
)


def report(connection: sqlite3.Connection, room: Room, span: Span, now: datetime) -> Report:
    """The whole report over one range."""
    found = view(connection, room, span)
    pictures = charts_of(room, found, window=max(20, min(500, found.sums.cycles // 10)))
    parts: list[Part] = [
        *_beginning(connection, room, found),
        *_resolution(room, found, pictures),
        *_stations(room, found, pictures),
        *_friction(found, pictures),
        *_own(connection, room, span),
        Heading("Three signals that stay open"),
        Paragraph(
            "These were noticed and are not explained. The figures below are what the chosen cycles show; they do not "
            "close a signal, in either direction."
        ),
        *signals(found, pictures),
        Heading("How to read this"),
        *(Paragraph(words) for words in CAUTIONS),
    ]
    title = f"Loop {room.monitor.letter}: research report"
    about = f"Cycles {span} of {room.loop.database}.db, read {now:%Y-%m-%d %H:%M} UTC, NMA Lab {__version__}"
    return Report(title, about, tuple(parts))


def _beginning(connection: sqlite3.Connection, room: Room, found: View) -> Iterator[Part]:
    total = found.sums
    models = connection.execute(
        f"SELECT model, count(*), min(cycle), max(cycle) FROM {room.loop.cycles}"  # noqa: S608 (names of ours)
        " WHERE source = ? AND cycle BETWEEN ? AND ? GROUP BY model ORDER BY min(cycle)",
        (room.loop.source, found.span.first, found.span.last),
    ).fetchall()
    yield Paragraph(f"Loop {room.monitor.letter} asks the seven stations: {room.monitor.asks}")
    flagged = sum(station.flagged for station in total.stations.values())
    rows = [
        ("Cycles finished", f"{total.cycles:,}"),
        ("Outputs", f"{total.outputs:,}"),
        ("Tokens written", f"{total.tokens:,}"),
        ("Resolved" if room.loop.asks_can else "Not stuck", str(total.resolution)),
        ("Arbitrations that could not be read", str(Share(total.parse_errors, total.cycles))),
        ("Cycles that passed Gate 2", str(Share(total.g2_passed, total.cycles))),
        ("Flags", f"{flagged:,} in {total.outputs:,} outputs"),
        ("Average duration", charts.time_of(total.seconds / total.cycles) if total.cycles else "–"),
        ("Processes started or resumed", f"{len(found.marks):,}"),
        *((f"Model {name}", f"{many:,} cycles, from {first:,} to {last:,}") for name, many, first, last in models),
    ]
    yield Table(("", ""), tuple(rows), "What this report rests on")


def _resolution(room: Room, found: View, pictures: dict[str, charts.Chart]) -> Iterator[Part]:
    word = "Resolved" if room.loop.asks_can else "Not stuck"
    yield Heading("Resolution")
    yield Paragraph(
        "A cycle is resolved when all seven stations confirm CAN in round 3." if room.loop.asks_can
        else "A cycle counts as not stuck when its friction is NONE or PRODUCTIVE."
    )  # fmt: skip
    caption = f"{found.sums.resolution} over cycles {found.span}. Dashed: the process started anew."
    yield _figure("resolution", pictures, caption)
    rows = [(name, str(Share(resolved, cycles))) for name, (cycles, resolved) in sorted(found.sums.scenarios.items())]
    yield Table(("Kind of scenario", word), tuple(rows), f"{word}, by kind of scenario")


def _stations(room: Room, found: View, pictures: dict[str, charts.Chart]) -> Iterator[Part]:
    yield Heading("Stations")
    yield _figure("stations", pictures, "Share of cycles, with 95 % intervals.")
    yield Table(*_profiles(found.sums, asks_can=room.loop.asks_can), "Station profiles")
    yield _figure("flags", pictures, "Flags per output and kind, with 95 % intervals.")


def _profiles(sums: Sums, *, asks_can: bool) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    head = ("Station", "leads", *(("confirms CAN", "blocks CAN") if asks_can else ()), "CONFAB", "CLOSURE", "OVERREACH")
    rows = []
    for name in STATIONS:
        one = sums.stations[name]
        shares = [Share(one.led, sums.cycles)]
        if asks_can:
            shares += [sums.confirmed(name), Share(one.blocked, sums.cycles)]
        shares += [Share(getattr(one, flag), one.outputs) for flag in FLAGS]
        rows.append((stations.label(name), *(_short(share) for share in shares)))
    return head, tuple(rows)


def _friction(found: View, pictures: dict[str, charts.Chart]) -> Iterator[Part]:
    yield Heading("Friction")
    yield _figure("friction", pictures, "The friction mix, as the arbitration names it.")
    total = found.sums
    rows = [
        (
            name.capitalize(),
            str(Share(total.parse_errors if name == charts.UNREAD else total.friction[name], total.cycles)),
        )
        for name in stations.FRICTION_COLOURS
    ]
    yield Table(("Friction", "Share of cycles"), tuple(rows), "Friction mix")


def _own(connection: sqlite3.Connection, room: Room, span: Span) -> Iterator[Part]:
    """What only this loop asks."""
    if room.loop.source == "loop_c":
        bare = own.bare(connection, room.loop, span)
        yield Heading("Bare stations")
        yield Paragraph(
            "In about one cycle of five, one station is asked without its criterion. Whole hundreds of cycles."
        )
        yield Figure(
            "bare", draw(charts.bare(bare, ""), "CAN confirmed with a criterion and bare"), "CAN confirmed in round 3."
        )
        rows = [(stations.label(s), *(_short(bare.get((s, b), Share(0, 0))) for b in (False, True))) for s in STATIONS]
        yield Table(("Station", "with its criterion", "bare"), tuple(rows), "CAN confirmed")
    if room.loop.source == "loop_d":
        places = own.positions(connection, room.loop, span)
        yield Heading("CAN's place in its arrangement")
        yield Paragraph(
            "Share of round-3 answers that confirm CAN, by its place and by the length. Whole hundreds of cycles."
        )
        alt = "CAN confirmed by place and length"
        yield Figure("positions", draw(charts.positions(places, ""), alt), "Share that confirms CAN.")
        yield Figure(
            "by_place", draw(charts.by_place(places, ""), "CAN confirmed: first, in between, last"), "Over all lengths."
        )


def _figure(name: str, pictures: dict[str, charts.Chart], caption: str) -> Figure:
    return Figure(name, draw(pictures[name], caption), caption)


def _short(share: Share) -> str:
    if share.value is None:
        return "–"
    low, high = share.bounds
    return f"{100 * share.value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
