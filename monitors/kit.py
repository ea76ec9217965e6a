"""What all four monitors are made of: a page whose one timer asks «anything new?» and updates the tab that is seen."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from apps.gradio_setup import gr
from apps.lab import Lab
from apps.registry import ALL, QUIET, App
from monitors.memo import Memo
from monitors.read.place import Place, Trouble, look, trouble_of
from monitors.read.pulse import Alert, Pulse, alerts, read_pulse
from nma13.store import LOOPS, LoopTables, StoreError

EVERY_S = 1.0  # an output shows within two seconds of its commit
LOOK = Path(__file__).parent / "look"
SEEN_TAB = "the tab that is seen"
# The page itself says which tab is seen: two that are opened at once could otherwise be told in either order.
WHICH_TAB = """(told, tab) => [told, document.querySelector(
  ".monitor-tabs [role=tab][aria-selected=true]")?.dataset.tabId ?? tab]"""
TABS = {
    "feed": "Live Feed",
    "dashboard": "Dashboard",
    "sequences": "Sequence Map",
    "architecture": "Architecture Log",
    "library": "Component Library",
    "history": "Cycle History",
    "detail": "Cycle Detail",
    "report": "Research Report",
    "ledger": "Ledger",
}


@dataclass(frozen=True, slots=True)
class Monitor:
    """One of the four: which loop it reads, and which tabs it has."""

    name: str
    source: str
    letter: str
    asks: str
    tabs: tuple[str, ...]

    @property
    def app(self) -> App:
        return next(app for app in ALL if app.name == self.name)

    @property
    def loop(self) -> LoopTables:
        return LOOPS[self.source]


@dataclass(frozen=True, slots=True)
class Room:
    """What a tab is built with."""

    monitor: Monitor
    place: Place
    memo: Memo = field(default_factory=Memo)
    clock: Callable[[], float] = time.time

    @property
    def loop(self) -> LoopTables:
        return self.place.loop


Refresh = Callable[..., "tuple[Any, Sequence[Any]] | None"]


@dataclass(frozen=True, slots=True)
class Part:
    """A tab that follows the loop: what it shows, and how it is brought up to date while it is seen.

    `refresh(connection, pulse, seen, *inputs)` returns what was now seen and a value for each output, or
    None when nothing has moved since `seen`.
    """

    outputs: Sequence[Any] = ()
    refresh: Refresh = lambda *_: None
    inputs: Sequence[Any] = ()
    wishes: Sequence[Any] = ()
    """Those of `inputs` that a person changes; the tab is then refreshed at once."""
    opens: Sequence[Any] = ()
    """Components whose links open a cycle."""
    follows: Callable[[Pulse], Hashable] = lambda pulse: (pulse.finished, pulse.newest_event)
    """What must have moved before this tab is asked for anything."""
    rest_s: float = 0.0
    """At least so long between two refreshes, however fast a loop writes."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What one tick finds out, whatever tab is seen."""

    pulse: Pulse | None
    trouble: Trouble | None
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a page was last told: its line, and for each tab what had moved, and when."""

    line: str = ""
    moved: Mapping[str, tuple[Hashable, float]] = field(default_factory=dict)


def glance(room: Room) -> Glance:
    """«Anything new?»: a few rows from the ends of indexes."""
    now = room.clock()
    try:
        with look(room.place) as connection:
            pulse = read_pulse(connection, room.loop)
            found = room.memo.get(
                "alerts", (pulse.newest_output, int(now)), lambda: alerts(connection, room.loop, pulse, int(now * 1000))
            )
    except StoreError as error:
        return Glance(None, trouble_of(error), ())
    return Glance(pulse, None, found)


def refreshed(room: Room, refresh: Refresh, seen: Any, inputs: Sequence[Any]) -> tuple[Any, Sequence[Any]] | None:
    """«What is new?», asked of one tab. Trouble is told by the line under the title, not here."""
    try:
        with look(room.place) as connection:
            pulse = read_pulse(connection, room.loop)
            return None if pulse.empty else refresh(connection, pulse, seen, *inputs)
    except StoreError:
        return None


def read(room: Room, ask: Callable[[sqlite3.Connection], Any], otherwise: Any) -> Any:
    """Answer a person's wish from the store; `otherwise` where there is no store to ask."""
    try:
        with look(room.place) as connection:
            return ask(connection)
    except StoreError as error:
        if trouble_of(error).kind in ("missing", "empty"):
            return otherwise
        raise


def whole(said: str | None) -> int | None:
    """What stands in a field for a cycle; None when it holds no number. (An empty `gr.Number` shows itself as 0.)"""
    plain = (said or "").strip().replace(",", "")
    return int(plain) if plain.isdecimal() and len(plain) < 12 else None


