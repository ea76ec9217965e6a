"""Loop Feed: the latest cycles of the research loops, as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from apps import glyphs, pieces
from apps.answer import STATION_NAMES
from apps.deliberation import FRICTIONS
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from apps.latest_cycles import Cycle, Words, latest, standings, version
from apps.pieces import Tone
from apps.registry import QUIET
from apps.status import Standing
from loops.progress import OUTPUTS, duration
from loops.registry import PROGRAMMES
from loops.scenarios import TYPES
from loops.status import LoopStatus

LOOK_EVERY_S = 2.0
LONGEST = 900  # characters shown of one station's words
MONITORS = {
    "loop_a": "loop_monitor", "loop_b": "prime_monitor", "loop_c": "cognition_monitor", "loop_d": "loop_d_monitor",
}  # fmt: skip
LOOP_NAMES = {loop.source: f"Loop {loop.letter.upper()}" for loop in PROGRAMMES.values()}
STATES: dict[str, Tone] = {
    "running": "calm",
    "waiting": "warm",
    "starting": "warm",
    "stalled": "alarm",
    "died": "alarm",
}


def build(lab: Lab) -> None:
    """Two filters, how the loops stand, and the cycles; one timer that does nothing while nothing moves."""
    with gr.Row():
        loops = gr.Dropdown(
            [(f"{LOOP_NAMES[loop.source]}: {loop.title}", loop.source) for loop in PROGRAMMES.values()],
            label="Loops (none chosen: all)", multiselect=True, min_width=260,
        )  # fmt: skip
        types = gr.Dropdown(list(TYPES), label="Kinds of scenario (none chosen: all)", multiselect=True, min_width=260)
    place, shown = gr.HTML(), gr.State("")

    def look(loops: list[str] | None, types: list[str] | None, before: str, request: gr.Request) -> Any:
        host = pieces.bare_host(request.headers["host"])
        now = _stamp(lab, loops or (), types or (), host)
        if now == before:
            return gr.skip(), gr.skip()
        return screen(lab, tuple(loops or ()), tuple(types or ()), host), now

    gr.Timer(LOOK_EVERY_S).tick(look, [loops, types, shown], [place, shown], **QUIET)
    gr.on([loops.change, types.change], look, [loops, types, shown], [place, shown], **QUIET)
    blocks = gr.context.Context.root_block
    blocks.load(look, [loops, types, shown], [place, shown], **QUIET)


def screen(lab: Lab, loops: tuple[str, ...], types: tuple[str, ...], host: str) -> Html:
    """The whole room as one value."""
    there = standings(lab.data)
    cycles = latest(lab.data, loops, types)
    if not cycles and all(one.state == "never ran" for one in there):
        return _nothing_yet(lab)
    up = {one.app.name: one for one in lab.board.standings() if one.up}
    parts = [_strip(there, up, host)]
    parts += [_article(cycle, up, host) for cycle in cycles]
    if not cycles:
        parts.append(_nothing_fits(loops, types))
    return el("div", parts, class_="cycles")


def _stamp(lab: Lab, loops: Sequence[str], types: Sequence[str], host: str) -> str:
    """All that the screen is made of, in short: filters, stores, how loops and monitors stand."""
    stand = [(one.source, one.state, one.cycle, one.outputs, one.detail) for one in standings(lab.data)]
    up = [one.app.name for one in lab.board.standings() if one.up]
    return repr((sorted(loops), sorted(types), version(lab.data), stand, up, host))


def _strip(there: Iterable[LoopStatus], up: dict[str, Standing], host: str) -> Html:
    return el(
        "div", [_standing(one, up, host) for one in there], class_="standings", role="list", aria_label="The loops"
    )


def _standing(status: LoopStatus, up: dict[str, Standing], host: str) -> Html:
    state = pieces.chip(status.state, STATES.get(status.state, "plain"))
    at: Html | str = f"cycle {status.cycle}, {status.outputs} of {OUTPUTS} outputs"
    if status.cycle is None:
        at = pieces.code(f"./lab loop {status.source[-1]}")
    told = status.detail if status.state in ("stalled", "died", "waiting") else ""
    return el(
        "div",
        el("div", el("b", LOOP_NAMES[status.source]), " ", state),
        el("div", at, class_="at"),
        el("div", told, class_="at") if told else None,
        _to_monitor("Open the ", status.source, up, host, ""),
        class_="standing", role="listitem",
    )  # fmt: skip


def _article(cycle: Cycle, up: dict[str, Standing], host: str) -> Html:
    named = f"{LOOP_NAMES[cycle.source]}, cycle {cycle.number}"
    at = datetime.fromtimestamp(cycle.started_ms / 1000, UTC)
    when = el("time", at.strftime("%d %b %Y %H:%M UTC"), datetime=at.isoformat(timespec="seconds"))
    took = f" · {duration(cycle.seconds)}" if cycle.seconds is not None else ""
    about = el(
        "p", f"{cycle.scenario_type} · scenario {cycle.scenario} · ", when, took, f" · {cycle.model}", class_="source"
    )
    others = [one for one in sorted(cycle.words, key=lambda one: one.station) if one is not cycle.leading]
    rest = el(
        "details", el("summary", f"What the others wrote last ({len(others)})"), [_said(one) for one in others],
        data_keep=f"{cycle.source}-{cycle.number}",
    ) if others else None  # fmt: skip
    link = _to_monitor("The whole cycle in the ", cycle.source, up, host, f"?tab=detail&cycle={cycle.number}")
    return el(
        "article", el("h2", named), el("div", _chips(cycle), class_="chips"),
        _said(cycle.leading) if cycle.leading else el("p", "No station has written yet.", class_="source"),
        el("p", "Arbitration: ", cycle.note[:LONGEST], class_="arbitration") if cycle.note else None,
        rest, about, link, class_="panel cycle", aria_label=named,
    )  # fmt: skip


def _chips(cycle: Cycle) -> Iterable[Html]:
    if not cycle.done:
        yield pieces.chip(f"not finished: {cycle.outputs} of {OUTPUTS} outputs", "calm")
    if cycle.unreadable:
        yield pieces.chip("arbitration unreadable", "warm", "the model answered in no form that could be read")
    if cycle.friction:
        yield pieces.chip(
            f"friction {cycle.friction.lower()}",
            FRICTIONS.get(cycle.friction, "plain"),
            "as the arbitration classed it",
        )
    if cycle.lead:
        yield pieces.chip(f"{STATION_NAMES[cycle.lead]} leads", "plain", f"lead station {cycle.lead}")
    if cycle.can is not None:
        yield pieces.chip(
            "can act" if cycle.can else "blocked", "calm" if cycle.can else "warm", "what round 3 was asked"
        )


def _said(words: Words) -> Html:
    who = el("b", f"{STATION_NAMES[words.station]} ({words.station}, {words.round})")
    if words.withheld:
        return el("p", who, " The audit withheld these words.", class_="said")
    flags = [pieces.chip(flag, "warm", "raised when the words were read") for flag in words.flags]
    cut = " …" if len(words.text) > LONGEST else ""
    return el("p", who, " ", flags, " ", words.text[:LONGEST].strip() + cut, class_="said")


def _to_monitor(words: str, source: str, up: dict[str, Standing], host: str, rest: str) -> Html | None:
    standing = up.get(MONITORS[source])
    if standing is None:
        return None
    return el("a", words, standing.app.title, href=f"//{host}:{standing.port}/{rest}", class_="onward")


def _nothing_fits(loops: Sequence[str], types: Sequence[str]) -> Html:
    asked = ", ".join([*(LOOP_NAMES[one] for one in loops), *types])
    return pieces.panel(
        "No cycle fits",
        el("p", f"Nothing was written yet for: {asked}." if asked else "The first cycle is being written."),
    )


def _nothing_yet(lab: Lab) -> Html:
    return pieces.empty_state(
        glyphs.pulse(),
        "The latest from the loops",
        "Research loops are processes that deliberate on written scenarios for days. Here you read their "
        "latest cycles as they are written, by loop and by kind of scenario.",
        [
            [
                "A running loop: a, b, c or d. It goes on when this page is closed; ",
                pieces.code("./lab loop stop a"),
                " ends it.",
            ],
            ["Only to look: ", pieces.code("./lab demo"), " opens the lab on a record made earlier."],
            ["What loops write lies in your data folder, ", pieces.code(str(lab.data)), "."],
        ],
        "./lab loop a",
    )
