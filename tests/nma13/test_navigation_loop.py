"""Six stages, one turn a text; where it stands survives a restart, and memory never stops a navigation."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.interpreter import Finished, Shown
from nma13.kit import default_kit
from nma13.memory import recent, state_of
from nma13.navigation_loop import Asked, Turn, load_loop, navigate
from nma13.pipeline import InputError
from nma13.state import PipelineState
from nma13.store import open_ro
from nma13.terms import OutputClass, TrustGate
from tests.nma13.memory.helpers import PLAIN, RANK, memory

pytestmark = pytest.mark.slow

PIANIST = "The operation on my hand may end my playing for good, and without it the pain goes on."
ASKED = Asked(session="today")


def turn(text: str, asked: Asked = ASKED) -> Turn:
    *_, last = navigate(text, default_kit(None), asked=asked)
    assert isinstance(last, Turn)
    return last


def test_the_stages_come_in_order_and_the_turn_is_stored() -> None:
    steps = list(navigate(PIANIST, default_kit(None), asked=ASKED))
    assert isinstance(steps[0], PipelineState)
    assert isinstance(steps[1], Shown)
    assert isinstance(steps[-2], Finished)
    last = steps[-1]
    assert isinstance(last, Turn)
    with memory() as connection:
        assert [one.id for one in recent(connection)] == [last.episode]
        loop = load_loop(connection, "today")
    assert loop == last.loop
    assert (loop.cycle, loop.output_class) == (1, OutputClass.HEDGED_VECTOR)


def test_do_not_store_this_leaves_no_trace(data_folder: Path) -> None:
    turn(PLAIN)
    last = turn("The zither must not be remembered.", replace(ASKED, store=False))
    assert last.episode is None
    assert last.loop.cycle == 2
    with memory() as connection:
        assert len(recent(connection)) == 1
        assert load_loop(connection, "today").cycle == 1
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"zither" not in (data_folder / "memory.db").read_bytes()


def test_the_next_turn_is_given_the_handshake_and_what_resembles_it() -> None:
    turn(PIANIST)
    state = turn("My hand operation may end my playing for good.").state
    assert state.context.loop_cycle == 2
    assert state.context.prior_handshake is not None
    assert state.context.prior_handshake.output_class is OutputClass.HEDGED_VECTOR
    assert [episode.id for episode in state.context.similar_episodes] == [1]
    assert state.context.similar_episodes[0].text == PIANIST


def test_without_recall_the_run_is_as_on_an_empty_store() -> None:
    first = turn(PIANIST).state
    again = turn(PIANIST, replace(ASKED, recall=False, store=False)).state
    assert again.context.similar_episodes == ()
    assert again.context.loop_cycle == 0
    assert again.engine == first.engine


def test_an_unsound_episode_is_kept_out_with_the_reason_stored() -> None:
    turn("Research proves that 80 % of families regret the move to Lisbon.")
    last = turn("Should we move the families to Lisbon?")
    assert last.state.context.similar_episodes == ()
    with memory() as connection:
        stored = state_of(connection, last.episode or 0)
    assert stored is not None
    assert any("Episode 1 resembles" in n.text and "STATISTICAL" in n.text for n in stored.notices)


def test_where_the_loop_stands_survives_a_restart_of_the_process() -> None:
    turn(PIANIST)
    script = (
        "from nma13.kit import default_kit; from nma13.navigation_loop import *\n"
        "*_, last = navigate('I will paint the fence.', default_kit(None), asked=Asked(session='today'))\n"
        "print(last.loop.cycle, last.state.context.prior_handshake.routing)"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["2", "NMA-3"]


def test_a_new_session_has_no_handshake_but_the_cycles_go_on() -> None:
    turn(PIANIST)
    last = turn(PLAIN, Asked(session="tomorrow"))
    assert last.state.context.prior_handshake is None
    assert last.loop.cycle == 2


def test_every_fifth_cycle_learns_and_a_later_decision_names_the_episodes_behind_it() -> None:
    turns = [turn(RANK.format(n=n)) for n in range(10)]
    assert [number for number, one in enumerate(turns, 1) if one.learned] == [5, 10]
    raised = turn(PLAIN)
    assert raised.state.engine is not None
    assert raised.state.engine.trust_without_priors is TrustGate.PROCEED
    assert raised.state.trust is TrustGate.HEDGE
    told = next(notice.text for notice in raised.state.notices if notice.code == "learned")
    assert "#1, #2, #3" in told
    assert any(step.rule.startswith("LEARNED-") for step in raised.state.engine.derivations)


def test_a_text_that_is_not_taken_stores_nothing() -> None:
    with pytest.raises(InputError):
        turn("   ")
    with memory() as connection:
        assert recent(connection) == []


def test_a_broken_store_is_told_and_the_answer_is_whole(data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "memory.db").write_text("this is no database, and long enough to be looked at" * 40)
    last = turn(PIANIST)
    assert last.state.interpretation is not None
    assert last.episode is None
    assert [notice.code for notice in last.state.notices].count("memory") == 2


def test_a_failure_of_learning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("nma13.learning.observe", breaks)
    last = [turn(PLAIN) for _ in range(5)][-1]
    assert any(n.code == "learning" and "No rule was changed" in n.text for n in last.state.notices)


def test_the_store_is_not_held_while_the_words_are_written() -> None:
    steps = navigate(PIANIST, default_kit(None), asked=ASKED)
    next(steps)
    next(steps)
    other = open_ro("memory")
    other.execute("SELECT 1")
    with memory() as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    assert isinstance(list(steps)[-1], Turn)
    other.close()


def test_a_session_may_be_called_what_a_shell_hands_over() -> None:
    assert turn(PLAIN, Asked(session="caf\udce9")).episode is not None
