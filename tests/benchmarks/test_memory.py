"""The recall set is what its page says; the judge counts right; meaning finds what words cannot; a session learns."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import learning
from benchmarks._recall_set import Query, episodes, judge, queries, store, tfidf_from_scratch
from nma13.memory import embed_missing, recall
from nma13.terms import OutputClass
from tests.nma13.memory.helpers import memory

pytestmark = pytest.mark.slow


def test_the_set_is_large_enough_and_its_labels_lead_somewhere() -> None:
    texts = episodes()
    asked = [*queries("tune"), *queries("test")]
    assert len(texts) == len(set(texts.values())) == 150
    assert len(asked) == len({query.id for query in asked}) == len({query.text for query in asked}) == 165
    assert all(query.relevant <= set(texts) for query in asked)
    assert all(bool(query.relevant) == (query.kind != "none") for query in asked)
    assert Counter(query.kind for query in queries("test"))["paraphrase"] >= 60


def test_the_judge_counts_shares_and_places() -> None:
    asked = [Query("1", "a", frozenset({"x"}), "", ""), Query("2", "b", frozenset({"x", "z"}), "", "")]
    found = {"a": [2, 1], "b": [3]}  # x second; z first and x not at all
    score = judge(lambda text: found[text], asked, ["x", "y", "z"])
    assert (score.recall_at_5, score.mrr) == ((1 + 0.5) / 2, (0.5 + 1) / 2)


def test_meaning_finds_paraphrases_that_words_do_not() -> None:
    texts = episodes()
    asked = [query for query in queries("test") if query.kind == "paraphrase"][::4]
    with memory() as connection:
        store(connection, texts.values())
        while embed_missing(connection):
            pass
        scratch = judge(lambda text: tfidf_from_scratch(connection, text), asked, list(texts))
        ours = judge(lambda text: [hit.id for hit in recall(connection, text)], asked, list(texts))
    assert ours.recall_at_5 > 2 * scratch.recall_at_5
    assert ours.mrr > 2 * scratch.mrr


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> list[learning.Taken]:
    return list(learning.session(tmp_path_factory.mktemp("session")))


def test_a_later_decision_moves_up_and_names_the_episodes(taken: list[learning.Taken]) -> None:
    moved = [one for one in taken if one.steps_up]
    assert len(taken) == 50
    assert moved
    for one in moved:
        state = one.turn.state
        assert one.steps_up == 1
        assert state.output_class == OutputClass.HEDGED_VECTOR
        (told, *_) = [notice.text for notice in state.notices if notice.code == "learned"]
        assert "(#1, #2" in told
        assert one.turn.episode is not None


def test_nothing_moves_down_and_a_rule_lets_go_again(taken: list[learning.Taken]) -> None:
    assert min(one.steps_up for one in taken) == 0
    assert any(one.turn.learned and one.turn.learned.lapsed for one in taken)
    assert taken[-1].turn.state.output_class == OutputClass.VECTOR
    assert not any(one.turn.learned and one.turn.learned.notice for one in taken)


def test_a_turn_is_kept_with_its_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "turns.jsonl"
    assert learning.main(["--short", "--turns", str(kept)]) == 0
    assert "decisions moved down" in capsys.readouterr().out
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 50
    assert '"by_the_gates_alone": "VECTOR", "decided": "HEDGED VECTOR"' in kept.read_text(encoding="utf-8")