def script(*names: str) -> str:
    """The scripts of a component, one after the other, each in a scope of its own."""
    return "\n".join(f"{{\n{(LOOK / f'{name}.js').read_text(encoding='utf-8')}}}" for name in names)


def build(monitor: Monitor, lab: Lab) -> Any:
    """The page: header, strip, tabs, and one timer for all of it."""
    from apps.page import page
    from monitors import strip

    room = Room(monitor, Place(monitor.loop, lab.data), clock=lambda: lab.clock().timestamp())
    parts: dict[str, Part] = {}
    with page(lab, monitor.app, lambda: f"loop {monitor.letter} · {monitor.loop.database}.db · read-only") as demo:
        gr.HTML(f"<style>{(LOOK / 'monitor.css').read_text(encoding='utf-8')}</style>", elem_classes="nothing")
        line = gr.HTML(strip.waiting(), js_on_load=script("strip"))
        hint = gr.HTML("", elem_classes="hint")
        tab = gr.Textbox(monitor.tabs[0], visible="hidden", label=SEEN_TAB)
        tabs = gr.Tabs(overflow_behavior="wrap", elem_classes="monitor-tabs")
        entries = {}
        with tabs:
            for name in monitor.tabs:
                with gr.Tab(TABS[name], id=name) as entries[name]:
                    parts[name] = importlib.import_module(f"monitors.tabs.{name}").build(room)
        _follow(room, demo, parts, entries, tab, line, hint)
        _open_cycles(demo, parts, tabs)
    return demo


def _follow(
    room: Room, demo: Any, parts: dict[str, Part], entries: dict[str, Any], tab: Any, line: Any, hint: Any
) -> None:
    """The one timer of a page asks only whether something moved, and answers in a few bytes. Where it did, the tab
    that is seen is asked to refresh itself, as it is when it is opened or when a wish changes."""
    from monitors import strip

    told = gr.State(Told())
    # A field that nobody sees, because the change of a `gr.State` is announced by queued handlers only.
    pokes = {name: gr.Textbox("", visible="hidden", label=f"{name} moved") for name in parts}

    def tick(told: Told, seen_tab: str) -> list[Any]:
        got = glance(room)
        part = parts.get(seen_tab) or Part()
        words, instead, now = strip.show(room, got)
        answer: list[Any] = [gr.skip()] * 2 if now == told.line else [words, instead]
        moved = part.follows(got.pulse) if got.pulse is not None else None
        before, at = told.moved.get(seen_tab, (None, float("-inf")))
        poke = moved != before and room.clock() - at >= part.rest_s
        if poke:
            told = replace(told, moved={**told.moved, seen_tab: (moved, room.clock())})
        answer += [str(time.monotonic_ns()) if poke and name == seen_tab else gr.skip() for name in parts]
        return [*answer, replace(told, line=now) if poke or now != told.line else gr.skip()]

    outputs = [line, hint, *pokes.values(), told]
    gr.Timer(EVERY_S).tick(tick, [told, tab], outputs, **QUIET, js=WHICH_TAB)
    demo.load(tick, [told, tab], outputs, **QUIET)
    for name, part in parts.items():
        seen = gr.State(None)

        def refresh(before: Any, *inputs: Any, part: Part = part) -> list[Any]:
            changed = refreshed(room, part.refresh, before, inputs)
            if changed is None:
                return [gr.skip()] * (1 + len(part.outputs))
            return [changed[0], *changed[1]]

        asked = [entries[name].select, pokes[name].change, *(one.change for one in part.wishes)]
        # While somebody types, the last word is asked for, not every letter.
        gr.on(asked, refresh, [seen, *part.inputs], [seen, *part.outputs], **QUIET, trigger_mode="always_last")


def _open_cycles(demo: Any, parts: dict[str, Part], tabs: Any) -> None:
    """A cycle's link, wherever it stands, opens Cycle Detail; that tab then refreshes by itself."""
    number = parts["detail"].inputs[0]
    demo.load(_cycle_in_address, None, number, **QUIET)

    for part in parts.values():
        for component in part.opens:
            component.show_cycle(_chosen_cycle, None, [tabs, number], **QUIET)


def _cycle_in_address(request: gr.Request) -> str:
    """`?tab=detail&cycle=12`."""
    cycle = whole(request.query_params.get("cycle"))
    return "" if cycle is None else str(cycle)


def _chosen_cycle(event: gr.EventData) -> Any:
    return gr.Tabs(selected="detail"), str(int(event.cycle))


def main(monitor: Monitor, arguments: Sequence[str] | None = None) -> int:
    """This monitor alone, until stopped. Reading needs no language model, so none is loaded."""
    from apps.command import alone

    given = list(sys.argv[1:] if arguments is None else arguments)
    return alone(monitor.app, ["--no-model", *given], monitor.app.command, f"Watch loop {monitor.letter}.")
