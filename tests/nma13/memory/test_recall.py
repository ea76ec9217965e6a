"""Recall finds by words, by meaning, and ranks both together; what has no words in common and no likeness stays out."""

from __future__ import annotations

import pytest

from nma13 import encoder
from nma13.memory import embed_missing, recall
from nma13.memory.ranking import BUDGET, THRESHOLD, candidates
from nma13.memory.vectors import NEAREST, nearest, next_generation, signs_of
from nma13.memory.words import counted, vocabulary
from nma13.store import open_ro, transaction
from tests.nma13.memory.helpers import NOW, memory

JOB = "My employer offers me a post in Lisbon and my daughter has just found friends at her school here."
DOG = "The old dog can hardly walk and the vet asks whether we want to let him go."
LOAN = "My cousin wants to borrow the savings that were meant for the roof."
DOG_AGAIN = "Our elderly pet is in pain and we must choose whether it is time to say goodbye."


def fill(connection, *texts: str) -> None:
    with transaction(connection):
        for place, text in enumerate(texts):
            connection.execute(
                "INSERT INTO episodic_memory (session, input, input_hash, icxatrs, override, routing, mode, friction,"
                " lead_station, trust, output_class, unlearned_trust, unlearned_class, created_ms) VALUES ('s', ?, '',"
                " 'I=LOW', 'NONE', 'STANDARD', 'GOVERNED', 'NONE', 'S1', 'PROCEED', 'VECTOR', 'PROCEED', 'VECTOR', ?)",
                (text, NOW + place),
            )


def test_the_same_words_are_found_without_the_encoder() -> None:
    with memory() as connection:
        fill(connection, JOB, DOG, LOAN)
        hits = recall(connection, "Should I lend my savings to my cousin?", means="lexical")
    assert [hit.id for hit in hits] == [3]
    assert hits[0].lexical >= THRESHOLD
    assert hits[0].meaning is None


def test_a_paraphrase_is_found_by_meaning_only() -> None:
    with memory() as connection:
        fill(connection, JOB, DOG, LOAN)
        assert embed_missing(connection) == 3
        assert recall(connection, DOG_AGAIN, means="lexical") == []
        hits = recall(connection, DOG_AGAIN)
    assert hits[0].id == 2
    assert hits[0].lexical < THRESHOLD < (hits[0].meaning or 0)


def test_nothing_alike_is_nothing_found() -> None:
    with memory() as connection:
        fill(connection, JOB, DOG, LOAN)
        embed_missing(connection)
        assert recall(connection, "photosynthesis in tropical algae") == []
        assert recall(connection, "the and of it is") == []
        assert recall(connection, "") == []


@pytest.mark.parametrize("hostile", ['"', "* OR NEAR(", "dog AND", "NOT dog", "input:dog", "\x00dog", "dog'; --"])
def test_a_query_is_words_never_syntax(hostile: str) -> None:
    with memory() as connection:
        fill(connection, DOG)
        recall(connection, hostile, means="lexical")


def test_accents_do_not_hide_a_word() -> None:
    with memory() as connection:
        fill(connection, "The café in Nîmes is for sale.")
        assert recall(connection, "cafe Nimes", means="lexical")


def test_rare_words_are_asked_first_and_common_ones_do_not_flood() -> None:
    common = [f"My sister and her house and the garden, matter {n}." for n in range(BUDGET + 50)]
    with memory() as connection:
        fill(connection, *common, "My sister wants the zither.")
        known = vocabulary(connection)
        assert known.rarest_first(counted("sister zither house"))[0] == "zither"
        found = candidates(connection, counted("sister zither house garden"), known)
        assert BUDGET + 51 in found
        assert candidates(connection, counted("sister garden"), known)  # only common words still find something
        assert recall(connection, "my sister and the zither", means="lexical")[0].id == BUDGET + 51


def test_a_reader_recalls_and_writes_nothing() -> None:
    with memory() as connection:
        fill(connection, DOG)
        embed_missing(connection)
    reader = open_ro("memory")
    assert recall(reader, "the dog can hardly walk")[0].id == 1
    assert reader.execute("PRAGMA query_only").fetchone()[0] == 1
    reader.close()


def test_what_another_process_added_or_took_is_noticed() -> None:
    with memory() as connection:
        fill(connection, DOG)
        embed_missing(connection)
        assert recall(connection, DOG_AGAIN)[0].id == 1
        fill(connection, JOB)
        embed_missing(connection)
        assert recall(connection, "a job abroad would take our child away from her classmates")[0].id == 2
        with transaction(connection):
            connection.execute("DELETE FROM episodic_memory WHERE id = 1")
        assert recall(connection, DOG_AGAIN) == []  # its vector went with it, whatever this process still knows
        fill(connection, DOG)
        assert embed_missing(connection) == 1
        next_generation(connection)
        assert recall(connection, DOG_AGAIN)[0].id == 3


def test_signs_choose_what_is_compared_exactly() -> None:
    import numpy as np

    spread = np.random.default_rng(1).standard_normal((3 * NEAREST, encoder.DIMENSIONS)).astype(np.float32)
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    with memory() as connection:
        with transaction(connection):
            connection.executemany(
                "INSERT INTO embeddings VALUES ('episode', ?, ?, ?)",
                [(n + 1, encoder.fingerprint(), v.tobytes()) for n, v in enumerate(spread)],
            )
        query = spread[17] + 0.05 * spread[18]
        query /= np.linalg.norm(query)
        found = nearest(connection, "episode", query)
    assert len(found) == NEAREST
    assert max(found, key=lambda id_: found[id_]) == 18
    assert found[18] == pytest.approx(float(spread[17] @ query), abs=1e-5)
    assert signs_of(spread).shape == (3 * NEAREST, 6)
