"""Two writers on the same input: the gates decide once, then each writes inside the same limits. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps import answer, pieces
from apps.gradio_setup import gr
from apps.html import Html
from apps.html import text as text_of
from apps.lab import Lab
from nma13.context import NavigationContext
from nma13.errors import LabError
from nma13.interpreter import Finished, Voice, stream
from nma13.kit import default_kit
from nma13.locale import chosen
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import PipelineState


def build(lab: Lab, asked: Any) -> None:
    """A section that opens on demand: the lab's model on the left, the engine's own text on the right."""
    with gr.Accordion("Two writers side by side", open=False):
        go = gr.Button("Write the text above twice: with the model, and without", elem_classes="quiet")
        decided = gr.HTML()
        with gr.Row():
            with gr.Column(min_width=300):
                left = gr.HTML()
            with gr.Column(min_width=300):
                right = gr.HTML()

    def write(text: str) -> Iterator[tuple[Any, Any, Any]]:
        yield from both(lab, text)

    go.click(
        write, [asked], [decided, left, right], show_progress="hidden", concurrency_limit=1, api_visibility="private"
    )


def both(lab: Lab, text: str) -> Iterator[tuple[Any, Any, Any]]:
    """First what was decided and the engine's text, which are there at once; then the model's."""
    try:
        kit = default_kit(chosen_screen(None))
        state = run(text, NavigationContext(locale=chosen(lab.data)), kit)
    except LabError as refused:
        yield pieces.panel("Nothing was run", Html(text_of(str(refused)))), "", ""
        return
    bare = _written(state, None)
    yield answer.chips(state), answer.prose("", note=f"{lab.writer.line()}: writing …"), bare
    voice = lab.writer.voice()
    if voice is None:
        why = lab.writer.failure() or "No model runs here, so there is nothing to set beside the engine's own text."
        yield gr.skip(), answer.prose(why, note="start the lab with a model to compare"), gr.skip()
        return
    yield gr.skip(), _written(state, voice), gr.skip()


def _written(state: PipelineState, voice: Voice | None) -> Html:
    for event in stream(state, voice):
        if isinstance(event, Finished):
            state = event.state
    return answer.prose(state.interpretation.text if state.interpretation else "", state)
