"""An episode is one unit: the row, its words in the index, its vector; what belongs to others is not in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nma13.context import Episode, Material, MaterialKind, NavigationContext
from nma13.kit import default_kit
from nma13.memory import EpisodeError, episode, give_feedback, recent, state_of, statistics, store_episode
from nma13.pipeline import run
from nma13.terms import OutputClass, Routing
from tests.nma13.memory.helpers import NOW, PLAIN, RANK, keep, memory


def test_a_run_is_stored_with_what_decided_and_read_back_whole() -> None:
    with memory() as connection:
        (id_,) = keep(connection, RANK.format(n=1))
        told = episode(connection, id_)
        state = state_of(connection, id_)
    assert (told.output_class, told.routing, told.trust) == ("HEDGED VECTOR", "STANDARD", "HEDGE")
    assert told.icxatrs == "I=FALSE C=FALSE X=FALSE A=FALSE T=FALSE R=FALSE S=UNKNOWN"
    assert told.prose
    assert state is not None
    assert state.text == told.text == RANK.format(n=1)


def test_recent_goes_backwards_and_by_session() -> None:
    with memory() as connection:
        ids = keep(connection, *[PLAIN.format(n=n) for n in range(5)])
        keep(connection, PLAIN.format(n=9), session="s2")
        assert [one.id for one in recent(connection, 2)] == [6, 5]
        assert [one.id for one in recent(connection, 2, session="s1")] == [ids[4], ids[3]]
        assert [one.id for one in recent(connection, 2, before=ids[2])] == [ids[1], ids[0]]


def test_the_stored_state_holds_no_words_of_other_episodes_or_documents() -> None:
    context = NavigationContext(
        similar_episodes=(Episode(7, "SECRET-A", Routing.STANDARD, OutputClass.VECTOR, 0.5),),
        document_passages=(Material(MaterialKind.DOCUMENT, "will.pdf", "SECRET-B", "will.pdf"),),
        web_results=(Material(MaterialKind.WEB, "page", "SECRET-C", "https://example.org"),),
    )
    state = run(PLAIN, context, default_kit(None))
    with memory() as connection:
        id_ = store_episode(connection, state, "s", NOW)
        raw = connection.execute("SELECT state FROM episodic_memory").fetchone()[0]
        again = state_of(connection, id_)
    assert "SECRET" not in raw
    assert again is not None
    assert again.context.similar_episodes[0].id == 7
    assert again.context.document_passages[0].source == "will.pdf"


def test_half_of_a_surrogate_pair_can_be_stored() -> None:
    with memory() as connection:
        (id_,) = keep(connection, "I want to paint \ud83d the fence.")
        assert "\ufffd" in (episode(connection, id_).text or "")


def test_statistics_count() -> None:
    with memory() as connection:
        keep(connection, PLAIN, RANK, RANK)
        told = statistics(connection)
    assert (told.episodes, told.sessions, told.vectors) == (3, 1, 0)
    assert told.classes == {"HEDGED VECTOR": 2, "VECTOR": 1}


def test_the_latest_word_on_a_decision_counts() -> None:
    with memory() as connection:
        (id_,) = keep(connection, PLAIN)
        give_feedback(connection, id_, "agree", "", NOW)
        give_feedback(connection, id_, "override", "I know this fence.", NOW + 1)
        rows = connection.execute("SELECT verdict, reason FROM feedback").fetchall()
        assert [tuple(row) for row in rows] == [("override", "I know this fence.")]
        assert episode(connection, id_).verdicts == "override"
        with pytest.raises(EpisodeError, match="no episode 99"):
            give_feedback(connection, 99, "agree", "", NOW)
        with pytest.raises(EpisodeError, match="no verdict"):
            give_feedback(connection, id_, "great", "", NOW)  # type: ignore[arg-type]


def test_a_half_written_episode_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("nma13.memory.episodes.store_vector", fails)
    with memory() as connection:
        with pytest.raises(RuntimeError):
            keep(connection, PLAIN, vectors=True)
        assert recent(connection) == []
        assert connection.execute("SELECT count(*) FROM episodic_memory_text_docsize").fetchone()[0] == 0


def test_a_listed_episode_is_a_value() -> None:
    with memory() as connection:
        (id_,) = keep(connection, PLAIN)
        assert replace(episode(connection, id_)) == recent(connection)[0]
