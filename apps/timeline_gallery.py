"""The timeline gallery: same transcript, different moment, different action. `python -m apps.timeline_gallery`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.gallery import drawing, own_data, results
from apps.lab import Lab
from apps.registry import ALL, QUIET
from experiments.manifest import read_result
from experiments.nanoim import shelf, studies, view
from nma13.errors import LabError

APP = next(app for app in ALL if app.name == "gallery")
SUITES = ("hard", "noisy", "mini", "pilot")
PURPOSE = (
    "Two interactions, word for word the same in a chat, and yet a different action is right in each. "
    "What a transcript drops decides: silence, overlap, a look, an approval, a result that has just come in."
)


def build(lab: Lab) -> Any:
    """Seven tabs, each filled when it is first looked at."""
    from apps.gradio_setup import gr
    from apps.page import page

    with page(lab, APP, lambda: "nanoIM: small networks, trained from scratch") as demo:
        gr.HTML(drawing.style() + drawing.el("p", PURPOSE, class_="note"))
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Gallery", id="gallery"):
                _gallery(gr, demo)
            _by_suite(gr, "Compare policies", "compare", shelf.TRAINED_SUITES, results.compare)
            _generalisation(gr)
            _looks_at(gr)
            _by_suite(gr, "Controls", "controls", shelf.TRAINED_SUITES, results.controls)
            with gr.Tab("Your data", id="your-data"):
                _own_data(gr)
            _scorecards(gr)
    return demo


def _gallery(gr: Any, demo: Any) -> None:
    with gr.Row():
        suite = gr.Dropdown(list(SUITES), value=SUITES[0], label="Suite", min_width=120, scale=1)
        family = gr.Dropdown(_families(SUITES[0]), value="yield_detection", label="Family", min_width=200, scale=2)
        pair = gr.Dropdown(_choices(SUITES[0], "yield_detection"), label="Pair", min_width=240, scale=3)
    with gr.Row():
        back = gr.Button("Previous", min_width=120, scale=0)
        on = gr.Button("Next", min_width=120, scale=0)
    shown = gr.HTML(drawing.el("p", "Drawing the pair …", class_="note", role="status"))
    save = gr.DownloadButton("Save this pair as a page of its own", elem_classes="quiet")

    def to_suite(chosen: str) -> Any:
        first = _families(chosen)[0][1]
        pairs = _pairs(chosen, first)
        families, listed = (
            gr.Dropdown(_families(chosen), value=first),
            gr.Dropdown(_choices(chosen, first), value=pairs[0]),
        )
        return families, listed, *_show(chosen, pairs[0])

    def to_family(in_suite: str, chosen: str) -> Any:
        pairs = _pairs(in_suite, chosen)
        return gr.Dropdown(_choices(in_suite, chosen), value=pairs[0]), *_show(in_suite, pairs[0])

    def step(by: int) -> Any:
        def go(in_suite: str, now: str) -> Any:
            names = [p.name for p in view.test_pairs(in_suite)]
            there = view.test_pairs(in_suite)[(names.index(now) + by) % len(names)]
            listed = gr.Dropdown(_choices(in_suite, there.a.family), value=there.name)
            return there.a.family, listed, *_show(in_suite, there.name)

        return go

    seen = [shown, save]
    demo.load(_show, [suite, pair], seen, **QUIET)
    suite.input(to_suite, suite, [family, pair, *seen], **QUIET)
    family.input(to_family, [suite, family], [pair, *seen], **QUIET)
    pair.input(_show, [suite, pair], seen, **QUIET)
    back.click(step(-1), [suite, pair], [family, pair, *seen], **QUIET)
    on.click(step(1), [suite, pair], [family, pair, *seen], **QUIET)


def _show(suite: str, pair: str) -> tuple[str, str]:
    """The drawing, and the file that holds it alone."""
    found = _view(suite, pair)
    return drawing.pair(found), str(_file(f"nanoim-{found.name}.html", drawing.page(found)))


def _view(suite: str, pair: str) -> view.PairView:
    """What a page asks for comes from outside, so it may name nothing that exists."""
    if suite not in SUITES or pair not in {one.name for one in view.test_pairs(suite)}:
        raise LabError("There is no such pair. Choose one from the list.")
    return view.shipped_pair(suite, pair)


def _file(name: str, content: str) -> Path:
    """A file to be taken away; it lies where only this user reads."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR", tempfile.gettempdir())) / "gallery"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def _families(suite: str) -> list[tuple[str, str]]:
    return [(title, name) for name, title in view.families_of(suite).items()]


def _pairs(suite: str, family: str) -> list[str]:
    return [pair.name for pair in view.test_pairs(suite) if pair.a.family == family]


