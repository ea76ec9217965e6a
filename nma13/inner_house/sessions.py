"""The sessions in the store: written by coordinator and runner, read by everybody who shows one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nma13.store import transaction
from nma13.store.connect import storable

Status = Literal["starting", "running", "done", "cancelled", "timeout", "failed"]
UNDER_WAY = ("starting", "running")


@dataclass(frozen=True, slots=True)
class Words:
    """One station in one round, as far as it has come."""

    round: str
    station: str
    text: str
    done: bool
    audit: str
    findings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """One output of a loop that was looked at for the terrain; given, or kept out and why."""

    cycle: int
    source: str
    station: str
    text: str
    included: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that is known of one deliberation."""

    id: str
    problem: str | None
    scenario_type: str | None
    with_terrain: bool
    status: Status
    round: str | None
    pid: int | None
    seed: int
    model: str
    notes: Mapping[str, Any]
    """What the gates decided (`summary`), and what is to be said aloud: see `coordinator.notes_for`."""
    friction_type: str | None
    friction_source: str | None
    lead_station: str | None
    bof_status: str | None
    resolution: str | None
    loop_context: str | None
    error: str | None
    created_ms: int
    beat_ms: int
    finished_ms: int | None
    words: tuple[Words, ...] = ()
    terrain: tuple[Ground, ...] = ()

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY

    def said(self) -> dict[tuple[str, str], str]:
        """What the next rounds may see: finished outputs, as far as they passed the audit."""
        return {(w.round, w.station): w.text or "(withheld)" for w in self.words if w.done}

    def to_dict(self) -> dict[str, Any]:
        """Stable names, for --json and the API. Words that did not pass the audit are not given here either."""
        notes = {name: value for name, value in self.notes.items() if name != "context"}
        if made := notes.get("resolution"):
            notes["resolution"] = {**made, "repairs": [without_its_words(repair) for repair in made["repairs"]]}
        return {
            "session": self.id, "status": self.status, "round": self.round, "problem": self.problem,
            "scenario_type": self.scenario_type, "with_terrain": self.with_terrain, "model": self.model,
            "seed": self.seed, "notes": notes, "friction_type": self.friction_type,
            "friction_source": self.friction_source, "lead_station": self.lead_station,
            "bof_status": self.bof_status, "resolution": self.resolution, "loop_context": self.loop_context,
            "error": self.error, "created_ms": self.created_ms, "finished_ms": self.finished_ms,
            "outputs": [
                {"round": w.round, "station": w.station, "text": w.text, "done": w.done, "audit": w.audit,
                 "findings": [_reason(found) for found in w.findings]}
                for w in self.words
            ],
            "terrain": [
                {"cycle": g.cycle, "source": g.source, "station": g.station, "text": g.text,
                 "included": g.included, "reason": g.reason}
                for g in self.terrain
            ],
        }  # fmt: skip


def without_its_words(repair: str) -> str:
    """What the audit did to a resolution, told without the sentence that it took out."""
    dropped, end, reason = repair.rpartition("»: ")
    return f"a sentence was left out: {reason}" if end and dropped.startswith("dropped «") else repair


def _reason(found: Mapping[str, Any]) -> dict[str, Any]:
    """A flag stands on words that are shown; what was withheld has only its reason."""
    return dict(found) if found.get("flag") else {"reason": found.get("reason")}


def create(connection: sqlite3.Connection, session: Session) -> None:
    """The session's row and its terrain, in one transaction."""
    columns = {
        "session_id": session.id, "problem": storable(session.problem or ""), "scenario_type": session.scenario_type,
        "terrain": int(session.with_terrain), "status": session.status, "seed": session.seed, "model": session.model,
        "gates": json.dumps(dict(session.notes), ensure_ascii=True), "created_ms": session.created_ms,
        "beat_ms": session.beat_ms,
    }  # fmt: skip
    with transaction(connection):
        connection.execute(
            f"INSERT INTO inner_house_sessions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
            list(columns.values()),
        )
        connection.executemany(
            "INSERT INTO inner_house_terrain (session_id, cycle, source, station, text, included, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(session.id, g.cycle, g.source, g.station, g.text, int(g.included), g.reason) for g in session.terrain],
        )


