"""The navigation loop: Sense, Interpret, Act, Reflect, Update, Orient; one turn for one text.

Each stage is a function over values. What the loop carries from turn to turn (`LoopState`) lies in the store,
so it survives a restart. Memory never stops a navigation: where it fails, the run goes on and a notice says so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nma13 import encoder
from nma13.clock import now_ms
from nma13.context import Episode, Handshake, NavigationContext
from nma13.errors import LabError
from nma13.forgetting import retain
from nma13.interpreter import Event, Finished, Voice, stream
from nma13.jsonio import from_plain, to_plain
from nma13.kit import Kit
from nma13.learning import Learned, get_learned_priors, is_due, learn, learned_context
from nma13.llm import Cancel
from nma13.memory import embed_missing, recall, store_episode
from nma13.memory.ranking import THRESHOLD
from nma13.memory_fidelity import Fidelity, fidelity_of_run, scan
from nma13.pipeline import run
from nma13.state import Notice, PipelineState
from nma13.store import open_rw, storable, transaction
from nma13.terms import FrictionType, Lock, OutputClass, Routing, TrustGate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECALLED = 3  # earlier episodes that a run is given
CLOSE = 0.5  # in meaning; a run is given what resembles it closely, a person who searches sees more


@dataclass(frozen=True, slots=True)
class LoopState:
    """What one turn hands to the next."""

    session: str
    cycle: int = 0
    handshake: Handshake | None = None
    output_class: OutputClass | None = None
    routing: Routing | None = None
    friction: FrictionType | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How a text is to be navigated."""

    session: str = ""
    """Empty: one session a day."""
    store: bool = True
    """False: «do not store this». Nothing of the run is written, not even that there was one."""
    recall: bool = True
    """False: nothing remembered is looked at either; the run is as on an empty store."""
    context: NavigationContext = field(default_factory=NavigationContext)
    """What else the run is given: documents, web results, locale."""
    notices: tuple[Notice, ...] = ()
    """What the person should know about how that was found."""


