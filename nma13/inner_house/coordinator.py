"""Starts, watches, cancels and resumes sessions. Any page, the command line and the API call this and nothing else."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nma13.config import ROOT, data_dir
from nma13.context import NavigationContext
from nma13.errors import LabError, UsageError
from nma13.inner_house import sessions, terrain
from nma13.inner_house.runner import LOCK, TIMEOUT_S, now_ms
from nma13.inner_house.sessions import Session
from nma13.inner_house.speech import precommitted
from nma13.interpreter import fixed_text
from nma13.kit import default_kit
from nma13.llm import explain_choice
from nma13.pipeline import run as run_gates
from nma13.semantic import chosen_screen
from nma13.state import PipelineState, summary
from nma13.store import open_ro, open_rw
from nma13.store.errors import AlreadyRunningError
from nma13.store.lock import read_holder
from nma13.terms import RedFlag

SIGNS_WITHIN_MS = 4_000
STARTS_WITHIN_MS = 60_000  # a busy machine takes long to import what a runner needs
LAST_WORDS = 600  # characters of a dead runner's standard error that are told


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


def start(problem: str, asked: Asked = Asked(), folder: Path | None = None) -> Started | Declined:
    """The gates first, then the terrain, then a process for the stations. Returns when that process is started."""
    folder = folder or data_dir()
    state = run_gates(problem, asked.context, default_kit(chosen_screen(None)))
    if state.halted or RedFlag.CRISIS in state.red_flags:
        return Declined(fixed_text(state), state)
    choice = explain_choice(asked.model)
    if choice.backend == "none":
        raise UsageError(
            f"The Inner House needs a language model ({choice.why}). Nothing was started. "
            "Name one with --model (./lab model shows which there are), or ask in Navigate, which needs none."
        )
    _refuse_second(folder)
    found = terrain.survey(state, folder, asked.terrain)
    now, session_id = now_ms(), secrets.token_hex(6)
    session = Session(
        id=session_id, problem=problem, scenario_type=found.scenario_type, with_terrain=asked.terrain,
        status="starting", round=None, pid=None,
        seed=secrets.randbelow(2**31) if asked.seed is None else asked.seed,
        model=choice.spec, notes=notes_for(state, problem, found), friction_type=None, friction_source=None,
        lead_station=None, bof_status=None, resolution=None, loop_context=None, error=None, created_ms=now,
        beat_ms=now, finished_ms=None, terrain=found.grounds,
    )  # fmt: skip
    with closing(open_rw("memory", folder)) as connection:
        sessions.create(connection, session)
    _spawn(session_id, choice.spec, folder, asked.timeout_s)
    return Started(session_id, state)


def notes_for(state: PipelineState, problem: str, found: terrain.Terrain) -> dict[str, Any]:
    """What the session says aloud beside its words."""
    return {
        "summary": summary(state),
        "scenario_why": found.why,
        "terrain": found.notice,
        "precommitted": list(precommitted(problem)),
    }


def resume(session_id: str, folder: Path | None = None, timeout_s: float = TIMEOUT_S) -> None:
    """Go on with a session that was cut off, at its next missing output."""
    folder = folder or data_dir()
    session = look(session_id, folder)
    if session.under_way:
        raise UsageError("This session is under way already.")
    if session.status == "done":
        raise UsageError("This session is finished; there is nothing left to say.")
    _refuse_second(folder)
    with closing(open_rw("memory", folder)) as connection:
        sessions.change(
            connection, session_id, status="starting", pid=None, beat_ms=now_ms(), error=None, finished_ms=None
        )
    _spawn(session_id, session.model, folder, timeout_s)


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
        raise UsageError(f"There is no Inner House session «{session_id}». The list in the Inner House shows them.")
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
    """One deliberation at a time: two would each load a model and both be slow."""
    holder = read_holder(folder / f"{LOCK}.lock")
    if holder is not None:
        raise AlreadyRunningError(
            "A deliberation is already under way here. Nothing was started. Wait for it, or cancel it first."
        )


def _spawn(session_id: str, spec: str, folder: Path, timeout_s: float) -> None:
    command = [
        sys.executable, "-m", "nma13.inner_house", session_id,
        "--model", spec, "--data", str(folder), "--timeout", str(timeout_s),
    ]  # fmt: skip
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "NMA_DATA": str(folder)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        _bury(session_id, folder, str(error))
        raise LabError(f"The deliberation's process could not be started ({error}).") from error
    with closing(open_rw("memory", folder)) as connection:
        sessions.change(connection, session_id, pid=process.pid)  # known before the runner can say so itself
    threading.Thread(target=_attend, args=(process, session_id, folder), name="inner-house", daemon=True).start()


def _attend(process: subprocess.Popen[bytes], session_id: str, folder: Path) -> None:
    """Wait for the runner, so that its death is known at once and leaves no zombie."""
    said = process.communicate()[1].decode("utf-8", "replace").strip()
    _bury(session_id, folder, f"exit status {process.returncode}. {said[-LAST_WORDS:]}".strip())


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
