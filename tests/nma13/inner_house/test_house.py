"""A session from its gates to its resolution: in this process for the logic, in its own for the machinery."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from nma13.context import NavigationContext
from nma13.errors import UsageError
from nma13.inner_house import (
    Asked,
    Declined,
    Session,
    Started,
    cancel,
    look,
    process,
    recent,
    resume,
    runner,
    start,
    wait,
)
from nma13.inner_house import coordinator as house
from nma13.inner_house.runner import Watch, run
from nma13.llm import Chunk
from nma13.llm.scripted import ScriptedModel
from nma13.store import LOOPS, open_ro, open_rw
from nma13.store.units import CycleResult, CycleStart, StationOutput, begin_cycle, finish_cycle, write_output
from tests.nma13.inner_house.asked import DANGER, PROBLEM, SCRIPTED, until

pytestmark = pytest.mark.slow

COLLISION = "I cannot keep my promise to my father and also keep my promise to my son."
ROUNDS, STATIONS = ("R1", "R2", "R3"), tuple(f"S{number}" for number in range(1, 8))


class Told(ScriptedModel):
    """Answers the classification as it is told to."""

    def __init__(self, friction: str) -> None:
        super().__init__()
        self.friction = friction

    def _reply(self, request):
        if request.json_schema is None:
            return super()._reply(request)
        return json.dumps(
            {"friction_type": self.friction, "lead_station": "S4", "friction_source": "work", "arb_note": "open"}
        )


def done(session: str, folder: Path, model: ScriptedModel) -> Session:
    state = house.decide(look(session, folder).problem or "")
    run(session, folder, model, Watch(session, folder, 60), state)
    return look(session, folder)


def cycle(folder: Path, number: int, kind: str, text: str) -> None:
    loop = LOOPS["loop_a"]
    with closing(open_rw("memory", folder)) as connection:
        begin_cycle(connection, loop, CycleStart(number, "x", kind, 1, "scripted", 1))
        for round_ in ROUNDS:
            for station in STATIONS:
                words = text if (round_, station) == ("R3", "S2") else "Something stays open here."
                write_output(
                    connection, loop, StationOutput(number, round_, station, words, 1, "scripted", "batched", 1)
                )
        finish_cycle(connection, loop, CycleResult(number, number, "ok", "{}", "IRREDUCIBLE", "time", "S2", "open"), [])


def test_a_whole_session(begun, tmp_path: Path) -> None:
    session = done(begun(), tmp_path, Told("PRODUCTIVE"))
    assert session.status == "done"
    assert [(w.round, w.station) for w in session.words] == [(r, s) for r in ROUNDS for s in STATIONS]
    assert all(word.done for word in session.words)
    assert (session.friction_type, session.lead_station, session.bof_status) == ("PRODUCTIVE", "S4", "ok")
    assert session.resolution
    assert session.notes["precommitted"] == ["Am I right"]


def test_the_stations_may_not_lower_a_friction_that_the_gates_found(begun, tmp_path: Path) -> None:
    session = done(begun(problem=COLLISION), tmp_path, Told("PRODUCTIVE"))
    assert session.friction_type == "IRREDUCIBLE"
    assert "may not lower" in session.notes["friction_floor"]


def test_what_each_layer_says_of_identity_and_of_premises(begun, tmp_path: Path) -> None:
    model = Told("PRODUCTIVE")
    done(begun(), tmp_path, model)
    asked = ["\n".join(message.content for message in call.messages) for call in model.calls]
    assert len(asked) == 23
    assert all("No station asks who the person is" in words for words in asked)
    first, third, resolve = asked[0], asked[14], asked[-1]
    assert "PREMISE_VERIFICATION_CHECK" in first
    assert "UNVERIFIED PREMISE:" in first
    assert "CONFIDENCE_WARRANT_CHECK" in first
    assert "Do not validate" in first
    assert "No question about who the person is" in third.rsplit("ROUND 3", 1)[1]
    assert "No question about who the person is" in resolve.rsplit("already classified", 1)[1]
    assert "already classified and is not reopened: PRODUCTIVE" in resolve


def test_a_rounds_prompts_share_everything_but_their_last_message(begun, tmp_path: Path) -> None:
    model = Told("PRODUCTIVE")
    done(begun(), tmp_path, model)
    for number in range(3):
        round_ = model.calls[7 * number : 7 * number + 7]
        assert len({call.messages[0].content for call in round_}) == 1
        assert len({call.messages[1].content for call in round_}) == 7


def test_a_tragic_fork_has_only_its_sentence(begun, tmp_path: Path) -> None:
    session = done(begun(), tmp_path, Told("TRAGIC FORK"))
    assert session.resolution is not None
    assert session.resolution.startswith("Every path here carries irreversible loss. ")
    assert session.resolution.endswith(" This cannot be resolved — only carried.")
    third = " ".join(word.text for word in session.words if word.round == "R3")
    losses = session.resolution.split(". ")[1:3]
    assert len(losses) == 2
    assert all(loss in third for loss in losses)


def test_a_classification_that_cannot_be_read_is_a_status_and_no_friction(begun, tmp_path: Path) -> None:
    session = done(begun(), tmp_path, Told("SIDEWAYS"))
    assert (session.bof_status, session.friction_type) == ("parse_error", None)
    assert session.resolution is not None
    assert "nothing is resolved" in session.resolution


def test_a_session_that_was_cut_off_goes_on_where_it_stopped(begun, tmp_path: Path) -> None:
    whole = done(begun(), tmp_path, Told("PRODUCTIVE"))
    cut = begun()
    with closing(open_rw("memory", tmp_path)) as connection:
        for word in whole.words[:9]:
            house.sessions.write_words(connection, cut, [word], 1)
    model = Told("PRODUCTIVE")
    again = done(cut, tmp_path, model)
    assert len(model.calls) == 21 - 9 + 2
    assert [word.text for word in again.words] == [word.text for word in whole.words]


def test_terrain_is_what_passed_the_gate_and_the_rest_is_kept_with_its_reason(begun, tmp_path: Path) -> None:
    kind = look(begun(), tmp_path).scenario_type or ""
    cycle(tmp_path, 1, kind, "From here neither promise can be put down.")
    cycle(tmp_path, 2, kind, "Research proves that sons forgive, and the matter is settled.")
    other = next(one for one in ("Capacity Collapse", "Standing Conflict") if one != kind)
    cycle(tmp_path, 3, other, "This is about something else.")
    model = Told("PRODUCTIVE")
    session = done(begun(), tmp_path, model)
    assert {ground.cycle: ground.included for ground in session.terrain} == {1: True, 2: False}
    assert next(ground.reason for ground in session.terrain if ground.cycle == 2)
    assert "neither promise can be put down" in model.calls[0].messages[0].content
    assert "sons forgive" not in model.calls[0].messages[0].content
    assert session.loop_context is not None
    assert "loop_a cycle 1" in session.loop_context


def test_without_terrain_nothing_of_the_loops_is_given(begun, tmp_path: Path) -> None:
    kind = look(begun(), tmp_path).scenario_type or ""
    cycle(tmp_path, 1, kind, "From here neither promise can be put down.")
    session = look(begun(Asked(terrain=False, model="scripted:")), tmp_path)
    assert session.terrain == ()
    assert "switched off" in session.notes["terrain"]


def test_a_cold_start_is_said(begun, tmp_path: Path) -> None:
    assert look(begun(), tmp_path).notes["terrain"].startswith("Cold start")


def test_a_crisis_starts_nothing_and_stores_nothing(tmp_path: Path) -> None:
    found = start(DANGER, SCRIPTED, tmp_path)
    assert isinstance(found, Declined)
    assert found.words
    assert not (tmp_path / "memory.db").exists()


def test_without_a_model_it_is_said_and_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a language model"):
        start(PROBLEM, Asked(model="none"), tmp_path)
    assert not (tmp_path / "memory.db").exists()


def test_words_stream_into_the_store_and_a_cancel_ends_it(tmp_path: Path) -> None:
    found = start(PROBLEM, Asked(model="scripted: --pace 3"), tmp_path)
    assert isinstance(found, Started)
    until(lambda: any(word.text and not word.done for word in look(found.session, tmp_path).words))
    assert cancel(found.session, tmp_path)
    assert look(found.session, tmp_path).status == "cancelled"
    until(lambda: house.read_holder(tmp_path / "inner_house.lock") is None, 10)
    assert not cancel(found.session, tmp_path)


def test_the_first_whole_words_are_shown_at_once(begun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a word comes first and cannot be shown; the words after it must not wait for the next turn to write."""
    monkeypatch.setattr(runner, "FLUSH_S", 60.0)
    session, shown = begun(), []

    class Halting(Told):
        def stream_many(self, requests, cancel=None):
            for piece in ("Noth", "ing", " is", " settled"):
                yield 0, Chunk(piece)
            shown.extend(word.text for word in look(session, tmp_path).words if word.round == "R1")
            yield from super().stream_many(requests, cancel)

    done(session, tmp_path, Halting("PRODUCTIVE"))
    assert shown[0] == "Nothing is"