@dataclass(frozen=True, slots=True)
class Sensed:
    """What the loop found before anything was decided."""

    loop: LoopState
    context: NavigationContext
    notices: tuple[Notice, ...] = ()
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A finished turn. `episode` is None when nothing was stored."""

    state: PipelineState
    loop: LoopState
    episode: int | None = None
    fidelity: Fidelity | None = None
    learned: Learned | None = None


Step = PipelineState | Event | Turn
"""What a turn yields: the decided state, then the prose as it is written, at last the finished turn."""


def navigate(
    text: str,
    kit: Kit,
    voice: Voice | Callable[[], Voice | None] | None = None,
    asked: Asked = Asked(),
    folder: Path | None = None,
    cancel: Cancel | None = None,
    clock: Callable[[], int] = now_ms,
) -> Iterator[Step]:
    """One turn: the decided state first, then the interpreter's events, last the Turn.

    `voice` may be a function, called when the gates have decided: a model may still be loading. The store is
    opened for each stage that needs it and never held while a model writes.
    """
    sensed = sense(text, asked, folder)
    state = interpret(text, replace(sensed, notices=(*asked.notices, *sensed.notices)), kit)
    yield state
    speaker = voice() if callable(voice) else voice
    for event in act(state, speaker, cancel):
        if isinstance(event, Finished):
            state = event.state
        yield event
    verdict = reflect(state)
    turn = update(state, sensed, asked, verdict, folder, clock())
    yield turn


def sense(text: str, asked: Asked, folder: Path | None = None) -> Sensed:
    """Where the session stands, what resembles this text, what was learned."""
    session = storable(asked.session) or date.today().isoformat()
    if not asked.recall:
        return Sensed(LoopState(session), asked.context)
    try:
        with closing(open_rw("memory", folder)) as connection:
            loop = load_loop(connection, session)
            vector = encoder.encode([text[:8000]])[0] if encoder.available() and text.strip() else None
            similar, kept_out = _similar(connection, text, vector)
            context = replace(
                asked.context,
                prior_handshake=loop.handshake,
                similar_episodes=similar,
                semantic_context=learned_context(connection),
                learned_priors=get_learned_priors(connection),
                loop_cycle=loop.cycle + 1,
            )
        return Sensed(loop, context, kept_out, vector)
    except (LabError, sqlite3.Error, OSError) as error:
        told = f"Memory could not be read ({error}). The run went on without it, as on an empty store."
        return Sensed(LoopState(session), asked.context, (Notice("memory", told),))


def interpret(text: str, sensed: Sensed, kit: Kit) -> PipelineState:
    """The gates decide."""
    state = run(text, sensed.context, kit)
    told = tuple(_prior_notice(state))
    return replace(state, notices=(*state.notices, *sensed.notices, *told))


def act(state: PipelineState, voice: Voice | None, cancel: Cancel | None = None) -> Iterator[Event]:
    """The words are written inside what was decided."""
    return stream(state, voice, cancel)


def reflect(state: PipelineState) -> Fidelity:
    """Whether this run may one day be given to a later one."""
    return fidelity_of_run(state)


def update(
    state: PipelineState, sensed: Sensed, asked: Asked, verdict: Fidelity, folder: Path | None, now_ms: int
) -> Turn:
    """Store the episode and where the session now stands, in one transaction; learn when it is time."""
    loop = orient(state, sensed.loop)
    if not asked.store:
        return Turn(state, loop, fidelity=verdict)
    try:
        with closing(open_rw("memory", folder)) as connection:
            with transaction(connection):
                loop = replace(loop, cycle=max(loop.cycle, last_cycle(connection) + 1))
                id_ = store_episode(connection, state, loop.session, now_ms, sensed.vector)
                save_loop(connection, loop, now_ms)
            learned = learn(connection, now_ms) if is_due(loop.cycle) else None
            if learned and encoder.available():
                embed_missing(connection)
        kept = retain(folder, now_ms, unasked=True)
        if kept and not kept.removed:
            state = replace(state, notices=(*state.notices, *(Notice("memory", told) for told in kept.still)))
        if learned and learned.notice:
            state = replace(state, notices=(*state.notices, Notice("learning", learned.notice)))
        return Turn(state, loop, id_, verdict, learned)
    except (LabError, sqlite3.Error, OSError) as error:
        told = Notice("memory", f"This run was not stored ({error}). The answer itself is whole.")
        return Turn(replace(state, notices=(*state.notices, told)), loop, fidelity=verdict)


def orient(state: PipelineState, before: LoopState) -> LoopState:
    """Where the next turn begins. A lock may keep the handshake from being handed on."""
    locked = state.gate1 is not None and Lock.HANDSHAKE_DISABLED in state.gate1.locks
    handshake = state.s8.handshake if state.s8 and not locked else None
    return LoopState(before.session, before.cycle + 1, handshake, state.output_class, state.routing, state.friction)


def load_loop(connection: sqlite3.Connection, session: str) -> LoopState:
    """Where a session stands; a new one begins at the cycle the lab has reached."""
    row = connection.execute("SELECT state FROM loop_state WHERE session = ?", (session,)).fetchone()
    if row is None:
        return LoopState(session, last_cycle(connection))
    known = from_plain(LoopState, json.loads(row["state"]))
    return replace(known, cycle=last_cycle(connection))


def save_loop(connection: sqlite3.Connection, loop: LoopState, now_ms: int) -> None:
    with transaction(connection):
        connection.execute(
            "INSERT INTO loop_state (session, state, updated_ms) VALUES (?, ?, ?) ON CONFLICT (session) DO UPDATE"
            " SET state = excluded.state, updated_ms = excluded.updated_ms",
            (loop.session, json.dumps(to_plain(loop)), now_ms),
        )


def last_cycle(connection: sqlite3.Connection) -> int:
    """Cycles count all sessions together, because learning looks at all of them."""
    row = connection.execute("SELECT max(json_extract(state, '$.cycle')) FROM loop_state").fetchone()
    return int(row[0] or 0)


def _similar(
    connection: sqlite3.Connection, text: str, vector: NDArray[np.float32] | None
) -> tuple[tuple[Episode, ...], tuple[Notice, ...]]:
    """Earlier episodes like this text that pass the fidelity gate; for those that do not, why not."""
    given: list[Episode] = []
    kept_out: list[Notice] = []
    for hit in recall(connection, text, limit=2 * RECALLED, vector=vector):
        if len(given) == RECALLED:
            break
        row = connection.execute(
            "SELECT routing, output_class, halted, state FROM episodic_memory WHERE id = ?", (hit.id,)
        ).fetchone()
        if row is None or not (hit.lexical >= THRESHOLD or (hit.meaning or 0.0) >= CLOSE):
            continue
        verdict = _verdict(row, hit.text)
        if verdict.kept:
            class_, routing = OutputClass(row["output_class"]), Routing(row["routing"])
            given.append(Episode(hit.id, hit.text, routing, class_, round(hit.score, 4)))
        else:
            why = f"Episode {hit.id} resembles this text and was not taken into account: {verdict.reason}."
            kept_out.append(Notice("memory-kept-out", why))
    return tuple(given), tuple(kept_out)


def _verdict(row: sqlite3.Row, text: str) -> Fidelity:
    """The gate before memory, for an earlier run of the person's."""
    plain: dict[str, Any] = json.loads(row["state"]) if row["state"] else {}
    flags = (plain.get("gate2") or {}).get("red_flags", [])
    if row["halted"]:
        return Fidelity(False, "the run was halted")
    if flags:
        return Fidelity(False, f"the run did not pass Gate 2: {', '.join(flags)}")
    return scan(text)


def _prior_notice(state: PipelineState) -> Iterator[Notice]:
    """A learned prior that moved the decision is named, with the episodes it was learned from."""
    if state.engine is None or state.engine.trust_without_priors is not TrustGate.PROCEED:
        return
    for prior in state.applied_priors:
        yield Notice("learned", f"More caution than the gates alone would ask, by learned rule {prior.id}: "
                     f"{prior.reason}. It can be switched off under Patterns.")  # fmt: skip