def read(connection: sqlite3.Connection, session_id: str) -> Session | None:
    """A session with its words and its terrain."""
    row = connection.execute("SELECT * FROM inner_house_sessions WHERE session_id = ?", (session_id,)).fetchone()
    if row is None:
        return None
    words = connection.execute(
        "SELECT round, station, text, state, audit, findings FROM inner_house_outputs WHERE session_id = ?"
        " ORDER BY round, station",
        (session_id,),
    )
    terrain = connection.execute(
        "SELECT cycle, source, station, text, included, reason FROM inner_house_terrain WHERE session_id = ?"
        " ORDER BY id",
        (session_id,),
    )
    return _session(
        row,
        tuple(
            Words(
                w["round"], w["station"], w["text"], w["state"] == "done", w["audit"], tuple(json.loads(w["findings"]))
            )
            for w in words.fetchall()
        ),
        tuple(
            Ground(g["cycle"], g["source"], g["station"], g["text"], bool(g["included"]), g["reason"])
            for g in terrain.fetchall()
        ),
    )


def any_under_way(connection: sqlite3.Connection) -> bool:
    """Whether any session is starting or running."""
    found = connection.execute(
        "SELECT 1 FROM inner_house_sessions WHERE status IN ('starting', 'running') LIMIT 1"
    ).fetchone()
    return found is not None


def recent(connection: sqlite3.Connection, most: int = 20) -> list[Session]:
    """The newest sessions without their words."""
    rows = connection.execute("SELECT * FROM inner_house_sessions ORDER BY id DESC LIMIT ?", (most,)).fetchall()
    return [_session(row) for row in rows]


def change(connection: sqlite3.Connection, session_id: str, **columns: Any) -> None:
    """Set columns of a session; the names are ours."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    with transaction(connection):
        connection.execute(
            f"UPDATE inner_house_sessions SET {assignments} WHERE session_id = ?",  # noqa: S608
            [*columns.values(), session_id],
        )


def advance(connection: sqlite3.Connection, session_id: str, round_: str) -> bool:
    """Into its next round; False when the session is over: it must not come back to life."""
    with transaction(connection):
        found = connection.execute(
            "UPDATE inner_house_sessions SET status = 'running', round = ?"
            " WHERE session_id = ? AND status IN ('starting', 'running')",
            (round_, session_id),
        )
    return found.rowcount == 1


def end(
    connection: sqlite3.Connection, session_id: str, status: Status, now: int, error: str | None = None, **columns: Any
) -> bool:
    """Finish a session that is still under way; False when somebody else has ended it."""
    named = {"status": status, "finished_ms": now, "error": error, **columns}
    assignments = ", ".join(f"{name} = ?" for name in named)
    with transaction(connection):
        found = connection.execute(
            f"UPDATE inner_house_sessions SET {assignments}"  # noqa: S608
            " WHERE session_id = ? AND status IN ('starting', 'running')",
            [*named.values(), session_id],
        )
    return found.rowcount == 1


def write_words(
    connection: sqlite3.Connection, session_id: str, words: Sequence[Words], now: int, tokens: int = 0
) -> None:
    """What several stations have said so far, in one transaction. A finished output is not touched again."""
    with transaction(connection):
        connection.executemany(
            "INSERT INTO inner_house_outputs (session_id, round, station, text, state, audit, findings, tokens,"
            " updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (session_id, round, station) DO UPDATE SET text = excluded.text, state = excluded.state,"
            " audit = excluded.audit, findings = excluded.findings, tokens = excluded.tokens,"
            " updated_ms = excluded.updated_ms WHERE inner_house_outputs.state = 'writing'",
            [
                (
                    session_id, w.round, w.station, storable(w.text), "done" if w.done else "writing", w.audit,
                    json.dumps([dict(found) for found in w.findings], ensure_ascii=True), tokens, now,
                )
                for w in words
            ],
        )  # fmt: skip


def _session(row: sqlite3.Row, words: tuple[Words, ...] = (), terrain: tuple[Ground, ...] = ()) -> Session:
    return Session(
        id=row["session_id"],
        problem=row["problem"],
        scenario_type=row["scenario_type"],
        with_terrain=bool(row["terrain"]),
        status=row["status"],
        round=row["round"],
        pid=row["pid"],
        seed=row["seed"],
        model=row["model"],
        notes=json.loads(row["gates"] or "{}"),
        friction_type=row["friction_type"],
        friction_source=row["friction_source"],
        lead_station=row["lead_station"],
        bof_status=row["bof_status"],
        resolution=row["resolution"],
        loop_context=row["loop_context"],
        error=row["error"],
        created_ms=row["created_ms"],
        beat_ms=row["beat_ms"],
        finished_ms=row["finished_ms"],
        words=words,
        terrain=terrain,
    )
