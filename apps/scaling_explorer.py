"""The scaling explorer: what an oracle in the loop buys, as figures and as a world to act in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from apps import pieces
from apps.explorer import drawing, results, running, stage
from apps.html import Html, el
from apps.lab import Lab
from apps.registry import ALL, QUIET
from experiments.verisim.studies import STUDIES
from experiments.verisim.studies.curves import CONSULTS, GRADES
from experiments.verisim.studies.kit import PRESETS
from experiments.verisim.studies.surface import KINDS
from experiments.verisim.worlds import make_world
from nma13.errors import UsageError

APP = next(app for app in ALL if app.name == "explorer")
METRICS = ("exact deltas", "horizon, share of T", "CPU ms for one step of the loop")
PURPOSE = (
    "A computer can be asked what really happens next, exactly and for free. How long does a model of it stay faithful "
    "when it is asked now and then, and when it is never asked at all?"
)


def build(lab: Lab) -> Any:
    """Six tabs, each filled when it is first looked at."""
    from apps.gradio_setup import gr
    from apps.page import page

    with page(lab, APP, lambda: "Verisim: world models with an oracle in the loop") as demo:
        gr.HTML(drawing.style() + el("p", PURPOSE, class_="note"))
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Results at a glance", id="results"):
                glance = gr.HTML(el("p", "Reading the results …", class_="note", role="status"))
            demo.load(lambda: results.at_a_glance(lab.data), None, glance, **QUIET)
            with gr.Tab("World", id="world") as world:
                _world(gr, world)
            _horizon(gr, lab)
            _surface(gr, lab)
            with gr.Tab("Run", id="run"):
                _run(gr, lab, glance)
            _data(gr, lab)
    return demo


def _world(gr: Any, tab: Any) -> None:
    now = gr.State(stage.opened())
    with gr.Row():
        name = gr.Dropdown(["network", "filesystem"], value="network", label="Which world", min_width=150)
        hosts = gr.Dropdown(list(stage.HOSTS), value=5, label="Hosts", min_width=90)
        start = gr.Dropdown(_starts("network"), value="small-world", label="Begins as", min_width=130)
        who = gr.Dropdown(stage.proposers_for("network"), label="Who proposes", min_width=150)
    with gr.Row():
        line = gr.Textbox(label="Action", value="connect h0 h1 22", max_lines=1, scale=3, min_width=220)
        step = gr.Button("Step", variant="primary", min_width=80)
        play = gr.Button("Play 5", min_width=80)
        ask = gr.Button("Ask the oracle", min_width=120)
        again = gr.Button("Begin again", min_width=110)
    told, shown = gr.HTML(), gr.HTML()

    def seen(there: stage.Stage) -> tuple[Any, Any, Any]:
        return there, "", drawing.stage(there)

    def stepped(there: stage.Stage, typed: str, proposer: str) -> tuple[Any, Any, Any]:
        try:
            return seen(stage.act(there, typed, proposer))
        except UsageError as error:
            return gr.skip(), pieces.panel("Nothing was done", el("p", str(error))), gr.skip()

    def begun(world: str, size: int, kind: str) -> tuple[Any, Any, Any]:
        return seen(stage.opened(world, size if size in stage.HOSTS else 5, kind))

    def switched(world: str, size: int) -> tuple[Any, ...]:
        first, can = _starts(world)[1], stage.proposers_for(world)
        example = "connect h0 h1 22" if world == "network" else "mkdir /new"
        return (
            gr.Dropdown(_starts(world), value=first),
            gr.Dropdown(can, value=can[0]),
            example,
            *begun(world, size, first),
        )

    out = [now, told, shown]
    tab.select(lambda there: drawing.stage(there), now, shown, **QUIET)
    for event in (step.click, line.submit):
        event(stepped, [now, line, who], out, **QUIET)
    play.click(lambda there, proposer: seen(stage.play(there, proposer, 5)), [now, who], out, **QUIET)
    ask.click(lambda there: seen(stage.asked(there)), now, out, **QUIET)
    for event in (again.click, hosts.input, start.input):
        event(begun, [name, hosts, start], out, **QUIET)
    name.input(switched, [name, hosts], [start, who, line, *out], **QUIET)


def _starts(world: str) -> list[str]:
    return [kind for kind in make_world(world).starts if kind != "large"]


def _horizon(gr: Any, lab: Lab) -> None:
    with gr.Tab("Horizon", id="horizon") as tab:
        with gr.Row():
            measure = gr.Radio(list(results.MEASURES), value="horizon", label="Measured", min_width=220)
            grade = gr.Radio(list(GRADES), value=next(iter(GRADES)), label="Tolerance ε", min_width=260)
            consult = gr.Radio(
                [(words, name) for name, words in CONSULTS.items()],
                value="belief",
                label="A consultation",
                min_width=280,
            )
        rho = gr.Slider(0, 1, value=0.2, step=0.05, label="Budget ρ: share of steps at which the oracle is asked")
        shown = gr.HTML()
    given = [measure, grade, consult, rho]
    for event in (tab.select, measure.input, grade.input, consult.input, rho.release):
        event(lambda m, g, c, r: results.curves(m, g, c, r, lab.data), given, shown, **QUIET)


def _surface(gr: Any, lab: Lab) -> None:
    with gr.Tab("Scaling surface", id="surface") as tab:
        with gr.Row():
            metric = gr.Dropdown(list(METRICS), value=METRICS[0], label="Metric", min_width=220)
            view = gr.Radio(["lines", "heat map", "3-D"], value="lines", label="Seen as", min_width=220)
            kinds = gr.CheckboxGroup(list(KINDS), value=list(KINDS), label="Networks", min_width=300)
        told, plot = gr.HTML(), gr.Plot(show_label=False)

    def shown(m: str, v: str, k: list[str]) -> tuple[Any, Any]:
        if results.folder_of("surface", lab.data) is None:
            return pieces.panel(
                "No surface yet", el("p", "Run it with ", pieces.code("./lab verisim study surface"))
            ), None
        return "", results.surface_plot(m, v, k or list(KINDS), lab.data)

    for event in (tab.select, metric.input, view.input, kinds.input):
        event(shown, [metric, view, kinds], [told, plot], **QUIET)


def _run(gr: Any, lab: Lab, glance: Any) -> None:
    with gr.Row():
        name = gr.Dropdown(
            [(f"{each.name}: {each.title}", each.name) for each in STUDIES.values()], value="floor", label="Study"
        )
        preset = gr.Radio(list(PRESETS), value="smoke", label="Size")
        go = gr.Button("Run", variant="primary", min_width=90)
        stop = gr.Button("Stop", min_width=90)
    gr.HTML(el("p", running.WHAT_IT_DOES, class_="note"))
    shown = gr.HTML()

    def ran(chosen: str, size: str) -> Iterator[Html]:
        yield from running.run(chosen, size, lab.data)

    begun = go.click(ran, [name, preset], shown, show_progress="hidden", concurrency_limit=1, api_visibility="private")
    begun.then(lambda: results.at_a_glance(lab.data), None, glance, **QUIET)
    stop.click(running.stopped, None, shown, cancels=[begun], **QUIET)


def _data(gr: Any, lab: Lab) -> None:
    with gr.Tab("Data", id="data") as tab:
        name = gr.Dropdown(list(STUDIES), value="floor", label="Study")
        files = gr.File(label="Every CSV and manifest", file_count="multiple", interactive=False)
        shown = gr.HTML()
    tab.select(lambda: results.files(lab.data), None, files, **QUIET)
    for event in (tab.select, name.input):
        event(lambda chosen: results.rows_of(chosen, lab.data), name, shown, **QUIET)


def main(argv: Sequence[str] | None = None) -> int:
    """This page alone, until stopped."""
    from apps.command import alone

    return alone(APP, argv, "./lab explorer", "Open the scaling explorer.")


if __name__ == "__main__":
    sys.exit(main())
