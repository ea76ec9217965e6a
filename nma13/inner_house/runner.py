"""The work of one session: three rounds, classification, resolution. Every word goes into the store at once, and
it goes on where an earlier process was cut off."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from nma13.clock import now_ms
from nma13.deliberation import Answer, Block, Case, Output, Programme, arbitrate, deliberate, load_programme
from nma13.deliberation.prompts import shared_part
from nma13.errors import LabError
from nma13.inner_house import sessions, speech, terrain
from nma13.inner_house.sessions import Session
from nma13.llm import Cancel, Message, Model, Request
from nma13.state import PipelineState
from nma13.store import open_rw
from nma13.terms import FrictionType

WORDS = Path(__file__).with_name("house.toml")
LOCK = "inner_house"
TIMEOUT_S = 600.0
BEAT_S = 0.5
FLUSH_S = 0.3
EAGER = 12  # pieces of a round that are written at once, so that its first words are on the screen as they come
READS_AHEAD = ("llamacpp", "mlx")  # these keep what they have read; a server elsewhere is not asked without a problem
GRAVITY = {FrictionType.IRREDUCIBLE.value: 1, FrictionType.TRAGIC_FORK.value: 2}
UNREADABLE = (
    "The stations have spoken, and the friction between them could not be classified. So nothing is resolved here: "
    "their own words above are what there is."
)


@dataclass(slots=True)
class Watch:
    """A thread that beats, heeds a cancel from anywhere, and ends the work when its time is over."""

    session: str
    folder: Path
    timeout_s: float
    cancel: Cancel = field(default_factory=Cancel)
    late: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        threading.Thread(target=self._live, name="inner-house-watch", daemon=True).start()

    def end(self) -> None:
        self._over.set()

    def _live(self) -> None:
        began, connection = time.monotonic(), open_rw("memory", self.folder)
        with closing(connection):
            while not self._over.wait(BEAT_S):
                self.late = time.monotonic() - began > self.timeout_s
                if self.late or not self._beat(connection):
                    self.cancel.cancel()
                    return

    def _beat(self, connection: sqlite3.Connection) -> bool:
        """False when the session is no longer under way: somebody has cancelled or forgotten it."""
        try:
            found = connection.execute(
                "UPDATE inner_house_sessions SET beat_ms = ? WHERE session_id = ?"
                " AND status IN ('starting', 'running')",
                (now_ms(), self.session),
            )
        except sqlite3.OperationalError as error:  # busy for longer than the timeout: the next beat tries again
            print(f"inner house: the heartbeat was not written: {error}", file=sys.stderr)
            return True
        return found.rowcount == 1


def warm(model: Model) -> None:
    """Have the model read the rules that every prompt of a session begins with, before there is a problem."""
    if model.describe().backend in READS_AHEAD:
        rules = Message("system", load_programme(WORDS).rules)
        model.generate([Request((rules, Message("user", "…")), max_tokens=1)])


def run(session_id: str, folder: Path, model: Model, watch: Watch, state: PipelineState) -> None:
    """From where the session stands to its resolution; `state` is what the gates have decided on its problem."""
    with closing(open_rw("memory", folder)) as connection:
        session = _read(connection, session_id)
        if session.problem is None:
            raise LabError("The words of this session were forgotten, so it cannot go on.")
        words = load_programme(WORDS)
        case = case_of(session, state)
        for count in range(1, len(words.rounds) + 1):
            if not sessions.advance(connection, session_id, words.rounds[count - 1].name):
                return
            so_far = replace(words, rounds=words.rounds[:count])
            if not _round(connection, session_id, so_far, case, state, model, watch):
                return
        if not sessions.advance(connection, session_id, "BOF"):
            return
        _conclude(connection, session_id, words, case, state, model, watch, folder)


def case_of(session: Session, state: PipelineState) -> Case:
    """The problem with everything that stands beside it: terrain, premises, and whether it is already decided."""
    blocks = [terrain.block(session.terrain)]
    if state.step0 and state.step0.flags:
        lines = tuple(f"- «{flag.span.text}»" for flag in state.step0.flags)
        blocks.append(Block("UNVERIFIED PREMISES in the problem (nothing here shows that they are true):", lines))
    if asked := session.notes.get("precommitted"):
        heading = "ALREADY DECIDED: the person asks to be confirmed. Do not validate and do not condemn. Their words:"
        blocks.append(Block(heading, tuple(f"- «{words}»" for words in asked)))
    heading = f"PROBLEM ({session.scenario_type})"
    given = tuple(one for one in blocks if one is not None)
    return Case(heading, session.problem or "", session.seed, context=given)


def _round(
    connection: sqlite3.Connection, session_id: str, words: Programme, case: Case, state: PipelineState,
    model: Model, watch: Watch,
) -> bool:  # fmt: skip
    """One round, its words stored as they come; what was said before goes on as it passed the audit."""
    contract = speech.station_contract(state)
    speakers: dict[tuple[str, str], speech.Speaker] = {}
    flushed, heard = 0.0, 0

    def speaker(round_: str, station: str) -> speech.Speaker:
        return speakers.setdefault((round_, station), speech.Speaker(round_, station, state, contract))

    def hear(round_: str, station: str, piece: str) -> None:
        nonlocal flushed, heard
        heard += 1
        speaker(round_, station).hear(piece)
        if heard > EAGER and time.monotonic() - flushed < FLUSH_S:
            return
        words = [one.so_far() for one in speakers.values()]
        if any(one.text for one in words):  # half a first word is nothing to show, and must not hold the whole one up
            sessions.write_words(connection, session_id, words, now_ms())
            flushed = time.monotonic()

    def keep(output: Output) -> None:
        flags = ({"text": v.span.text, "reason": v.reason, "flag": str(v.fault)} for v in output.checked.violations)
        whole = speaker(output.round, output.station).whole(output.text, flags)
        del speakers[output.round, output.station]
        sessions.write_words(connection, session_id, [whole], now_ms(), output.completion_tokens)

    said = _read(connection, session_id).said()
    return deliberate(words, case, model, keep, said=said, cancel=watch.cancel, hear=hear).complete


def _conclude(
    connection: sqlite3.Connection, session_id: str, words: Programme, case: Case, state: PipelineState,
    model: Model, watch: Watch, folder: Path,
) -> None:  # fmt: skip
    """Classify first; then resolve, with the type fixed. Last what the loops say on the same type."""
    session = _read(connection, session_id)
    said = session.said()
    bof = arbitrate(words, case, said, model, words.question("bof"), cancel=watch.cancel)
    if bof.status == "cancelled":
        return
    friction, floored = _friction(bof, state)
    notes = dict(session.notes)
    if floored:
        notes["friction_floor"] = f"the gates had found {friction}, which the stations' classification may not lower"
    if bof.status == "parse_error":
        notes["bof"] = bof.why
    text, source, repairs = _resolve(words, case, session, friction, bof, state, model, watch)
    if watch.cancel.cancelled:
        return
    notes["resolution"] = {"source": source, "repairs": list(repairs)}
    sessions.change(connection, session_id, gates=json.dumps(notes, ensure_ascii=True))
    sessions.end(
        connection, session_id, "done", now_ms(),
        friction_type=friction, friction_source=bof.values.get("friction_source"),
        lead_station=bof.values.get("lead_station"), bof_status=bof.status, resolution=text,
        loop_context=_loop_context(session, folder),
    )  # fmt: skip


def _friction(bof: Answer, state: PipelineState) -> tuple[str | None, bool]:
    """The classified type; what the gates know to be irreducible or tragic is never made less."""
    named, gates = bof.values.get("friction_type"), state.friction.value
    if GRAVITY.get(gates, 0) > GRAVITY.get(str(named), 0):
        return gates, True
    return named, False


def _resolve(
    words: Programme, case: Case, session: Session, friction: str | None, bof: Answer, state: PipelineState,
    model: Model, watch: Watch,
) -> tuple[str, str, tuple[str, ...]]:  # fmt: skip
    if friction is None:
        return UNREADABLE, "fixed", ()
    if friction == FrictionType.TRAGIC_FORK:
        return speech.tragic_fork(*_losses(words, case, session, model, watch)), "fixed", ()
    places = {
        "friction_type": friction,
        "lead_station": str(bof.values.get("lead_station", state.lead)),
        "friction_source": str(bof.values.get("friction_source", "what the stations said")),
    }
    question = words.question("resolve")
    answer = arbitrate(words, case, session.said(), model, question, places=places, cancel=watch.cancel)
    return speech.resolved(answer.text, state)


def _losses(words: Programme, case: Case, session: Session, model: Model, watch: Watch) -> tuple[str, str]:
    """Two sentences of round 3, chosen by the model and written by the stations."""
    left = list(speech.losses(session.words))
    chosen = []
    for which in ("first", "second"):
        if not left or watch.cancel.cancelled:
            chosen.append("")
            continue
        question = words.question("loss")
        task = question.task.format_map({"which": which}) + "\n" + "\n".join(left)
        request = Request(
            (shared_part(words, case, session.said(), question.sees), Message("user", task)), question.tokens
        )
        found = model.choose(request, left, watch.cancel).option
        chosen.append(found)
        left.remove(found)
    return chosen[0], chosen[1]


def _loop_context(session: Session, folder: Path) -> str:
    try:
        return terrain.loop_context(session.scenario_type or terrain.FALLBACK, folder)
    except LabError as error:
        return f"What the loops have been surfacing could not be read. {error}"


def _read(connection: sqlite3.Connection, session_id: str) -> Session:
    session = sessions.read(connection, session_id)
    if session is None:
        raise LabError(f"There is no Inner House session «{session_id}».")
    return session
