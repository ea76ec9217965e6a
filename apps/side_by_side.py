"""Two writers on the same input: the gates decide once, then each writes inside the same limits. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apps import answer, pieces
from apps.gradio_setup import gr
from apps.html import Html
from apps.html import text as text_of
from apps.lab import Lab
from apps.writer import load
from nma13.context import NavigationContext
from nma13.errors import LabError
from nma13.interpreter import Finished, Voice, stream
from nma13.kit import default_kit
from nma13.llm import explain_choice
from nma13.locale import chosen
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import PipelineState

OWN = "the lab's model"
BARE = "no model: the engine's own text"
Two = tuple[Any, Any, Any]


def build(lab: Lab, asked: Any) -> None:
    """A section that opens on demand: a writer to choose for each side."""
    with gr.Accordion("Two writers side by side", open=False):
        with gr.Row():
            one, other = (
                gr.Dropdown(
                    [OWN, BARE], value=value, label=label, allow_custom_value=True, min_width=260,
                    info="or another model's name, as ./lab model tells them, e.g. llamacpp:/models/some.gguf",
                )
                for label, value in (("Left", OWN), ("Right", BARE))
            )  # fmt: skip
        go = gr.Button("Write the text above twice", elem_classes="quiet")
        decided = gr.HTML()
        with gr.Row():
            with gr.Column(min_width=300):
                left = gr.HTML()
            with gr.Column(min_width=300):
                right = gr.HTML()

    def write(text: str, one: str, other: str) -> Iterator[Two]:
        yield from both(lab, text, one, other)

    go.click(
        write, [asked, one, other], [decided, left, right],
        show_progress="hidden", concurrency_limit=1, api_visibility="private",
    )  # fmt: skip


def both(lab: Lab, text: str, one: str = OWN, other: str = BARE) -> Iterator[Two]:
    """First what was decided; then one side after the other, so that two models are never loaded for it at once."""
    try:
        kit = default_kit(chosen_screen(None))
        state = run(text, NavigationContext(locale=chosen(lab.data)), kit)
    except LabError as refused:
        yield pieces.panel("Nothing was run", Html(text_of(str(refused)))), "", ""
        return
    waiting = [answer.prose("", note=f"{who}: writing …") for who in (one, other)]
    yield answer.chips(state), *waiting
    yield gr.skip(), _side(lab, state, one), gr.skip()
    yield gr.skip(), gr.skip(), _side(lab, state, other)


def _side(lab: Lab, state: PipelineState, who: str) -> Html:
    try:
        with _voice(lab, who) as voice:
            return _written(state, voice)
    except LabError as error:
        return answer.prose(str(error), note="nothing was written here")


@contextmanager
def _voice(lab: Lab, who: str) -> Iterator[Voice | None]:
    """The lab's own model stays loaded; any other is loaded for this text and given back."""
    if who == BARE:
        yield None
    elif who == OWN:
        voice = lab.writer.voice()
        if voice is None:
            why = lab.writer.failure() or "The lab was opened without a model, so its own model cannot write here."
            raise LabError(f"{why} Name another one, or compare with the engine's own text.")
        yield voice
    else:
        choice = explain_choice(who)
        if choice.backend == "none":
            yield None
            return
        model, small = load(choice)
        with model:
            yield Voice(model, small, 0)


def _written(state: PipelineState, voice: Voice | None) -> Html:
    for event in stream(state, voice):
        if isinstance(event, Finished):
            state = event.state
    return answer.prose(state.interpretation.text if state.interpretation else "", state)
