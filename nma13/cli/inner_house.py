"""`inner-house`: one problem before the seven stations; their words as they are written, then the resolution."""

from __future__ import annotations

import json
import sys
from contextlib import closing

from nma13 import locale, texts
from nma13.cli.options import data_from, given_text, parser_of
from nma13.cli.render import printable
from nma13.config import data_dir
from nma13.context import NavigationContext
from nma13.errors import UsageError
from nma13.inner_house import (
    Asked,
    Declined,
    Session,
    Started,
    Words,
    cancel,
    look,
    prepare,
    recent,
    resume,
    start,
    wait,
)
from nma13.inner_house.runner import TIMEOUT_S
from nma13.jsonio import to_plain
from nma13.state import summary
from nma13.store import open_ro
from nma13.store.errors import MissingDatabaseError


def main(arguments: list[str]) -> int:
    parser = parser_of("inner-house", __doc__)
    parser.add_argument("problem", nargs="?", help="the problem, in your own words; - or nothing reads standard input")
    parser.add_argument("--json", action="store_true", help="print the whole session as one JSON object at the end")
    parser.add_argument("--no-terrain", action="store_true", help="give the stations nothing from the loops")
    parser.add_argument("--model", help="which model writes; see ./lab model")
    parser.add_argument("--seed", type=int, help="for doing it again: the same seed, model and data, the same words")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="S", help="default %(default)g seconds")
    parser.add_argument("--resume", metavar="SESSION", help="go on with a session that was cut off")
    parser.add_argument("--show", metavar="SESSION", help="print a session of before")
    parser.add_argument("--list", action="store_true", help="the newest sessions")
    chosen = parser.parse_args(arguments)
    data_from(chosen)
    if chosen.list:
        return _list()
    if chosen.show:
        return _finish(look(chosen.show), chosen.json, told=False)
    if chosen.timeout <= 0:
        raise UsageError(f"--timeout {chosen.timeout:g}: seconds, so more than 0.")
    if chosen.resume:
        return _began(resume(chosen.resume, timeout_s=chosen.timeout), chosen.json)
    problem = given_text(chosen.problem)
    prepare(chosen.model)  # it loads while the gates read
    asked = Asked(
        terrain=not chosen.no_terrain, model=chosen.model, seed=chosen.seed, timeout_s=chosen.timeout,
        context=NavigationContext(locale=locale.chosen(data_dir())),
    )  # fmt: skip
    return _began(start(problem, asked), chosen.json)


def _began(begun: Started | Declined, as_json: bool) -> int:
    if isinstance(begun, Started):
        return _follow(begun.session, as_json)
    if as_json:
        words = {"session": None, "status": "declined", "resolution": begun.words, "summary": summary(begun.state)}
        print(json.dumps({**words, "state": to_plain(begun.state)}))
    else:
        print(begun.words)
        print("No deliberation was started, and nothing was stored.", file=sys.stderr)
    return 0


def _follow(session_id: str, as_json: bool) -> int:
    """Until it is over; Ctrl-C cancels the session, not only the looking."""
    print(f"Session {session_id}. Ctrl-C cancels it.", file=sys.stderr, flush=True)
    teller = _Teller()
    try:
        return _finish(wait(session_id, tell=lambda s: None if as_json else teller.tell(s), every=0.2), as_json)
    except KeyboardInterrupt:
        cancel(session_id)
        print(f"Cancelled. What was finished is kept: ./lab inner-house --show {session_id}", file=sys.stderr)
        return 130


class _Teller:
    """Prints one station as it writes; the others write meanwhile and are told when it has ended."""

    def __init__(self) -> None:
        self._opened = False
        self._told: set[tuple[str, str]] = set()
        self._speaking: tuple[str, str] | None = None
        self._shown = ""

    def tell(self, session: Session) -> None:
        if not self._opened:
            _open(session)
            self._opened = True
        for one in session.words:
            who = one.round, one.station
            if who in self._told or self._speaking not in (None, who):
                continue
            self._say(one)
            if not one.done:
                break
            print(flush=True)
            self._told.add(who)
            self._speaking = None
        if self._speaking and not session.under_way:
            print(flush=True)

    def _say(self, one: Words) -> None:
        if self._speaking is None:
            print(f"{_name(one)}: ", end="")
            self._speaking, self._shown = (one.round, one.station), ""
        text = printable(_shown(one.text) if one.done else one.text)
        if not text.startswith(self._shown):  # a sentence that had begun well did not pass the audit
            print(f"\n[taken back]\n{_name(one)}: ", end="")
            self._shown = ""
        print(text[len(self._shown) :], end="", flush=True)
        self._shown = text


def _name(one: Words) -> str:
    return f"{one.round} {one.station} {texts.station(one.station, 'name')}"


def _open(session: Session) -> None:
    notes = session.notes
    print(f"{session.scenario_type}: {notes.get('scenario_why', '')}", file=sys.stderr)
    print(notes.get("terrain", ""), file=sys.stderr)
    if notes.get("precommitted"):
        asked = ", ".join(f"«{words}»" for words in notes["precommitted"])
        print(f"This asks to be confirmed ({asked}); the house does not confirm.", file=sys.stderr)


def _finish(session: Session, as_json: bool, *, told: bool = True) -> int:
    if as_json:
        print(json.dumps(session.to_dict()))
    else:
        if not told:
            for one in session.words:
                print(f"{_name(one)}: {printable(_shown(one.text))}")
        if session.resolution:
            print(f"\n{session.friction_type or 'NOT CLASSIFIED'} · lead {session.lead_station or 'unknown'}")
            print(session.resolution)
        if session.loop_context:
            print(f"\nWhat the loops have been surfacing on {session.scenario_type}:\n{session.loop_context}")
        if session.error:
            print(session.error, file=sys.stderr)
    return {"done": 0, "cancelled": 130}.get(session.status, 1)


def _list() -> int:
    try:
        with closing(open_ro("memory")) as connection:
            sessions = recent(connection)
    except MissingDatabaseError:
        sessions = []
    for session in sessions:
        words = " ".join((session.problem or "(forgotten)").split())[:60]
        print(f"{session.id}  {session.status:<9}  {session.friction_type or '':<12}  {words}")
    if not sessions:
        print('No session yet. ./lab inner-house "your problem" begins one.')
    return 0


def _shown(text: str) -> str:
    return text or "(withheld: it did not pass the audit)"
