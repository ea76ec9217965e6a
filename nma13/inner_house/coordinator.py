"""Starts, watches, cancels and resumes sessions. Any page, the command line and the API call this and nothing else."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nma13.clock import now_ms
from nma13.config import data_dir
from nma13.context import EMPTY_CONTEXT, NavigationContext
from nma13.errors import LabError, UsageError
from nma13.inner_house import process, sessions, terrain
from nma13.inner_house.runner import LOCK, TIMEOUT_S
from nma13.inner_house.sessions import Session
from nma13.inner_house.speech import precommitted
from nma13.interpreter import fixed_text
from nma13.jsonio import from_plain, to_plain
from nma13.kit import default_kit
from nma13.llm import explain_choice
from nma13.pipeline import run as run_gates
from nma13.semantic import chosen_screen
from nma13.state import PipelineState, summary
from nma13.store import open_ro, open_rw
from nma13.store.errors import AlreadyRunningError, MissingDatabaseError
from nma13.store.lock import read_holder
from nma13.terms import RedFlag

SIGNS_WITHIN_MS = 4_000
GIVES_BACK_S = 10.0
STARTS_WITHIN_MS = 60_000  # a busy machine takes long to import what a runner needs


@dataclass(frozen=True, slots=True)
class Asked:
    """How a problem is to be deliberated."""

    terrain: bool = True
    model: str | None = None
    seed: int | None = None
    timeout_s: float = TIMEOUT_S
    context: NavigationContext = field(default_factory=NavigationContext)


@dataclass(frozen=True, slots=True)
class Started:
    """A deliberation is under way."""

    session: str
    state: PipelineState


@dataclass(frozen=True, slots=True)
class Declined:
    """No deliberation was started, and nothing was stored: what stands in its place."""

    words: str
    state: PipelineState


def prepare(model: str | None = None, folder: Path | None = None) -> None:
    """Have a process load the model while the problem is still being written. Nothing is begun and nothing stored."""
    folder, choice = folder or data_dir(), explain_choice(model)
    if choice.backend != "none" and read_holder(folder / f"{LOCK}.lock") is None:
        process.stand_ready(choice.spec, folder)


def decide(problem: str, context: NavigationContext = EMPTY_CONTEXT) -> PipelineState:
    """All gates, as at every door."""
    return run_gates(problem, context, default_kit(chosen_screen(None)))


def start(problem: str, asked: Asked = Asked(), folder: Path | None = None) -> Started | Declined:
    """The gates first, then the terrain, then a process for the stations. Returns when that process is started."""
    folder = folder or data_dir()
    state = decide(problem, asked.context)
    if _no_deliberation(state):
        return Declined(fixed_text(state), state)
    choice = explain_choice(asked.model)
    if choice.backend == "none":
        raise UsageError(
            f"The Inner House needs a language model, and none is to run here ({choice.why}). Nothing was started. "
            "Name one with --model (./lab model shows which there are), or ask in Navigate, which needs none."
        )
    _refuse_second(folder)
    found = terrain.survey(state, folder, asked.terrain)
    now, session_id = now_ms(), secrets.token_hex(6)
    session = Session(
        id=session_id, problem=problem, scenario_type=found.scenario_type, with_terrain=asked.terrain,
        status="starting", round=None, pid=None,
        seed=secrets.randbelow(2**31) if asked.seed is None else asked.seed,
        model=choice.spec, notes=notes_for(state, found), friction_type=None, friction_source=None,
        lead_station=None, bof_status=None, resolution=None, loop_context=None, error=None, created_ms=now,
        beat_ms=now, finished_ms=None, terrain=found.grounds,
    )  # fmt: skip
    with closing(open_rw("memory", folder)) as connection:
        sessions.create(connection, session)
    _spawn(session_id, choice.spec, folder, asked.timeout_s, state)
    return Started(session_id, state)


def notes_for(state: PipelineState, found: terrain.Terrain) -> dict[str, Any]:
    """What the session says aloud beside its words, and what the gates were given beside the problem."""
    return {
        "summary": summary(state),
        "scenario_why": found.why,
        "terrain": found.notice,
        "precommitted": list(precommitted(state.text)),
        "context": to_plain(state.context),
    }


def resume(session_id: str, folder: Path | None = None, timeout_s: float = TIMEOUT_S) -> Started | Declined:
    """Go on with a session that was cut off, at its next missing output. The gates are asked again, as always."""
    folder = folder or data_dir()
    session = look(session_id, folder)
    if session.under_way:
        raise UsageError("This session is under way already.")
    if session.status == "done":
        raise UsageError("This session is finished; there is nothing left to say.")
    if session.problem is None:
        raise UsageError("The words of this session were forgotten, so it cannot go on.")
    given = session.notes.get("context")
    state = decide(session.problem, from_plain(NavigationContext, given) if given else EMPTY_CONTEXT)
    if _no_deliberation(state):
        return Declined(fixed_text(state), state)
    _refuse_second(folder)
    with closing(open_rw("memory", folder)) as connection:
        sessions.change(
            connection, session_id, status="starting", pid=None, beat_ms=now_ms(), error=None, finished_ms=None
        )
    _spawn(session_id, session.model, folder, timeout_s, state)
    return Started(session_id, state)


def cancel(session_id: str, folder: Path | None = None) -> bool:
    """End a session now; its runner hears of it within half a second. False when it was over already."""
    with closing(open_rw("memory", folder or data_dir())) as connection:
        return sessions.end(
            connection, session_id, "cancelled", now_ms(), "Cancelled. What the stations had finished is kept."
        )


def look(session_id: str, folder: Path | None = None) -> Session:
    """A session as it stands. One whose runner has died is found dead here, whoever started it."""
    folder = folder or data_dir()
    with closing(open_ro("memory", folder)) as reader:
        session = sessions.read(reader, session_id)
    if session is None:
        raise UsageError(
            f"There is no Inner House session «{session_id}». The Inner House and ./lab inner-house --list show all."
        )
    if session.under_way and _is_dead(session, folder):
        _bury(session_id, folder, "")
        return look(session_id, folder)
    return session


def wait(
    session_id: str, folder: Path | None = None, tell: Callable[[Session], None] = lambda _s: None, every: float = 0.5
) -> Session:
    """Look until it is over."""
    while True:
        session = look(session_id, folder)
        tell(session)
        if not session.under_way:
            return session
        time.sleep(every)


def _refuse_second(folder: Path) -> None:
    """One deliberation at a time: two would each load a model and both be slow. One that is over may still be giving
    its model back, which takes a moment; that is waited for."""
    give_up = time.monotonic() + GIVES_BACK_S
    while read_holder(folder / f"{LOCK}.lock") is not None:
        if time.monotonic() > give_up or _any_under_way(folder):
            raise AlreadyRunningError(
                "A deliberation is already under way here. Nothing was started. Wait for it, or cancel it first."
            )
        time.sleep(0.1)


def _any_under_way(folder: Path) -> bool:
    try:
        with closing(open_ro("memory", folder)) as reader:
            return sessions.any_under_way(reader)
    except MissingDatabaseError:
        return False


def _no_deliberation(state: PipelineState) -> bool:
    return state.halted or RedFlag.CRISIS in state.red_flags


def _spawn(session_id: str, spec: str, folder: Path, timeout_s: float, state: PipelineState) -> None:
    """Give the session to the process that stands ready, or to a fresh one."""

    def ended(how: str) -> None:
        _bury(session_id, folder, how)

    try:
        runner = process.take(spec, folder)
        _name_process(session_id, folder, runner.pid)  # known before the runner can say so itself
        if not runner.give(session_id, state, timeout_s, ended):
            runner = process.take(spec, folder)
            _name_process(session_id, folder, runner.pid)
            runner.give(session_id, state, timeout_s, ended)
    except LabError as error:
        _bury(session_id, folder, str(error))
        raise


def _name_process(session_id: str, folder: Path, pid: int) -> None:
    with closing(open_rw("memory", folder)) as connection:
        sessions.change(connection, session_id, pid=pid)


def _bury(session_id: str, folder: Path, how: str) -> None:
    """Mark a session failed if it is still under way; one that has ended is not touched."""
    with closing(open_rw("memory", folder)) as connection:
        told = f" ({how})" if how else ""
        sessions.end(
            connection, session_id, "failed", now_ms(),
            f"The process of this deliberation ended before its time{told}. What the stations had finished is kept; "
            "it can go on from there.",
        )  # fmt: skip


def _is_dead(session: Session, folder: Path) -> bool:
    """The runner holds a lock that the kernel frees with its death. Until it has it, its process must be there."""
    holder = read_holder(folder / f"{LOCK}.lock")
    if holder is not None and (session.pid is None or holder.get("pid") == session.pid):
        return False
    silent_ms = now_ms() - session.beat_ms
    if session.status == "starting" and session.pid is not None and _is_there(session.pid):
        return silent_ms > STARTS_WITHIN_MS
    return silent_ms > SIGNS_WITHIN_MS


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: ours is gone and its number was given away
        return False
    return True
