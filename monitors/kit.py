"""What all four monitors are made of: a page whose one timer asks «anything new?» and updates the tab that is seen."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.gradio_setup import gr
from apps.lab import Lab
from apps.registry import ALL, App
from monitors.memo import Memo
from monitors.read.place import Place, Trouble, look, trouble_of
from monitors.read.pulse import Pulse, alerts, read_pulse
from nma13.errors import LabError
from nma13.store import LOOPS, LoopTables, StoreError

EVERY_S = 1.0  # an output shows within two seconds of its commit
LOOK = Path(__file__).parent / "look"
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
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
    eager: Sequence[Any] = ()
    """Those of `inputs` whose change does not wait for the next tick; what somebody types may."""
    opens: Sequence[Any] = ()
    """Components whose links open a cycle."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One tick of one tab, without any page: what the benchmark measures, too."""

    pulse: Pulse | None
    trouble: Trouble | None
    alerts: tuple[Any, ...]
    changed: tuple[Any, Sequence[Any]] | None


def glance(room: Room, refresh: Refresh, seen: Any, inputs: Sequence[Any]) -> Glance:
    """Ask for the pulse; ask for more only if it moved."""
    try:
        with look(room.place) as connection:
            pulse = read_pulse(connection, room.loop)
            found = room.memo.get(
                "alerts",
                (pulse.newest_output, int(room.clock())),
                lambda: alerts(connection, room.loop, pulse, int(room.clock() * 1000)),
            )[1]
            changed = None if pulse.empty else refresh(connection, pulse, seen, *inputs)
    except StoreError as error:
        return Glance(None, trouble_of(error), (), None)
    return Glance(pulse, None, found, changed)


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
        shown = gr.State("")
        tab, seen = gr.State(monitor.tabs[0]), {name: gr.State(None) for name in monitor.tabs}
        tabs = gr.Tabs(overflow_behavior="wrap", elem_classes="monitor-tabs")
        entries = {}
        with tabs:
            for name in monitor.tabs:
                with gr.Tab(TABS[name], id=name) as entries[name]:
                    parts[name] = importlib.import_module(f"monitors.tabs.{name}").build(room)
        _follow(room, demo, parts, entries, tab, seen, (line, hint, shown))
        _open_cycles(demo, parts, tabs, tab)
    return demo


def _follow(
    room: Room, demo: Any, parts: dict[str, Part], entries: dict[str, Any], tab: Any, seen: dict[str, Any],
    top: tuple[Any, Any, Any],
) -> None:  # fmt: skip
    """One timer for the page; a tab that is opened, or whose wishes change, does not wait for it."""
    from monitors import strip

    names = list(parts)
    inputs = [one for name in names for one in (seen[name], *parts[name].inputs)]
    outputs = [one for name in names for one in (seen[name], *parts[name].outputs)]

    def split(values: Sequence[Any]) -> dict[str, list[Any]]:
        rest, found = list(values), {}
        for name in names:
            found[name], rest = rest[: 1 + len(parts[name].inputs)], rest[1 + len(parts[name].inputs) :]
        return found

    def tick(shown_before: str, tab_now: str, *values: Any) -> Any:
        before, *wishes = split(values)[tab_now]
        got = glance(room, parts[tab_now].refresh, before, wishes)
        line, hint, now = strip.show(room, got)
        answer = [gr.skip()] * 3 if now == shown_before else [line, hint, now]
        for name in names:
            if name == tab_now and got.changed is not None:
                answer += [got.changed[0], *got.changed[1]]
            else:
                answer += [gr.skip()] * (1 + len(parts[name].outputs))
        return answer

    line, hint, shown = top
    gr.Timer(EVERY_S).tick(tick, [shown, tab, *inputs], [line, hint, shown, *outputs], **QUIET)
    demo.load(tick, [shown, tab, *inputs], [line, hint, shown, *outputs], **QUIET)
    for name, part in parts.items():

        def opened(before: Any, *wishes: Any, name: str = name, part: Part = part) -> Any:
            got = glance(room, part.refresh, before, wishes)
            if got.changed is None:
                return [name] + [gr.skip()] * (1 + len(part.outputs))
            return [name, got.changed[0], *got.changed[1]]

        ins, outs = [seen[name], *part.inputs], [tab, seen[name], *part.outputs]
        gr.on([entries[name].select, *(one.change for one in part.eager)], opened, ins, outs, **QUIET)


def _open_cycles(demo: Any, parts: dict[str, Part], tabs: Any, tab: Any) -> None:
    """A cycle's link, wherever it stands, opens Cycle Detail; that tab then refreshes by itself."""
    number = parts["detail"].inputs[0]
    demo.load(_cycle_in_address, None, number, **QUIET)

    for part in parts.values():
        for component in part.opens:
            component.show_cycle(_chosen_cycle, None, [tabs, tab, number], **QUIET)


def _cycle_in_address(request: gr.Request) -> str:
    """`?tab=detail&cycle=12`."""
    cycle = whole(request.query_params.get("cycle"))
    return "" if cycle is None else str(cycle)


def _chosen_cycle(event: gr.EventData) -> Any:
    return gr.Tabs(selected="detail"), "detail", str(int(event.cycle))


def main(monitor: Monitor, arguments: Sequence[str] | None = None) -> int:
    """This monitor alone, until stopped. Reading needs no language model, so none is loaded."""
    from apps.command import serve

    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return serve([monitor.app], ["--no-model", *given], monitor.app.command, f"Watch loop {monitor.letter}.")
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:  # before the page was up
        return 130
