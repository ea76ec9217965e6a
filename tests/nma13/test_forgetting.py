"""What is forgotten is gone from every row, index, vector and byte; and the report says what may still hold it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nma13 import documents, encoder
from nma13.context import Material, MaterialKind, NavigationContext
from nma13.documents.limits import DocumentError
from nma13.forgetting import (
    DAY_MS,
    ForgettingError,
    forget_document,
    forget_episode,
    forget_name,
    forget_older_than,
    forget_session,
    retain,
    retention,
    set_retention,
)
from nma13.interpreter import interpret
from nma13.kit import default_kit
from nma13.learning import learn, rules
from nma13.memory import episode, give_feedback, recall, state_of, store_episode
from nma13.navigation_loop import Asked, navigate
from nma13.pipeline import run
from nma13.redaction import CHAINED, WORDS, pattern_of
from nma13.store import DATABASES, open_rw, transaction
from nma13.store.doctor import diagnose
from tests.nma13.memory.helpers import NOW, PLAIN, RANK, keep, memory

ZITHER = "My aunt Zerlina wants her zither back before the winter, and I promised it to the school."
OTHER = "The allotment lies fallow and the society asks for it."
# Text columns in which no words of a person or a model stand.
PLAIN_COLUMNS = frozenset(
    re.findall(
        r"\w+",
        """action arb audit bare_station blocking_stations bof_status can_sequence class condition content_hash encoder
        event friction friction_source friction_type hash icxatrs input_hash key kind lead_station made mode model
        name outcome output_class override owner parent prose_source provider record_hash rests_on round routing
        scenario_id scenario_type session_id sha256 source state station status trust unlearned_class
        unlearned_trust verdict""",
    )
)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("memory.db*"))


def test_an_episode_leaves_no_byte_behind(data_folder: Path) -> None:
    with memory() as connection:
        first, _ = keep(connection, ZITHER, OTHER, vectors=True)
        give_feedback(connection, first, "agree", "Zerlina agrees.", NOW)
    done = forget_episode(first)
    assert done.removed["episodes with their words in the index"] == 1
    assert done.removed["vectors"] == 1
    assert done.removed["words of feedback"] == 1
    assert done.still == []
    assert b"erlina" not in bytes_of(data_folder)
    assert b"zither" not in bytes_of(data_folder)
    with memory() as connection:
        assert recall(connection, ZITHER, means="lexical") == []
        assert all(hit.id != first for hit in recall(connection, ZITHER))
        assert recall(connection, OTHER)[0].id == 2
    assert diagnose(data_folder, thorough=True).healthy


def test_redacting_keeps_what_was_decided(data_folder: Path) -> None:
    with memory() as connection:
        (id_,) = keep(connection, ZITHER, vectors=True)
    done = forget_episode(id_, redact=True)
    assert list(done.redacted.values()) == [1]
    assert b"erlina" not in bytes_of(data_folder)
    with memory() as connection:
        told = episode(connection, id_)
        assert (told.text, told.prose) == (None, None)
        assert told.output_class
        assert connection.execute("SELECT count(*) FROM embeddings").fetchone()[0] == 0
        assert recall(connection, ZITHER) == []


def test_a_session_goes_with_where_it_stood() -> None:
    for text, session in ((ZITHER, "mine"), (OTHER, "mine"), (PLAIN, "other")):
        list(navigate(text, default_kit(None), asked=Asked(session=session)))
    done = forget_session("mine")
    assert (done.removed["episodes with their words in the index"], done.removed["loop states"]) == (2, 1)
    with memory() as connection:
        assert [row[0] for row in connection.execute("SELECT session FROM episodic_memory")] == ["other"]
        assert [row[0] for row in connection.execute("SELECT session FROM loop_state")] == ["other"]


def test_an_inner_house_session_goes_whole() -> None:
    with memory() as connection, transaction(connection):
        connection.execute(
            "INSERT INTO inner_house_sessions (session_id, problem, status, seed, model, created_ms, beat_ms)"
            " VALUES ('house-1', 'the zither', 'done', 1, 'none', 1, 1)"
        )
        connection.execute(
            "INSERT INTO inner_house_outputs (session_id, round, station, text, state, updated_ms)"
            " VALUES ('house-1', 'R1', 'S1', 'a zither', 'done', 1)"
        )
    done = forget_session("house-1")
    assert (done.removed["Inner House sessions"], done.removed["Inner House outputs"]) == (1, 1)


def test_rules_that_rested_on_what_is_gone_go_and_others_are_weighed_anew() -> None:
    with memory() as connection:
        keep(connection, *[RANK] * 9, session="a")
        learn(connection, NOW)
        assert len(rules(connection)) == 2
    forget_episode(1)
    with memory() as connection:
        assert {(len(rule.episodes), rule.n) for rule in rules(connection)} == {(8, 8)}
    done = forget_session("a")
    assert done.removed["learned rules that rested on it alone"] == 2


def test_a_name_is_blackened_in_every_database(data_folder: Path) -> None:
    text = "Zerlina's zither. My aunt ZERLINA wants it back; Zerlinas are rare."
    with memory() as connection:
        (id_,) = keep(connection, text, vectors=True)
        give_feedback(connection, id_, "override", "I asked Zerlina.", NOW)
        with transaction(connection):
            connection.execute("INSERT INTO search_cache VALUES ('who is Zerlina', 'ddgs', '[]', 1)")
    with open_rw("prime_experiment") as prime, transaction(prime):
        prime.execute(
            "INSERT INTO components (source, name, station, first_cycle, last_cycle, uses, description)"
            " VALUES ('loop_b', 'Zerlina gate', 'S1', 1, 1, 1, 'after Zerlina')"
        ) if prime.execute("SELECT 1 FROM sqlite_schema WHERE name = 'components'").fetchone() else None
    done = forget_name("Zerlina")
    assert done.redacted["episodic_memory.input"] == 1
    assert done.redacted["feedback.reason"] == 1
    assert done.redacted["search_cache (removed)"] == 1
    held = bytes_of(data_folder)
    assert b"ZERLINA" not in held
    assert held.count(b"Zerlina") == held.count(b"Zerlinas")  # another word is left alone
    with memory() as connection:
        told = episode(connection, id_)
        state = state_of(connection, id_)
        assert told.text == text.replace("Zerlina's", "███████'s").replace("ZERLINA", "███████")
        assert state is not None
        assert state.text == told.text
        for finding in state.findings:
            assert all(state.text[span.start : span.end] == span.text for span in finding.spans)
        assert recall(connection, "aunt wants the zither back")[0].id == id_  # found again by its new words
        vectors = connection.execute("SELECT count(*) FROM embeddings").fetchone()[0]
        assert vectors == (1 if encoder.available() else 0)
    assert diagnose(data_folder, thorough=True).healthy


@pytest.mark.parametrize("written", ["José", "Jose\u0301", "JOSÉ", "José  María"])
def test_a_name_is_found_however_it_is_spelled(written: str) -> None:
    name = "José María" if "María" in written else "José"
    with memory() as connection:
        keep(connection, f"I promised {written} to sell the boat.")
    assert forget_name(name).redacted["episodic_memory.state"] == 1
    with memory() as connection:
        raw = connection.execute("SELECT input || state || prose FROM episodic_memory").fetchone()[0]
    assert "Jos" not in raw.replace("JOS", "Jos")


def test_a_name_in_the_chain_of_records_is_told() -> None:
    from nma13.store.records import append_record

    with memory() as connection:
        append_record(connection, {"text": "Zerlina decides"}, NOW)
    assert "1 decision records" in forget_name("Zerlina").still[0]


def test_a_document_goes_with_its_passages_and_the_answers_that_had_it(data_folder: Path) -> None:
    with memory() as connection:
        with transaction(connection):
            connection.execute(
                "INSERT INTO documents (name, kind, content_hash, bytes, characters, created_ms)"
                " VALUES ('will.txt', 'txt', 'h', 9, 9, 1)"
            )
            connection.execute(
                'INSERT INTO document_chunks (document, position, start, "end", text)'
                " VALUES (1, 0, 0, 9, 'the zither goes to Zerlina')"
            )
        passage = Material(MaterialKind.DOCUMENT, "will.txt", "the zither goes to Zerlina", "will.txt")
        context = NavigationContext(document_passages=(passage,))
        state = interpret(run(PLAIN, context, default_kit(None)), None)
        store_episode(connection, state, "s", NOW)
    done = forget_document("will.txt")
    assert done.removed["passages"] == done.removed["documents"] == 1
    assert done.redacted["answers that had it at hand"] == 1
    assert b"erlina" not in bytes_of(data_folder)
    assert b"will.txt" not in bytes_of(data_folder)
    with pytest.raises(DocumentError, match=r"no document.*Nothing was changed"):
        forget_document("will.txt")


def test_a_word_that_is_one_documents_number_and_anothers_name_removes_neither() -> None:
    with memory() as connection, transaction(connection):
        connection.executemany(
            "INSERT INTO documents (name, kind, content_hash, bytes, characters, created_ms)"
            " VALUES (?, 'txt', ?, 9, 9, 1)",
            [("2", "a"), ("lease.txt", "b"), ("lease.txt", "c")],
        )
    with pytest.raises(DocumentError, match=r"several documents: #2 «lease\.txt», #1 «2»"):
        forget_document("2")
    with pytest.raises(DocumentError, match=r"#3 «lease\.txt», #2 «lease\.txt»"):
        forget_document("lease.txt")
    assert forget_document("#2").lines()[0] == "Document 2, «lease.txt», is forgotten."
    assert [one.id for one in documents.documents()] == [3, 1]
    forget_document("2")  # nobody's number any more: the name alone
    assert [one.id for one in documents.documents()] == [3]


def test_what_is_old_goes_and_retention_sees_to_it_after_each_run() -> None:
    with memory() as connection:
        keep(connection, ZITHER, OTHER)
    now = NOW + 40 * DAY_MS
    assert retain(now_ms=now) is None  # kept until told otherwise
    set_retention(30)
    for _ in range(2):  # all at once is announced by one run and done by the next
        list(navigate(PLAIN, default_kit(None), clock=lambda: now))
    with memory() as connection:
        assert retention(connection) == 30
        assert [row[0] for row in connection.execute("SELECT id FROM episodic_memory")] == [3, 4]
    assert forget_older_than(0.5, now_ms=now + DAY_MS).removed["episodes with their words in the index"] == 2


def test_setting_a_retention_removes_nothing_yet_and_says_how_many_will_go() -> None:
    with memory() as connection:
        keep(connection, ZITHER, OTHER)  # of long ago
    assert set_retention(1) == 2
    assert set_retention(None) == 0
    assert forget_episode(1).found


def test_a_name_that_stands_nowhere_is_not_said_to_be_forgotten() -> None:
    with memory() as connection:
        keep(connection, OTHER)
    assert forget_name("Zerlina").lines() == ["The name: nothing was found that can be removed; nothing was changed."]


def test_copies_made_before_are_named(data_folder: Path) -> None:
    with memory() as connection:
        keep(connection, ZITHER)
    (data_folder / "backups" / "nma-backup-1").mkdir(parents=True)
    assert "backups/nma-backup-1" in forget_episode(1).still[0]


@pytest.mark.parametrize(
    "nothing",
    [
        lambda: forget_episode(9),
        lambda: forget_session("nowhere"),
        lambda: forget_name("x"),
        lambda: set_retention(0),
    ],
)
def test_what_is_not_there_is_said(nothing) -> None:
    with pytest.raises(ForgettingError, match=r"nothing was changed|needed"):
        nothing()


def test_a_name_is_a_word_of_its_own() -> None:
    assert pattern_of("Ann").search("Ann, and anne") is not None
    assert pattern_of("Ann").search("Anne Mannheim") is None
    assert pattern_of("A. (B").search("a.  (b") is not None


def test_every_text_column_is_known_to_hold_words_or_not() -> None:
    for database in DATABASES:
        connection = open_rw(database)
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            " AND name NOT LIKE '%\\_text\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'rollup_%'"
        ).fetchall()
        for (table,) in tables:
            words = WORDS.get(table, ()) + CHAINED.get(table, ())
            for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
                known = column["name"] in words or column["name"] in PLAIN_COLUMNS
                assert column["type"] != "TEXT" or known, f"does {table}.{column['name']} hold words?"
        connection.close()


def test_a_retention_that_no_database_can_count_is_refused() -> None:
    with pytest.raises(ForgettingError, match="nothing was changed"):
        set_retention(10**12)
    assert retain() is None
