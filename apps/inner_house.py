"""Inner House: seven stations, three rounds, one real problem; the words as they are written."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from apps import answer, deliberation, glyphs, pieces
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from apps.registry import QUIET
from nma13.context import NavigationContext
from nma13.errors import LabError
from nma13.inner_house import Asked, Declined, Session, cancel, decide, look, prepare, recent, resume, start
from nma13.locale import chosen
from nma13.store import open_ro
from nma13.store.errors import MissingDatabaseError

LOOK_EVERY_S = 0.5  # only while a session is under way
WARMING = "I want to paint the fence this weekend."  # reads the gates' rules and the screen in; kept nowhere
PARTS = 6  # of a board
TO_ADDRESS = """(id) => { const url = new URL(location.href);
  if (id) url.searchParams.set("session", id); else url.searchParams.delete("session");
  history.replaceState(history.state, "", url); }"""


@dataclass(frozen=True, slots=True)
class Board:
    """The components that show one session and steer it; `current` holds its id, `seen` what is drawn."""

    current: Any
    seen: Any
    screen: Any
    stop: Any
    go_on: Any
    clock: Any

    @property
    def parts(self) -> list[Any]:
        return [self.current, self.seen, self.screen, self.stop, self.go_on, self.clock]


def build(lab: Lab) -> None:
    """A problem, the board, and the sessions of before."""
    with gr.Row(elem_classes="off-paper"):
        with gr.Column(scale=3, min_width=300):
            problem = gr.Textbox(
                label="The problem", lines=5, max_lines=16, placeholder="As it is, in your own words. It is stored."
            )
        with gr.Column(scale=2, min_width=260):
            terrain = gr.Checkbox(label="Give the stations what the loops have found", value=True)
            begin = gr.Button("Begin", variant="primary")
            sessions = gr.Dropdown(_sessions(lab), value=None, label="Sessions of before")
    board = make_board(lab, _empty())
    paper = gr.Button("Print, or save as PDF", size="sm", elem_classes=["quiet", "to-paper"])
    paper.click(None, None, None, js="() => window.labPrint()", api_visibility="private")

    def begun(problem: str, terrain: bool) -> tuple[Any, ...]:
        return *convene(lab, problem, terrain=terrain), gr.Dropdown(_sessions(lab), value=None)

    def opened(session: str | None) -> tuple[Any, ...]:
        return shown(lab, session) if session else nothing_new()

    def arrived(request: gr.Request) -> tuple[Any, ...]:
        asked_for = request.query_params.get("session", "")
        here = shown(lab, asked_for) if asked_for else nothing_new()
        return *here, gr.Dropdown(_sessions(lab))

    to_address: dict[str, Any] = {"fn": None, "inputs": [board.current], "js": TO_ADDRESS, "api_visibility": "private"}
    begin.click(
        begun, [problem, terrain], [*board.parts, sessions], show_progress="hidden", api_visibility="private"
    ).then(**to_address)
    problem.focus(lambda: make_ready(lab), None, None, **QUIET)
    sessions.input(opened, [sessions], board.parts, **QUIET).then(**to_address)
    gr.context.Context.root_block.load(arrived, None, [*board.parts, sessions], **QUIET)


def make_board(lab: Lab, before: Html) -> Board:
    """The place of one session with its buttons and its timer; also Auto-Govern shows one."""
    current, seen = gr.Textbox(visible=False), gr.State("")  # a State's value never reaches the address bar's script
    with gr.Row(elem_classes="off-paper"):
        stop = gr.Button("Cancel", visible=False, min_width=120)
        go_on = gr.Button("Go on from there", visible=False, min_width=120)
    board = Board(current, seen, gr.HTML(before), stop, go_on, gr.Timer(LOOK_EVERY_S, active=False))

    def tick(session: str, seen: str) -> tuple[Any, ...]:
        return shown(lab, session, seen) if session else nothing_new()

    def cancelled(session: str) -> tuple[Any, ...]:
        cancel(session, lab.data)
        return shown(lab, session)

    def resumed(session: str) -> tuple[Any, ...]:
        again = resume(session, lab.data)
        return _declined(again) if isinstance(again, Declined) else shown(lab, session)

    board.clock.tick(tick, [current, seen], board.parts, **QUIET)
    stop.click(cancelled, [current], board.parts, **QUIET)
    go_on.click(resumed, [current], board.parts, **QUIET)
    return board


def make_ready(lab: Lab) -> None:
    """Somebody begins to write: meanwhile a process loads the model, and this one reads what its gates need."""
    with suppress(LabError):  # whatever is wrong is told to somebody who begins
        prepare(lab.writer.wish, lab.data)
        decide(WARMING)


def convene(lab: Lab, problem: str, *, terrain: bool = True) -> tuple[Any, ...]:
    """Begin a deliberation, or say why there is none; values for `Board.parts`."""
    try:
        context = NavigationContext(locale=chosen(lab.data))
        begun = start(problem or "", Asked(terrain=terrain, model=lab.writer.wish, context=context), lab.data)
    except LabError as refused:
        return _instead(pieces.panel("No deliberation was started", el("p", str(refused))))
    return _declined(begun) if isinstance(begun, Declined) else shown(lab, begun.session)


def shown(lab: Lab, session_id: str, seen: str = "") -> tuple[Any, ...]:
    """Values for `Board.parts`; nothing is drawn anew while nothing moves. A dead runner is found here."""
    try:
        session = look(session_id, lab.data)
    except LabError as error:
        return _instead(pieces.panel("This session cannot be shown", el("p", str(error))))
    now = deliberation.stamp(session)
    if now == seen:
        return nothing_new()
    buttons = gr.Button(visible=session.under_way), gr.Button(visible=_can_go_on(session))
    return session.id, now, deliberation.screen(session), *buttons, gr.Timer(active=session.under_way)


def nothing_new() -> tuple[Any, ...]:
    """Values for `Board.parts` that leave all as it is."""
    return (gr.skip(),) * PARTS


def cleared() -> tuple[Any, ...]:
    """Values for `Board.parts` with no session on it."""
    return _instead(Html(""))


def _can_go_on(session: Session) -> bool:
    return session.status in ("failed", "timeout", "cancelled") and session.problem is not None


def _declined(instead: Declined) -> tuple[Any, ...]:
    told = el("p", "No deliberation was started, and nothing was stored.", class_="source")
    return _instead(el("div", answer.chips(instead.state), answer.prose(instead.words, instead.state), told))


def _instead(words: Html) -> tuple[Any, ...]:
    return "", "", words, gr.Button(visible=False), gr.Button(visible=False), gr.Timer(active=False)


def _sessions(lab: Lab) -> list[tuple[str, str]]:
    try:
        with closing(open_ro("memory", lab.data)) as reader:
            return deliberation.choices(recent(reader))
    except MissingDatabaseError:
        return []


def _empty() -> Html:
    return pieces.empty_state(
        glyphs.house(),
        "Seven voices on one problem",
        "Seven stations look at one problem of yours: each alone, then against each other, then again. What they "
        "cannot settle is carried, not smoothed over. They run in a process of their own, so you may leave this page "
        "and come back; its address leads to the session.",
        [
            "One problem that matters to you, in your own words.",
            "A language model on this machine, and some minutes of it: at most ten.",
            "Nothing else: what the research loops have found is given to the stations where there is any.",
        ],
    )
