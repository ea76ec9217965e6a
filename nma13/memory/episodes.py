"""Episodes: each finished run of the pipeline, written as one unit, read as values."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nma13.errors import LabError
from nma13.jsonio import dump_state, load_state
from nma13.memory.vectors import store_vector
from nma13.state import PipelineState
from nma13.store import storable, transaction
from nma13.terms import FrictionLevel, OutputClass, ProseSource, spelled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Verdict = Literal["agree", "disagree", "override"]
VERDICTS: tuple[Verdict, ...] = ("agree", "disagree", "override")


class EpisodeError(LabError):
    """Something was asked of memory that it does not hold."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """One episode as it is listed."""

    id: int
    session: str
    text: str | None
    created_ms: int
    icxatrs: str
    routing: str
    friction: str
    trust: str
    output_class: str
    unlearned_class: str
    prior_applied: bool
    prose: str | None
    model: str
    verdicts: str
    """What was said of it, e.g. «agree»; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much memory holds."""

    episodes: int
    sessions: int
    first_ms: int | None
    last_ms: int | None
    vectors: int
    rules: int
    feedback: int
    classes: dict[str, int]


def icxatrs(state: PipelineState) -> str:
    """The seven findings of Gate 1 on one line, e.g. `I=HIGH C=FALSE X=TRUE …`."""
    one = state.gate1
    if one is None:
        return ""
    seven = (
        ("I", one.irreversibility), ("C", one.capacity), ("X", one.collision), ("A", one.ambiguity),
        ("T", one.time_pressure), ("R", one.advice_risk), ("S", one.standing),
    )  # fmt: skip
    return " ".join(f"{name}={spelled(value)}" for name, value in seven)


def friction_source(state: PipelineState) -> str:
    """Between whom the tension is: the axes, e.g. `S2–S6, S3–S4`."""
    return ", ".join(f"{axis.a}–{axis.b}" for axis in state.gate3.axes) if state.gate3 else ""


def unlearned_class(state: PipelineState) -> OutputClass:
    """The class as it would have been had no learned prior applied; a prior only ever met PROCEED."""
    if state.engine is None or not state.engine.priors:
        return state.output_class
    return OutputClass.SEQUENCED_VECTOR if state.friction_level is FrictionLevel.HIGH else OutputClass.VECTOR


def store_episode(
    connection: sqlite3.Connection,
    state: PipelineState,
    session: str,
    created_ms: int,
    vector: NDArray[np.float32] | None = None,
) -> int:
    """Write one finished run, its full text and its vector in one transaction; returns its id."""
    made, engine = state.interpretation, state.engine
    source = None if made is None else "reviewed" if made.source is ProseSource.FIXED else made.source.value
    columns: dict[str, Any] = {
        "session": session, "loop_cycle": state.context.loop_cycle, "input": state.text,
        "input_hash": hashlib.sha256(state.text.encode("utf-8", "surrogatepass")).hexdigest(),
        "icxatrs": icxatrs(state), "override": state.gate1.override if state.gate1 else "NONE",
        "routing": state.routing, "mode": state.mode, "friction": state.friction,
        "friction_source": friction_source(state), "lead_station": state.lead, "trust": state.trust,
        "output_class": state.output_class,
        "unlearned_trust": engine.trust_without_priors if engine else state.trust,
        "unlearned_class": unlearned_class(state), "prior_applied": int(bool(engine and engine.priors)),
        "halted": int(state.halted), "state": dump_state(without_borrowed_words(state)),
        "prose": made.text if made else None, "prose_source": source, "model": (made.model if made else "") or "none",
        "tokens": made.tokens if made else 0, "created_ms": created_ms,
    }  # fmt: skip
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    with transaction(connection):
        connection.execute(
            f"INSERT INTO episodic_memory ({names}) VALUES ({marks})",  # noqa: S608  names of ours, above
            [storable(value) if isinstance(value, str) else value for value in columns.values()],
        )
        id_ = int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])
        if vector is not None:
            store_vector(connection, "episode", id_, vector)
    return id_


def without_borrowed_words(state: PipelineState) -> PipelineState:
    """The state as it is stored: texts that belong to other episodes or documents stay with their owners.

    Which ones were at hand is kept. So forgetting a text does not mean looking for copies of it.
    """
    context = state.context
    kept = replace(
        context,
        similar_episodes=tuple(replace(episode, text="") for episode in context.similar_episodes),
        web_results=tuple(replace(material, text="") for material in context.web_results),
        document_passages=tuple(replace(material, text="") for material in context.document_passages),
    )
    return replace(state, context=kept)


LISTED = (
    "SELECT id, session, input, created_ms, icxatrs, routing, friction, trust, output_class, unlearned_class,"
    " prior_applied, prose, model, coalesce((SELECT group_concat(verdict, ', ') FROM feedback"
    " WHERE feedback.episode = episodic_memory.id), '') AS verdicts FROM episodic_memory"
)


def recent(
    connection: sqlite3.Connection, limit: int = 20, session: str | None = None, before: int | None = None
) -> list[Remembered]:
    """The newest episodes first; `before` goes on from an id."""
    rows = connection.execute(
        f"{LISTED} WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR session = ?2) ORDER BY id DESC LIMIT ?3",
        (before, session, limit),
    )
    return [_remembered(row) for row in rows]


def episode(connection: sqlite3.Connection, id_: int) -> Remembered:
    """One episode by its number."""
    row = connection.execute(f"{LISTED} WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise EpisodeError(f"There is no episode {id_}. ./lab recall lists the newest ones.")
    return _remembered(row)


def episodes_by_id(connection: sqlite3.Connection, ids: list[int]) -> dict[int, Remembered]:
    """Several episodes by their numbers; those that are gone are left out."""
    if not ids:
        return {}
    rows = connection.execute(f"{LISTED} WHERE id IN ({', '.join('?' * len(ids))})", ids)
    return {row["id"]: _remembered(row) for row in rows}


def state_of(connection: sqlite3.Connection, id_: int) -> PipelineState | None:
    """The whole state of an episode; None where it was redacted."""
    row = connection.execute("SELECT state FROM episodic_memory WHERE id = ?", (id_,)).fetchone()
    return load_state(row["state"]) if row and row["state"] else None


def statistics(connection: sqlite3.Connection) -> Statistics:
    """Everything that is counted for the Memory tab."""
    first = connection.execute(
        "SELECT count(*), count(DISTINCT session), min(created_ms), max(created_ms) FROM episodic_memory"
    ).fetchone()
    classes = connection.execute("SELECT output_class, count(*) FROM episodic_memory GROUP BY 1 ORDER BY 2 DESC, 1")

    def count(what: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608

    return Statistics(
        episodes=first[0],
        sessions=first[1],
        first_ms=first[2],
        last_ms=first[3],
        vectors=count("embeddings WHERE owner = 'episode'"),
        rules=count("semantic_memory"),
        feedback=count("feedback"),
        classes=dict(classes.fetchall()),
    )


def give_feedback(connection: sqlite3.Connection, id_: int, verdict: Verdict, reason: str, created_ms: int) -> None:
    """What a person says of a decision. The latest word counts; it does not change the decision."""
    if verdict not in VERDICTS:
        raise EpisodeError(f"«{verdict}» is no verdict; say one of {', '.join(VERDICTS)}. Nothing was stored.")
    with transaction(connection):
        row = connection.execute("SELECT record_hash FROM episodic_memory WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise EpisodeError(f"There is no episode {id_} to speak of; it was not stored, or is forgotten.")
        connection.execute("DELETE FROM feedback WHERE episode = ?", (id_,))
        connection.execute(
            "INSERT INTO feedback (episode, record_hash, verdict, reason, created_ms) VALUES (?, ?, ?, ?, ?)",
            (id_, row["record_hash"], verdict, storable(reason.strip()), created_ms),
        )


def _remembered(row: sqlite3.Row) -> Remembered:
    return Remembered(
        row["id"], row["session"], row["input"], row["created_ms"], row["icxatrs"], row["routing"], row["friction"],
        row["trust"], row["output_class"], row["unlearned_class"], bool(row["prior_applied"]), row["prose"],
        row["model"], row["verdicts"],
    )  # fmt: skip