def test_a_session_cancelled_while_its_process_starts_stays_cancelled(tmp_path: Path) -> None:
    found = start(PROBLEM, Asked(model="scripted: --pace 0.2"), tmp_path)
    assert isinstance(found, Started)
    assert cancel(found.session, tmp_path)
    pid = look(found.session, tmp_path).pid
    assert pid is not None
    until(lambda: not house._is_there(pid))
    session = look(found.session, tmp_path)
    assert session.status == "cancelled"
    assert sum(word.done for word in session.words) < len(ROUNDS) * len(STATIONS)
    assert session.resolution is None


def test_a_cancel_that_comes_before_the_work_is_heeded(begun, tmp_path: Path) -> None:
    session, model = begun(), Told("PRODUCTIVE")
    cancel(session, tmp_path)
    assert done(session, tmp_path, model).status == "cancelled"
    assert model.calls == []


def test_a_dead_runner_is_reported_and_the_session_can_go_on(tmp_path: Path) -> None:
    found = start(PROBLEM, Asked(model="scripted: --pace 0.2"), tmp_path)
    assert isinstance(found, Started)
    until(lambda: sum(word.done for word in look(found.session, tmp_path).words) >= 8)
    with pytest.raises(Exception, match="already under way"):
        start(PROBLEM, SCRIPTED, tmp_path)
    pid = look(found.session, tmp_path).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: look(found.session, tmp_path).status == "failed", 5)
    failed = look(found.session, tmp_path)
    assert failed.error is not None
    assert "is kept" in failed.error
    kept = [word for word in failed.words if word.done]
    resume(found.session, tmp_path)
    session = wait(found.session, tmp_path)
    assert session.status == "done"
    assert [w for w in session.words if (w.round, w.station) in {(k.round, k.station) for k in kept}] == kept


