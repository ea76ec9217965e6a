"""Forgetting: an episode, a session, a document, a person's name, or all that is old, removed everywhere.

Everywhere means the rows, the full-text indexes, the vectors, the rules that rested on them alone, freed pages and
the write-ahead log. Each function returns what it removed and, as honestly, where something may still lie.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nma13 import clock, documents, encoder
from nma13.clock import DAY_MS
from nma13.config import data_dir
from nma13.errors import LabError
from nma13.learning import refresh
from nma13.memory.vectors import embed_missing, next_generation
from nma13.memory.words import forget_vocabulary
from nma13.redaction import redact_everywhere
from nma13.store import DATABASES, database_path, open_rw, transaction
from nma13.store.mend import scrub
from nma13.store.settings import read_setting, write_setting

MOST_DAYS = 1_000_000  # beyond, the moment meant has no number that a database can hold
RETENTION = "retention.days"
ANNOUNCED = "retention.announced"
NOTHING = "nothing was found that can be removed; nothing was changed."
COPIES = ("backups/*", "before-restore-*", "*.before-*.db", "archive/*")


class ForgettingError(LabError):
    """There is nothing of that kind to forget."""

    exit_code = 1


@dataclass(slots=True)
class Forgotten:
    """What was removed or redacted, by what it was, and what may still hold it."""

    what: str
    removed: dict[str, int] = field(default_factory=dict)
    redacted: dict[str, int] = field(default_factory=dict)
    still: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        return any(self.removed.values()) or any(self.redacted.values())

    def lines(self) -> list[str]:
        """The report for a person."""
        told = [f"{self.what} is forgotten." if self.found else f"{self.what}: {NOTHING}"]
        told += [f"  removed: {count} {name}" for name, count in self.removed.items() if count]
        told += [f"  redacted: {count} in {name}" for name, count in self.redacted.items() if count]
        return told + [f"  still: {line}" for line in self.still]


def forget_episode(id_: int, folder: Path | None = None, *, redact: bool = False) -> Forgotten:
    """Remove one run; `redact` keeps the row with what was decided and drops every word."""
    done = Forgotten(f"Episode {id_}")
    with _forgetting(folder, done) as connection:
        if connection.execute("SELECT 1 FROM episodic_memory WHERE id = ?", (id_,)).fetchone() is None:
            raise ForgettingError(f"There is no episode {id_}; nothing was changed. ./lab recall lists the newest.")
        if redact:
            _redact_episodes(connection, [id_], done)
        else:
            _remove_episodes(connection, [id_], done)
    return done


def forget_session(session: str, folder: Path | None = None) -> Forgotten:
    """Remove every run of a session and where it stood; the id of an Inner House session works as well."""
    done = Forgotten(f"Session {session}")
    with _forgetting(folder, done) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM episodic_memory WHERE session = ?", (session,))]
        _remove_episodes(connection, ids, done)
        done.removed["loop states"] = connection.execute(
            "DELETE FROM loop_state WHERE session = ?", (session,)
        ).rowcount
        outputs = "SELECT count(*) FROM inner_house_outputs WHERE session_id = ?"
        done.removed["Inner House outputs"] = connection.execute(outputs, (session,)).fetchone()[0]
        done.removed["Inner House sessions"] = connection.execute(
            "DELETE FROM inner_house_sessions WHERE session_id = ?", (session,)
        ).rowcount
        if not any(done.removed.values()):
            raise ForgettingError(f"There is no session «{session}»; nothing was changed.")
    return done


def forget_document(which: str, folder: Path | None = None) -> Forgotten:
    """Remove a document by its number or name: its passages, and what runs wrote with it at hand."""
    document = documents.find(which, folder)
    with _forgetting(folder, done := Forgotten(f"Document {document.id}, «{document.name}»,")) as connection:
        cited = connection.execute(
            "SELECT DISTINCT e.id FROM episodic_memory e, json_each(e.state, '$.context.document_passages') p"
            " WHERE json_extract(p.value, '$.title') = ?1 OR json_extract(p.value, '$.source') = ?1",
            (document.name,),
        ).fetchall()
        _count(done.redacted, "answers that had it at hand", _drop_answers(connection, [row[0] for row in cited]))
        passages = "SELECT count(*) FROM document_chunks WHERE document = ?"
        _count(done.removed, "passages", connection.execute(passages, (document.id,)).fetchone()[0])
        connection.execute("DELETE FROM documents WHERE id = ?", (document.id,))
        _count(done.removed, "documents", 1)
    return done


def forget_older_than(days: float, folder: Path | None = None, now_ms: int | None = None) -> Forgotten:
    """Remove every run older than so many days."""
    done = Forgotten(f"What is older than {days:g} days")
    with _forgetting(folder, done) as connection:
        before = moment_before(days, clock.now_ms() if now_ms is None else now_ms)
        ids = [row[0] for row in connection.execute("SELECT id FROM episodic_memory WHERE created_ms < ?", (before,))]
        _remove_episodes(connection, ids, done)
    return done


def moment_before(days: float, now_ms: int) -> int:
    """The moment so many days ago. Less than none would be the future, and all there is would be older than that."""
    if not 0 <= days <= MOST_DAYS:
        raise ForgettingError(f"{days:g} days: a number from 0 to {MOST_DAYS:,} is needed; nothing was changed.")
    return now_ms - int(days * DAY_MS)


def forget_name(name: str, folder: Path | None = None) -> Forgotten:
    """Blacken a person's name in every text of every database; the letters' places stay, so traces still fit."""
    if len(name.strip()) < 2:
        raise ForgettingError("A name of at least two letters is needed; nothing was changed.")
    done = Forgotten("The name")
    for database in DATABASES:
        if not database_path(database, folder).is_file():
            continue
        with closing(open_rw(database, folder)) as connection:
            with transaction(connection):
                counts = redact_everywhere(connection, name.strip())
                for place, count in counts.items():
                    _count(done.redacted, place, count)
                if database == "memory":
                    held = connection.execute("SELECT count(*) FROM decision_records WHERE holds_name(body)").fetchone()
                    if held[0]:
                        done.still.append(
                            f"{held[0]} decision records: their chain proves what was decided and would break. "
                            "Move the record away whole if it must not be kept."
                        )
                    if counts:
                        next_generation(connection)
            if database == "memory" and counts and encoder.available():
                while embed_missing(connection) + embed_missing(connection, "chunk"):
                    pass
            _scrub(connection, database, done)
    forget_vocabulary()
    done.still += _copies(folder)
    return done


def set_retention(days: int | None, folder: Path | None = None) -> int:
    """Keep runs for so many days; None: until you forget them. Nothing goes yet: how many the next runs will remove."""
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise ForgettingError(f"Retention is 1 to {MOST_DAYS:,} days; nothing was changed.")
    with closing(open_rw("memory", folder)) as connection:
        now = clock.now_ms()
        write_setting(connection, RETENTION, days, now)
        due = "SELECT count(*) FROM episodic_memory WHERE created_ms < ?"
        return 0 if days is None else int(connection.execute(due, (now - days * DAY_MS,)).fetchone()[0])


def retention(connection: sqlite3.Connection) -> int | None:
    """For how many days runs are kept; None: until they are forgotten by hand."""
    days: int | None = read_setting(connection, RETENTION)
    return days


def retain(folder: Path | None = None, now_ms: int | None = None, *, unasked: bool = False) -> Forgotten | None:
    """Remove what is older than the retention; None when nothing is due. Cheap enough to ask after every run.

    `unasked`, after a run: where the clock says that everything before this run is due at once, that is either a
    long absence or a clock that leapt ahead. It is announced first, and goes with the next run.
    """
    now = clock.now_ms() if now_ms is None else now_ms
    with closing(open_rw("memory", folder)) as connection:
        days = retention(connection)
        if days is None:
            return None
        before = now - days * DAY_MS
        due = "SELECT count(*) FROM episodic_memory WHERE created_ms < ?"
        if (count := connection.execute(due, (before,)).fetchone()[0]) == 0:
            return None
        kept = connection.execute("SELECT count(*) FROM episodic_memory WHERE created_ms >= ?", (before,)).fetchone()[0]
        if unasked and kept <= 1:  # this run alone
            now = _announce(connection, now)
            if connection.execute(due, (now - days * DAY_MS,)).fetchone()[0] == 0:
                told = f"{count} earlier runs, all there are, will be forgotten with your next run: by this machine's "
                told += f"clock they are older than {days} days. If the clock is wrong, set it right before that."
                return Forgotten("Nothing", still=[told])
    return forget_older_than(days, folder, now)


def _announce(connection: sqlite3.Connection, now: int) -> int:
    """Note this moment, and return the one noted before it; 0 if there is none that this clock has passed."""
    with transaction(connection):
        before = int(read_setting(connection, ANNOUNCED) or 0)
        write_setting(connection, ANNOUNCED, now, now)
    return before if before <= now else 0


@contextmanager
def _forgetting(folder: Path | None, done: Forgotten) -> Iterator[sqlite3.Connection]:
    """One transaction; then rules that lost their ground go, caches are told, indexes and log are scrubbed."""
    with closing(open_rw("memory", folder)) as connection:
        with transaction(connection):
            yield connection
            _count(done.removed, "learned rules that rested on it alone", refresh(connection))
            next_generation(connection)
        forget_vocabulary()
        _scrub(connection, "memory", done)
    done.still += _copies(folder)


def _remove_episodes(connection: sqlite3.Connection, ids: list[int], done: Forgotten) -> None:
    """The rows; triggers take their words out of the index and their vectors with them."""
    wanted = [(id_,) for id_ in ids]
    vectors = feedback = 0
    for key in wanted:
        vectors += connection.execute(
            "SELECT count(*) FROM embeddings WHERE owner = 'episode' AND owner_id = ?", key
        ).fetchone()[0]
        feedback += connection.execute("SELECT count(*) FROM feedback WHERE episode = ?", key).fetchone()[0]
    connection.executemany("DELETE FROM episodic_memory WHERE id = ?", wanted)
    _count(done.removed, "episodes with their words in the index", len(ids))
    _count(done.removed, "vectors", vectors)
    _count(done.removed, "words of feedback", feedback)


def _redact_episodes(connection: sqlite3.Connection, ids: list[int], done: Forgotten) -> None:
    """Every word goes, what was decided stays."""
    wanted = [(id_,) for id_ in ids]
    connection.executemany(
        "UPDATE episodic_memory SET input = NULL, input_hash = '', state = NULL, prose = NULL WHERE id = ?", wanted
    )
    connection.executemany("UPDATE feedback SET reason = '' WHERE episode = ?", wanted)
    _count(done.redacted, "episodes: text, answer, trace, index and vector", len(ids))


def _drop_answers(connection: sqlite3.Connection, ids: list[int]) -> int:
    connection.executemany("UPDATE episodic_memory SET prose = NULL, state = NULL WHERE id = ?", [(i,) for i in ids])
    return len(ids)


def _scrub(connection: sqlite3.Connection, database: str, done: Forgotten) -> None:
    if not scrub(connection):
        done.still.append(
            f"the write-ahead log of {database}.db while somebody reads it; it is emptied when they are done"
        )


def _copies(folder: Path | None) -> list[str]:
    """Copies made before are the person's own; they are named, never touched."""
    place = folder or data_dir()
    found = sorted(path.relative_to(place).as_posix() for pattern in COPIES for path in place.glob(pattern))
    return [f"copies made before: {', '.join(found)}; remove them yourself if they must go too"] if found else []


def _count(counts: dict[str, int], name: str, more: int) -> None:
    counts[name] = counts.get(name, 0) + more
