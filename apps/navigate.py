"""Navigate: ask, see the answer being written, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from apps import answer, batch, citations, glyphs, pieces, side_by_side
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.html import text as text_of
from apps.lab import Lab
from apps.spool import Spool
from nma13 import documents, web_search
from nma13.clock import now_ms
from nma13.context import NavigationContext
from nma13.counterfactual import what_would_change
from nma13.documents.kinds import SUFFIXES
from nma13.errors import LabError, UsageError
from nma13.interpreter import Shown, Withdrawn
from nma13.kit import Kit, default_kit
from nma13.llm import Cancel
from nma13.locale import chosen
from nma13.memory import VERDICTS, Verdict, give_feedback
from nma13.navigation_loop import Asked, Turn, navigate
from nma13.semantic import chosen_screen
from nma13.state import Notice, PipelineState
from nma13.store import open_rw

EXAMPLES = (
    "I'm stuck. Nothing's wrong, but something has to change.",
    "The operation on my hand may end my playing for good, and without it the pain goes on. I am a pianist.",
    "My wife and I must decide by Friday whether her mother moves in. Research proves that 80 % of families regret it.",
)
NUMBER = "(_, ...rest) => [window.labVisitor(), ...rest]"  # by which a browser finds its answer again
JUDGED = 3  # parts of the feedback row
WAITING = (
    "The answer appears here. The gates decide first, in a moment; then the words are written inside what they allow."
)


def build(lab: Lab) -> None:
    """A box to ask in, the answer beside it, the trace beneath."""
    with gr.Row():
        with gr.Column(scale=2, min_width=300, elem_classes="off-paper"):
            asked = gr.Textbox(label="What is to be decided?", lines=7, max_lines=18, placeholder="In your own words.")
            with gr.Row():
                go = gr.Button("Navigate", variant="primary")
                stop = gr.Button("Stop")
            with gr.Accordion("More", open=False):
                file = gr.File(
                    label="Attach for this one question (PDF, DOCX, TXT, MD, CSV, HTML; not stored)",
                    file_types=sorted(SUFFIXES),
                )
                drawn = gr.Checkbox(label="Draw on my documents", value=True)
                web = gr.Checkbox(label="Ask the web (sends its first factual question, nothing else)", value=False)
                no_model = gr.Checkbox(label="Structure only, no model", value=False)
                meaning = gr.Checkbox(label="Second look by meaning", value=True)
                private = gr.Checkbox(label="Do not store this", value=False)
                session = gr.Textbox(label="Session (empty: today's)", max_lines=1)
            gr.Examples([[example] for example in EXAMPLES], asked, label="Or begin with one of these")
        with gr.Column(scale=3, min_width=320):
            decided = gr.HTML()
            words = gr.HTML(_empty())
            told = gr.HTML()
            kept = gr.HTML()
            judge = _feedback(lab)
            paper = gr.Button("Print, or save as PDF", size="sm", elem_classes=["quiet", "to-paper"])
    with gr.Accordion("Your words, and why", open=False, elem_classes="on-paper"):
        own, why = gr.HTML(), gr.HTML()
    with gr.Accordion("Gates", open=False, elem_classes="on-paper"):
        gates = gr.HTML()
    with gr.Column(elem_classes="off-paper"):
        side_by_side.build(lab, asked)
        batch.build()

    given = [asked, file, drawn, web, no_model, meaning, private, session]
    _wire(lab, go, stop, given, [decided, words, told, own, why, gates, kept, *judge])
    paper.click(None, None, None, js="() => window.labPrint()", api_visibility="private")


def _wire(lab: Lab, go: Any, stop: Any, given: list[Any], shown: list[Any]) -> None:
    """Asking, stopping, and finding the answer again. The answer is written whether or not anybody looks."""
    visitor, spool = gr.Textbox(visible=False), Spool()

    def ask(
        visitor: str,
        text: str,
        attached: str | None,
        drawn: bool,
        web: bool,
        bare: bool,
        second: bool,
        private: bool,
        session: str,
    ) -> Iterator[Any]:
        try:
            how = _asked(lab, text, attached, drawn=drawn, web=web, private=private, session=session)
        except LabError as refused:
            yield _refused(refused)
            return
        yield from spool.ask(
            visitor or "",
            text,
            lambda cancel: _navigate(lab, text, how, use_model=not bare, second=second, cancel=cancel),
        )

    def find_again(visitor: str) -> Iterator[Any]:
        """After a reload, or when a phone comes back: what was asked last, and its answer as it stands."""
        found = spool.again(visitor or "")
        if found is None:
            yield gr.skip(), *(gr.skip(),) * len(shown)
            return
        text, screens = found
        for screen in screens:
            yield text, *screen

    begun = gr.on(
        [go.click, given[0].submit], ask, [visitor, *given], shown,
        js=NUMBER, show_progress="hidden", concurrency_limit=2, api_visibility="private",
    )  # fmt: skip
    # The page presses this button by itself, in a browser that has asked before; others open no stream.
    back = gr.Button("Find my last answer again", elem_id="find-again", visible="hidden")
    returned = back.click(
        find_again, [visitor], [given[0], *shown], js=NUMBER,
        show_progress="hidden", concurrency_limit=4, api_visibility="private",
    )  # fmt: skip
    stop.click(spool.stop, [visitor], None, cancels=[begun, returned], js=NUMBER, queue=False, api_visibility="private")


def _navigate(
    lab: Lab, text: str, asked: Asked, *, use_model: bool, second: bool, cancel: Cancel | None = None
) -> Iterator[tuple[Any, ...]]:
    """Gates first and at once; then the prose, sentence by sentence; last the trace, and where it was kept."""
    kit = default_kit(chosen_screen(None if second else "off"))
    steps = navigate(text, kit, lab.writer.voice if use_model else None, asked, lab.data, cancel)
    quiet = (gr.skip(),) * JUDGED
    try:
        state = next(steps)
    except LabError as refused:
        yield _refused(refused)
        return
    assert isinstance(state, PipelineState)
    own, gates = answer.own_words(state), answer.gates(state)
    hidden = (None, gr.Row(visible=False), "")
    yield answer.chips(state), answer.prose("", note="writing …"), citations.told(state), own, "", gates, "", *hidden
    words = ""
    for step in steps:
        match step:
            case Shown(piece):
                words += piece
                yield (gr.skip(), answer.prose(words, note="writing …"), *(gr.skip(),) * 5, *quiet)
            case Withdrawn():
                words = ""
            case Turn():
                yield _finished(step, kit, _model_notice(lab) if use_model else ())


def _refused(why: LabError) -> tuple[Any, ...]:
    told = pieces.panel("Nothing was run", Html(text_of(str(why))))
    return Html(""), told, "", "", "", "", "", *(gr.skip(),) * JUDGED


def _finished(turn: Turn, kit: Kit, model: tuple[Notice, ...]) -> tuple[Any, ...]:
    """The whole screen once all is written and kept."""
    last = replace(turn.state, notices=(*turn.state.notices, *model))
    words = last.interpretation.text if last.interpretation else ""
    shown = answer.prose(words, last)
    why = answer.why(last, what_would_change(last, kit))
    judged = (turn.episode, gr.Row(visible=turn.episode is not None), "")
    return gr.skip(), shown, citations.told(last), gr.skip(), why, gr.skip(), answer.kept(turn), *judged


def _model_notice(lab: Lab) -> tuple[Notice, ...]:
    failure = lab.writer.failure()
    return (Notice("MODEL", f"{failure} The text composed by the engine itself stands in."),) if failure else ()


def _feedback(lab: Lab) -> tuple[Any, ...]:
    """What a person says of the decision; it is kept with the episode and changes nothing that was decided."""
    episode = gr.State(None)
    with gr.Row(visible=False, elem_classes="off-paper") as row:
        reason = gr.Textbox(label="What do you think of this decision? (a reason, if you like)", scale=3, min_width=280)
        buttons = [gr.Button(verdict.capitalize(), size="sm", scale=1, min_width=90) for verdict in VERDICTS]
    said = gr.HTML()

    def judge(verdict: Verdict, episode: int | None, reason: str) -> Html:
        if episode is None:
            raise UsageError("This run was not kept, so there is nothing to speak of.")
        with closing(open_rw("memory", lab.data)) as connection:
            give_feedback(connection, episode, verdict, reason, now_ms())
        return el("p", f"Kept with episode {episode}: {verdict}.", role="status")

    for verdict, button in zip(VERDICTS, buttons, strict=True):
        button.click(
            partial(judge, verdict), [episode, reason], [said], queue=False, show_progress="hidden",
            api_visibility="private",
        )  # fmt: skip
    return episode, row, said


def _asked(lab: Lab, text: str, attached: str | None, *, drawn: bool, web: bool, private: bool, session: str) -> Asked:
    """What the run is given: the attached file, passages of stored documents, and the web if it was asked for."""
    live = documents.live([Path(attached)] if attached else [], lab.data)
    stored = documents.stored_for(text, lab.data) if drawn else documents.Given()
    found = web_search.for_text(text, folder=lab.data, store=not private) if web else web_search.Found("")
    context = NavigationContext(
        document_passages=live.materials + stored.materials, web_results=found.materials, locale=chosen(lab.data)
    )
    notices = (*live.notices, *stored.notices, *found.notices)
    return Asked((session or "").strip(), store=not private, context=context, notices=notices)


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
