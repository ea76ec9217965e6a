"""Auto-Govern: Gate 1 decides which room a question needs, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps import answer, citations, glyphs, pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.inner_house import cleared, convene, make_board, make_ready, nothing_new
from apps.lab import Lab
from apps.registry import QUIET
from nma13.context import NavigationContext
from nma13.errors import LabError
from nma13.interpreter import Shown, Withdrawn
from nma13.kit import default_kit
from nma13.llm import explain_choice
from nma13.locale import chosen
from nma13.navigation_loop import Asked, Turn, navigate
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import PipelineState, summary
from nma13.terms import RedFlag, Routing

SEVEN = {
    "I": "irreversibility", "C": "capacity", "X": "collision", "A": "ambiguity", "T": "time pressure",
    "R": "advice risk", "S": "standing",
}  # fmt: skip
NO_MODEL = "The Inner House needs a language model and there is none here, so Navigate answers instead."


@dataclass(frozen=True, slots=True)
class Choice:
    """The room, and the sentence that says why."""

    inner_house: bool
    why: str


def choose_room(state: PipelineState, *, has_model: bool) -> Choice:
    """Escalation at Gate 1 (its routing is NMA-3) leads to the Inner House, everything else to Navigate."""
    if state.halted or RedFlag.CRISIS in state.red_flags:
        return Choice(False, "Help or a halt comes before any deliberation, so it is shown at once.")
    one = state.gate1
    if one is None:
        return Choice(False, "Gate 1 has left no reading of this text.")
    because = next((step.because for step in one.derivations if step.rule.startswith("ROUTE-")), ())
    named = [f"{SEVEN.get(value.partition('=')[0], '')} {value}".strip() for value in because]
    read = f"Gate 1 routes this {one.routing} ({', '.join(named)})"
    if one.routing is not Routing.NMA3:
        return Choice(False, f"{read}, which is no escalation: Navigate answers.")
    if not has_model:
        return Choice(False, f"{read}, which is an escalation. {NO_MODEL}")
    return Choice(True, f"{read}, which is an escalation: the Inner House deliberates.")


def build(lab: Lab) -> None:
    """One box; below it the decision, then whichever room it was."""
    with gr.Row():
        asked = gr.Textbox(
            label="What is on your mind?", lines=5, max_lines=16, scale=4, min_width=280,
            placeholder="As it is, in your own words. It is stored.",
        )  # fmt: skip
        go = gr.Button("Govern", variant="primary", scale=1, min_width=120)
    decided, words, told = gr.HTML(), gr.HTML(), gr.HTML()
    board = make_board(lab, _empty())

    def govern(text: str) -> Iterator[tuple[Any, ...]]:
        yield from _govern(lab, text or "")

    asked.focus(lambda: make_ready(lab), None, None, **QUIET)
    gr.on(
        [go.click, asked.submit], govern, [asked], [decided, words, told, *board.parts],
        show_progress="hidden", concurrency_limit=2, api_visibility="private",
    )  # fmt: skip


def _govern(lab: Lab, text: str) -> Iterator[tuple[Any, ...]]:
    context = NavigationContext(locale=chosen(lab.data))
    kit = default_kit(chosen_screen(None))
    try:
        state = run(text, context, kit)
        room = choose_room(state, has_model=_has_model(lab))
        why = _decision(state, room)
        if room.inner_house:
            yield why, "", "", *convene(lab, text)
            return
        yield why, answer.prose("", note="writing …"), "", *cleared()
        written = ""
        for step in navigate(text, kit, lab.writer.voice, Asked(context=context), lab.data):
            match step:
                case Shown(piece):
                    written += piece
                    yield gr.skip(), answer.prose(written, note="writing …"), gr.skip(), *nothing_new()
                case Withdrawn():
                    written = ""
                case Turn():
                    yield gr.skip(), *_finished(step), *nothing_new()
    except LabError as refused:
        yield pieces.panel("Nothing was run", el("p", str(refused))), "", "", *cleared()


def _finished(turn: Turn) -> tuple[Html, Html]:
    made = turn.state.interpretation
    below = Html(citations.told(turn.state) + answer.kept(turn))
    return answer.prose(made.text if made else "", turn.state), below


def _decision(state: PipelineState, room: Choice) -> Html:
    row = summary(state)
    seven = [(f"{name}, {meaning}", str(row[name])) for name, meaning in SEVEN.items()]
    where = "Inner House" if room.inner_house else "Navigate"
    return pieces.panel(
        f"This goes to: {where}", el("p", room.why, role="status"), answer.chips(state),
        el("details", el("summary", "What Gate 1 read"), pieces.facts(seven, "The seven variables"),
           answer.own_words(state)),
    )  # fmt: skip


def _has_model(lab: Lab) -> bool:
    return lab.writer.use_model and explain_choice(lab.writer.spec).backend != "none"


def _empty() -> Html:
    return pieces.empty_state(
        glyphs.fork(),
        "Let the first gate choose the room",
        "You need not know whether a question wants a short answer or a long deliberation. The first gate reads it, "
        "sends it on, and says why.",
        [
            "Your text. Demands that collide, a step that cannot be undone, or what is unclear under pressure of time "
            "goes to the seven stations.",
            "Everything else is answered at once, as in Navigate.",
        ],
    )
