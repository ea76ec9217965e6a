"""Auto-Govern: Gate 1 decides which room a question needs; it says why, and goes there."""

from __future__ import annotations

from typing import Any

from apps import answer, glyphs, pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from nma13.errors import LabError
from nma13.inner_house import Asked, Started, start
from nma13.interpreter import fixed_text, structural_text
from nma13.kit import default_kit
from nma13.pipeline import run
from nma13.semantic import chosen_screen
from nma13.state import PipelineState
from nma13.terms import Irreversibility, RedFlag, Standing

QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def escalation(state: PipelineState) -> tuple[str, ...]:
    """Why a problem wants the Inner House; empty: Navigate is enough. A crisis is never deliberated."""
    one = state.gate1
    if one is None or state.halted or RedFlag.CRISIS in state.red_flags:
        return ()
    reasons = []
    if one.irreversibility is Irreversibility.HIGH:
        reasons.append("I=HIGH: what is done here cannot be undone")
    if one.collision:
        reasons.append("X=TRUE: two demands that cannot both be met")
    if one.standing in (Standing.ABSENT, Standing.SHARED):
        reasons.append(f"S={one.standing}: the decision is not one person's alone")
    return tuple(reasons)


def build(lab: Lab) -> None:
    """One box; which room opened, and why."""
    link = gr.State("")
    asked = gr.Textbox(label="What is on your mind?", lines=5, max_lines=16, placeholder="In your own words.")
    go = gr.Button("Let the first gate decide", variant="primary")
    shown = gr.HTML(_empty())

    def decide(text: str) -> Any:
        try:
            state = run(text or "", kit=default_kit(chosen_screen(None)))
            reasons = escalation(state)
            if not reasons:
                return "", _navigated(state)
            model = lab.writer.spec if lab.writer.use_model else "none"
            begun = start(text, Asked(model=model), lab.data)
        except LabError as error:
            return "", pieces.panel("Nothing was started", el("p", str(error)))
        found = begun.session if isinstance(begun, Started) else ""
        return found and f"?tab=inner-house&session={found}", _escalated(reasons, found)

    go.click(decide, [asked], [link, shown], **QUIET)


def _navigated(state: PipelineState) -> Html:
    words = fixed_text(state) if state.halted or RedFlag.CRISIS in state.red_flags else structural_text(state)
    one = state.gate1
    why = f"Routing {one.routing}: nothing here asks for a deliberation." if one else "The first gate did not finish."
    room = pieces.panel("Navigate", el("p", why), el("p", "It was decided by Gate 1 alone.", class_="source"))
    return Html(room + answer.chips(state) + answer.prose(words))


def _escalated(reasons: tuple[str, ...], session: str) -> Html:
    way = el("a", "Read along in the Inner House", href=f"?tab=inner-house&session={session}", class_="chip chip-calm")
    return pieces.panel("Inner House", el("ul", [el("li", why) for why in reasons]), way)


def _empty() -> Html:
    return pieces.empty_state(
        glyphs.fork(),
        "Let the first gate choose the room",
        "Here you need not know whether a question wants a short answer or a long deliberation. "
        "The first gate reads it, opens the room, and says why.",
        [
            "Navigate, for what can be weighed at once.",
            "The Inner House, where something cannot be undone, two demands collide, or it is not yours alone.",
        ],
    )