def test_a_runner_that_is_only_slow_to_start_is_not_reported_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "SIGNS_WITHIN_MS", 0)
    ordinary = subprocess.Popen

    def held_up(*words, **how):
        process = ordinary(*words, **how)
        process.send_signal(signal.SIGSTOP)
        return process

    monkeypatch.setattr(process.subprocess, "Popen", held_up)
    found = start(PROBLEM, SCRIPTED, tmp_path)
    assert isinstance(found, Started)
    time.sleep(0.1)
    slow = look(found.session, tmp_path)
    assert (slow.status, slow.error) == ("starting", None)
    assert slow.pid is not None
    monkeypatch.setattr(house, "SIGNS_WITHIN_MS", 4_000)
    os.kill(slow.pid, signal.SIGCONT)
    assert wait(found.session, tmp_path).status == "done"


def test_a_session_goes_on_at_once_after_its_cancel(tmp_path: Path) -> None:
    """Its process may still be giving its model back; that is waited for and no reason to refuse."""
    found = start(PROBLEM, Asked(model="scripted: --pace 1"), tmp_path)
    assert isinstance(found, Started)
    until(lambda: look(found.session, tmp_path).status == "running")
    cancel(found.session, tmp_path)
    assert isinstance(resume(found.session, tmp_path), Started)
    until(lambda: look(found.session, tmp_path).status == "running")
    cancel(found.session, tmp_path)


def test_the_time_can_run_out(tmp_path: Path) -> None:
    found = start(PROBLEM, Asked(model="scripted: --pace 3", timeout_s=1.0), tmp_path)
    assert isinstance(found, Started)
    session = wait(found.session, tmp_path)
    assert session.status == "timeout"


def test_a_resumed_session_keeps_what_its_gates_were_given(tmp_path: Path, begun, monkeypatch) -> None:
    session = begun(Asked(model="scripted:", context=NavigationContext(locale="de-DE")))
    cancel(session, tmp_path)
    seen: list[str] = []
    ordinary = house.run_gates

    def gates(text, context, kit):
        seen.append(context.locale)
        return ordinary(text, context, kit)

    monkeypatch.setattr(house, "run_gates", gates)
    assert isinstance(resume(session, tmp_path), Started)
    assert seen == ["de-DE"]


def test_a_session_whose_words_are_now_a_crisis_is_not_resumed(tmp_path: Path, begun) -> None:
    session = begun()
    cancel(session, tmp_path)
    with closing(open_rw("memory", tmp_path)) as connection:
        words = DANGER
        connection.execute("UPDATE inner_house_sessions SET problem = ?", (words,))
    declined = resume(session, tmp_path)
    assert isinstance(declined, Declined)
    assert declined.words
    assert look(session, tmp_path).status == "cancelled"


def test_the_list_is_newest_first(begun, tmp_path: Path) -> None:
    first, second = begun(), begun()
    with closing(open_ro("memory", tmp_path)) as connection:
        assert [session.id for session in recent(connection)] == [second, first]
