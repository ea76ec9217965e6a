"""Navigate: ask, see the answer being written, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps import answer, batch, glyphs, pieces
from apps.gradio_setup import gr
from apps.html import Html
from apps.html import text as text_of
from apps.lab import Lab
from nma13.context import Material, MaterialKind, NavigationContext
from nma13.counterfactual import what_would_change
from nma13.errors import LabError
from nma13.interpreter import Finished, Shown, Withdrawn, stream
from nma13.kit import default_kit
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import Notice, PipelineState

EXAMPLES = (
    "I'm stuck. Nothing's wrong, but something has to change.",
    "The operation on my hand may end my playing for good, and without it the pain goes on. I am a pianist.",
    "My wife and I must decide by Friday whether her mother moves in. Research proves that 80 % of families regret it.",
)
ATTACHED_LIMIT = 12_000
PLAIN_TEXT = [".txt", ".md", ".csv"]
WAITING = (
    "The answer appears here. The gates decide first, in a moment; then the words are written inside what they allow."
)


def build(lab: Lab) -> None:
    """A box to ask in, the answer beside it, the trace beneath."""
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            asked = gr.Textbox(label="What is to be decided?", lines=7, max_lines=18, placeholder="In your own words.")
            with gr.Row():
                go = gr.Button("Navigate", variant="primary")
                stop = gr.Button("Stop")
            with gr.Accordion("More", open=False):
                file = gr.File(
                    label="Attach a text for this one question (.txt, .md, .csv; not stored)", file_types=PLAIN_TEXT
                )
                no_model = gr.Checkbox(label="Structure only, no model", value=False)
                meaning = gr.Checkbox(label="Second look by meaning", value=True)
            gr.Examples([[example] for example in EXAMPLES], asked, label="Or begin with one of these")
        with gr.Column(scale=3, min_width=320):
            decided = gr.HTML()
            words = gr.HTML(_empty())
            told = gr.HTML()
    with gr.Accordion("Your words, and why", open=False):
        own, why = gr.HTML(), gr.HTML()
    with gr.Accordion("Gates", open=False):
        gates = gr.HTML()
    batch.build()

    def navigate(text: str, attached: str | None, bare: bool, second: bool) -> Iterator[Any]:
        yield from _navigate(lab, text, attached, use_model=not bare, second=second)

    shown = [decided, words, told, own, why, gates]
    begun = gr.on(
        [go.click, asked.submit], navigate, [asked, file, no_model, meaning], shown,
        show_progress="hidden", concurrency_limit=2, api_visibility="private",
    )  # fmt: skip
    stop.click(None, None, None, cancels=[begun], api_visibility="private")


def _navigate(lab: Lab, text: str, attached: str | None, *, use_model: bool, second: bool) -> Iterator[tuple[Any, ...]]:
    """Gates first and at once; then the prose, sentence by sentence; last the trace."""
    try:
        kit = default_kit(chosen_screen(None if second else "off"))
        state = run(text, _context(attached), kit)
    except LabError as refused:
        yield Html(""), pieces.panel("Nothing was run", Html(text_of(str(refused)))), "", "", "", ""
        return
    decided, gates = answer.chips(state), answer.gates(state)
    own = answer.own_words(state)
    yield decided, answer.prose("", note="writing …"), answer.notices(state), own, "", gates
    for words, finished in _written(lab, state, use_model=use_model):
        last = finished or state
        shown = answer.prose(words, finished, note="writing …")
        why = answer.why(last, what_would_change(last, kit)) if finished else gr.skip()
        yield decided, shown, answer.notices(last), gr.skip(), why, gr.skip()


def _written(lab: Lab, state: PipelineState, *, use_model: bool) -> Iterator[tuple[str, PipelineState | None]]:
    """The text so far, and the finished state at the end."""
    words = ""
    voice = lab.writer.voice() if use_model else None
    if use_model and (failure := lab.writer.failure()):
        told = Notice("MODEL", f"{failure} The text composed by the engine itself stands in.")
        state = replace(state, notices=(*state.notices, told))
    for event in stream(state, voice):
        match event:
            case Shown(piece):
                words += piece
                yield words, None
            case Withdrawn():
                words = ""
            case Finished(last):
                yield last.interpretation.text if last.interpretation else words, last


def _context(attached: str | None) -> NavigationContext:
    if not attached:
        return NavigationContext()
    path = Path(attached)
    text = path.read_text(encoding="utf-8", errors="replace")[:ATTACHED_LIMIT]
    passage = Material(MaterialKind.LIVE, path.name, text, path.name, "", 0, len(text))
    return NavigationContext(document_passages=(passage,))


def _empty() -> Html:
    return pieces.empty_state(
        glyphs.compass(),
        "Ask, and see what it rests on",
        WAITING,
        [
            "Your text, in your own words; the longer way of putting it is welcome.",
            "A language model is optional: what may be answered is decided without one.",
        ],
    )