def _choices(suite: str, family: str) -> list[tuple[str, str]]:
    """Pairs by the words that were said, which tells them apart better than their names."""
    said = {pair.name: pair.transcript.removeprefix("User: ") for pair in view.test_pairs(suite)}
    return [(said[name], name) for name in _pairs(suite, family)]


def _by_suite(gr: Any, title: str, name: str, suites: Sequence[str], draw: Any) -> None:
    """A tab with a suite to choose and one drawing."""
    with gr.Tab(title, id=name) as tab:
        suite = gr.Radio(list(suites), value=suites[0], label="Suite")
        shown = gr.HTML()
    tab.select(draw, suite, shown, **QUIET)
    suite.input(draw, suite, shown, **QUIET)


def _generalisation(gr: Any) -> None:
    with gr.Tab("Generalisation", id="generalisation") as tab:
        suite = gr.Radio(results.left_out_suites(), value="hard", label="Suite")
        figure = gr.Radio([("Aliasing accuracy", "taa"), ("Pairs separated", "psr")], value="taa", label="Figure")
        shown = gr.HTML()
    for event in (tab.select, suite.input, figure.input):
        event(results.heat_map, [suite, figure], shown, **QUIET)


def _looks_at(gr: Any) -> None:
    with gr.Tab("What the model looks at", id="looks-at") as tab:
        suite = gr.Radio(list(shelf.TRAINED_SUITES), value="hard", label="Suite")
        shown = gr.HTML()
        pair = gr.Dropdown(_first_pairs("hard"), label="One pair")
        one = gr.HTML()
    tab.select(results.occlusion, suite, shown, **QUIET)
    tab.select(_pair_occlusion, [suite, pair], one, **QUIET)
    suite.input(
        lambda s: (results.occlusion(s), gr.Dropdown(_first_pairs(s), value=_first_pairs(s)[0]),
                   _pair_occlusion(s, _first_pairs(s)[0])),
        suite, [shown, pair, one], **QUIET,
    )  # fmt: skip
    pair.input(_pair_occlusion, [suite, pair], one, **QUIET)


def _first_pairs(suite: str) -> list[str]:
    """One pair of each family."""
    return [_pairs(suite, family)[0] for family in view.families_of(suite)]


def _pair_occlusion(suite: str, name: str) -> str:
    pair = next((one for one in view.test_pairs(suite) if one.name == name), None)
    if pair is None:
        raise LabError("There is no such pair. Choose one from the list.")
    drops = {
        f"{results.title_of(kind)}, {trace.member.upper()}: {trace.target}": studies.occlusion_of_step(
            shelf.network(suite, kind), trace
        )
        for kind in shelf.KINDS
        for trace in (pair.a, pair.b)
    }
    return results.of_step(drops)


def _own_data(gr: Any) -> None:
    told = (
        "Bring an event log (JSONL). It is checked for consent, redaction, identifiers and its clock, cut into "
        "micro-turns, and drawn. It is read in memory and not kept; the file on its way is removed within a day."
    )
    gr.HTML(drawing.el("p", told, class_="note"))
    file = gr.File(label="Event log (.jsonl)", file_types=[".jsonl"], height=140)
    gr.DownloadButton("A sample to start from", value=lambda: str(_file("sample-events.jsonl", own_data.sample())),
                      elem_classes="quiet")  # fmt: skip
    shown = gr.HTML()
    file.change(_read_own, file, shown, **QUIET)


def _read_own(path: str | None) -> str:
    if path is None:
        return ""
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise LabError("That file is not text in UTF-8. Nothing was read from it.") from None
    return own_data.show(text, Path(path).name)


def _scorecards(gr: Any) -> None:
    names = results.scorecard_names()
    with gr.Tab("Scorecards", id="scorecards") as tab:
        name = gr.Dropdown(names, value=names[0] if names else None, label="Scorecard")
        shown = gr.HTML()
        save = gr.DownloadButton("Save as JSON", elem_classes="quiet")
    tab.select(_scorecard, name, [shown, save], **QUIET)
    name.input(_scorecard, name, [shown, save], **QUIET)


def _scorecard(name: str) -> tuple[str, str]:
    if name not in results.scorecard_names():
        raise LabError("There is no such scorecard. Choose one from the list.")
    path = shelf.RESULTS / "scorecards" / f"{name}.json"
    return results.scorecard(read_result(path)), str(_file(path.name, path.read_text(encoding="utf-8")))


def main(argv: Sequence[str] | None = None) -> int:
    """This page alone, until stopped."""
    from apps.command import alone

    return alone(APP, argv, "./lab gallery", "Open the timeline gallery.")


if __name__ == "__main__":
    sys.exit(main())
