"""Inner House: a problem before seven stations, read along while they speak. The page may be left and found again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from apps import deliberated
from apps.gradio_setup import gr
from apps.html import Html
from apps.lab import Lab
from nma13.errors import LabError
from nma13.inner_house import Asked, Declined, Session, cancel, look, recent, resume, start
from nma13.store import open_ro
from nma13.store.errors import MissingDatabaseError

LOOK_EVERY_S = 1.0
QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
REMEMBER = """(id) => { if (!id) return; const at = new URL(location.href);
  at.searchParams.set("tab", "inner-house"); at.searchParams.set("session", id); history.replaceState(null, "", at); }"""


def build(lab: Lab) -> None:
    """A box for the problem, the board beneath it, the sessions of before."""
    session, shown = gr.State(""), gr.State("")
    with gr.Column(elem_classes="asking"):
        problem = gr.Textbox(label="What is the problem?", lines=5, max_lines=16, placeholder="In your own words.")
        terrain = gr.Checkbox(label="Give the stations what the loops have found on this kind of problem", value=True)
        with gr.Row():
            go = gr.Button("Deliberate", variant="primary")
            stop = gr.Button("Cancel the deliberation")
            again = gr.Button("Go on where it stopped")
            paper = gr.Button("Print or save as PDF")
        earlier = gr.Dropdown([], label="Sessions of before", value=None, interactive=True)
    place = gr.HTML(deliberated.waiting())

    def begin(problem: str, terrain: bool) -> Any:
        model = lab.writer.spec if lab.writer.use_model else "none"
        found = start(problem or "", Asked(terrain=terrain, model=model), lab.data)
        if isinstance(found, Declined):
            return "", "declined", deliberated.declined(found.words), gr.skip()
        return found.session, "", *_look(lab.data, found.session)[1:], _listed(lab.data)

    def go_on(session: str) -> Any:
        if session:
            resume(session, lab.data)
        return _look(lab.data, session)

    def end(session: str) -> Any:
        if session:
            cancel(session, lab.data)
        return _look(lab.data, session)

    def tick(session: str, shown: str) -> Any:
        if not session:
            return gr.skip(), gr.skip()
        stamp, html = _look(lab.data, session)
        return (gr.skip(), gr.skip()) if stamp == shown else (stamp, html)

    def arrive(request: gr.Request) -> Any:
        asked = request.query_params.get("session") or _under_way(lab.data)
        stamp, html = _look(lab.data, asked)
        return asked, stamp, html, _listed(lab.data)

    def choose(chosen: str | None) -> Any:
        return (chosen, *_look(lab.data, chosen)) if chosen else (gr.skip(),) * 3

    begun = go.click(begin, [problem, terrain], [session, shown, place, earlier], **QUIET)
    begun.then(None, [session], None, js=REMEMBER, **QUIET)
    stop.click(end, [session], [shown, place], **QUIET)
    again.click(go_on, [session], [shown, place], **QUIET)
    paper.click(None, None, None, js="() => window.print()", **QUIET)
    earlier.input(choose, [earlier], [session, shown, place], **QUIET).then(None, [session], None, js=REMEMBER, **QUIET)
    gr.Timer(LOOK_EVERY_S).tick(tick, [session, shown], [shown, place], **QUIET)
    gr.context.Context.root_block.load(arrive, None, [session, shown, place, earlier], **QUIET)


def _look(folder: Path, session: str) -> tuple[str, Html]:
    """What is shown, and a stamp that changes with it."""
    if not session:
        return "", deliberated.waiting()
    try:
        found = look(session, folder)
    except LabError as error:
        return "missing", deliberated.declined(str(error))
    html = deliberated.screen(found)
    return f"{found.id}:{hash(html)}", html


def _sessions(folder: Path) -> list[Session]:
    try:
        with closing(open_ro("memory", folder)) as connection:
            return recent(connection)
    except MissingDatabaseError:
        return []


def _listed(folder: Path) -> Any:
    return gr.Dropdown([(deliberated.label(one), one.id) for one in _sessions(folder)])


def _under_way(folder: Path) -> str:
    """What a phone that left in the middle comes back to: the newest session, while it is going or just over."""
    newest = _sessions(folder)[:1]
    return newest[0].id if newest else ""
