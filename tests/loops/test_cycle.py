"""One cycle, written once for all four loops: what is stored, what is remembered, what a parse error is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loops.cycle import next_cycle, run_cycle
from loops.registry import PROGRAMMES
from loops.search_feeder import Feeder
from nma13.llm.scripted import ScriptedModel
from nma13.store import open_rw
from tests.loops.helpers import NOW, cycles, means

A, B, C, D = (PROGRAMMES[letter] for letter in "abcd")
BOF = (
    '{"friction_type": "IRREDUCIBLE", "lead_station": "S4", "friction_source": "promise and roof", "arb_note": "open"}'
)
PART = '{"component": "Slow Gate", "station": "S2", "description": "waits", "architecture_note": "needs a brake"}'
YES = "GOOD BODY CAN MOVE HERE NOW. The lean is toward the water."


@pytest.mark.parametrize("loop", PROGRAMMES.values(), ids=lambda loop: loop.source)
def test_a_cycle_is_21_outputs_a_ledger_and_an_arbitration(loop, tmp_path: Path) -> None:
    connection = open_rw(loop.tables.database, tmp_path)
    cycles(connection, loop, ScriptedModel(), [1])
    row = connection.execute(f"SELECT * FROM {loop.tables.cycles}").fetchone()
    assert (row["status"], row["output_count"], row["bof_status"]) == ("done", 21, "ok")
    assert (row["seed"], row["source"], row["friction_type"]) == (loop.seed(1), loop.source, "NONE")
    assert 0 < row["model_seconds"] < 5
    assert connection.execute("SELECT count(*) FROM knowledge_ledger").fetchone()[0] == 7
    assert next_cycle(connection, loop) == 2
    if loop.tables.asks_can:
        assert json.loads(row["blocking_stations"]) == ["S1", "S2", "S3", "S4", "S5", "S6", "S7"]
        assert row["can_resolved"] == 0


def test_what_the_arbitration_said_is_on_the_row_and_a_parse_error_is_no_friction(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    cycles(connection, A, ScriptedModel(replies=["I see."] * 21 + [BOF]), [1])
    cycles(connection, A, ScriptedModel(replies=["I see."] * 21 + ["NONE, I think"]), [2])
    good, broken = connection.execute("SELECT * FROM autonomous_loop_cycles ORDER BY cycle").fetchall()
    assert (good["friction_type"], good["lead_station"], good["friction_source"], good["arb_note"]) == (
        "IRREDUCIBLE", "S4", "promise and roof", "open",
    )  # fmt: skip
    assert (broken["bof_status"], broken["friction_type"], broken["lead_station"]) == ("parse_error", None, None)
    assert broken["bof_text"] == "NONE, I think"
    sums = connection.execute("SELECT cycles, parse_errors, resolved FROM rollup_cycles").fetchone()
    assert tuple(sums) == (2, 1, 0)


def test_a_can_that_all_confirm_is_resolved(tmp_path: Path) -> None:
    connection = open_rw("prime_experiment", tmp_path)
    cycles(connection, B, ScriptedModel(replies=[YES] * 21 + [BOF]), [1])
    row = connection.execute("SELECT * FROM prime_cycles").fetchone()
    assert (row["can_resolved"], row["blocking_stations"]) == (1, "[]")
    assert row["collective_lean"].startswith("the water (S1, ")
    confirmed = connection.execute("SELECT round, count(can_confirmed), sum(can_confirmed) FROM prime_loop GROUP BY 1")
    assert [tuple(r) for r in confirmed] == [("R1", 0, None), ("R2", 0, None), ("R3", 7, 7)]


def test_components_are_counted_and_shown_to_later_cycles(tmp_path: Path) -> None:
    connection = open_rw("cognition_experiment", tmp_path)
    cycles(connection, C, ScriptedModel(replies=(["I see."] * 21 + [BOF, PART]) * 2), [1, 2])
    part = connection.execute("SELECT * FROM components").fetchone()
    assert (part["name"], part["station"], part["uses"], part["first_cycle"], part["last_cycle"]) == (
        "slow gate", "S2", 2, 1, 2,
    )  # fmt: skip
    rows = connection.execute("SELECT architecture_note, context FROM cognition_cycles ORDER BY cycle").fetchall()
    assert {row["architecture_note"] for row in rows} == {"needs a brake"}
    assert "slow gate (S2)" in rows[1]["context"]
    assert "slow gate" not in rows[0]["context"]


def test_loop_d_tells_what_its_arrangements_did(tmp_path: Path) -> None:
    connection = open_rw("loop_d_experiment", tmp_path)
    replies = ["I see."] * 14 + [YES] + ["no"] * 6 + [BOF, PART]
    cycles(connection, D, ScriptedModel(replies=replies), [1])
    row = connection.execute("SELECT * FROM loop_d_cycles").fetchone()
    dealt = dict(connection.execute("SELECT station, can_sequence FROM loop_d WHERE round = 'R3'").fetchall())
    assert row["sequence_note"].startswith(f"confirmed: S1 {dealt['S1']}. Blocked: S2 {dealt['S2']};")
    assert connection.execute("SELECT sum(outputs), sum(confirmed) FROM rollup_positions").fetchone()[:] == (7, 1)


def test_only_sound_words_are_remembered_and_the_others_leave_a_reason(tmp_path: Path) -> None:
    """Three cycles on the same type; the last is given what passed the gate."""
    connection = open_rw("memory", tmp_path)
    from loops.scenarios import draw

    wanted = draw(A.seed(1)).type
    same = [cycle for cycle in range(1, 200) if draw(A.seed(cycle)).type == wanted][:5]
    sound = "From my station I cannot see what the brother would want."
    closing = "The tension is now resolved."
    confabulating = "Studies show that it passes."
    for cycle, text in zip(same, (sound, closing, confabulating, sound), strict=False):
        cycles(connection, A, ScriptedModel(replies=[text] * 21 + [BOF]), [cycle])
    last = ScriptedModel()
    cycles(connection, A, last, [same[4]])
    context = json.loads(
        connection.execute("SELECT context FROM autonomous_loop_cycles WHERE cycle = ?", (same[4],)).fetchone()[0]
    )
    assert context["remembered"] == [{"cycle": same[3], "station": "S4"}, {"cycle": same[0], "station": "S4"}]
    reasons = {entry["cycle"]: entry["reason"] for entry in context["excluded"]}
    assert reasons == {
        same[2]: "confabulation in 21 of the cycle's 21 outputs",
        same[1]: "the cycle did not pass Gate 2",
    }
    assert sound in last.calls[0].messages[0].content
    assert closing not in last.calls[0].messages[0].content


def test_found_material_is_fenced_and_kept_with_the_cycle(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    model = ScriptedModel()
    cycles(connection, A, model, [1], feeder=Feeder(lambda query: ["Guidelines recommend rest."]))
    assert "untrusted" in model.calls[0].messages[0].content
    record = json.loads(connection.execute("SELECT context FROM autonomous_loop_cycles").fetchone()[0])
    assert record["search"]["notice"] == ""
    assert record["blocks"][0]["lines"] == ["- Guidelines recommend rest."]


def interrupted(connection, loop, cycle: int, after: int, **changes) -> None:
    count = 0

    def counted(_) -> None:
        nonlocal count
        count += 1

    finished = run_cycle(
        connection, loop, cycle, means(ScriptedModel(), mode="sequential", **changes),
        stop=lambda: count == after, tell=counted,
    )  # fmt: skip
    assert not finished


@pytest.mark.slow
@pytest.mark.parametrize("loop", PROGRAMMES.values(), ids=lambda loop: loop.source)
def test_a_resumed_cycle_is_byte_equal_to_an_uninterrupted_one(loop, tmp_path: Path) -> None:
    """Stopped after the 1st, 9th and 20th output of the third cycle, and asked the same on return."""
    whole, cut = open_rw(loop.tables.database, tmp_path / "whole"), open_rw(loop.tables.database, tmp_path / "cut")
    feeder = Feeder(lambda query: [f"about {query}"])
    gone = Feeder(lambda query: ["the web says something else by now"])
    for connection in (whole, cut):
        cycles(connection, loop, ScriptedModel(), [1, 2], mode="sequential", feeder=feeder)
    cycles(whole, loop, ScriptedModel(), [3], mode="sequential", feeder=feeder)
    for after, material in ((1, feeder), (8, gone), (11, gone)):
        interrupted(cut, loop, 3, after, feeder=material)
    cycles(cut, loop, ScriptedModel(), [3], mode="sequential", feeder=gone)
    assert dump(whole, loop) == dump(cut, loop)


def dump(connection, loop) -> list[tuple]:
    """Everything but what time it was and how long it took."""
    clockwork = {"seconds", "model_seconds", "started_ms", "finished_ms", "created_ms", "id"}
    found = []
    for table in (loop.tables.cycles, loop.tables.outputs, "knowledge_ledger"):
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY id"):
            found.append(tuple(row[name] for name in row.keys() if name not in clockwork))  # noqa: SIM118
    return found


def test_the_clock_is_handed_in(tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    cycles(connection, A, ScriptedModel(), [1])
    row = connection.execute("SELECT started_ms, finished_ms FROM autonomous_loop_cycles").fetchone()
    assert tuple(row) == (NOW, NOW)
