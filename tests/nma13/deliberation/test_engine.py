"""Rounds, resuming, stopping and the arbitration, on the scripted model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from nma13.deliberation import Block, Case, Output, Transcript, arbitrate, check_output, deliberate, load_programme
from nma13.deliberation.programme import STATIONS
from nma13.llm.scripted import ScriptedModel
from nma13.llm.types import Cancel

PROGRAMME = load_programme()
CASE = Case("SITUATION (Standing Conflict)", "Two sisters share the care of their father.", seed=179)
ALL = [(round_.name, station) for round_ in PROGRAMME.rounds for station in STATIONS]


def run(model: ScriptedModel, **options) -> tuple[list[Output], Transcript]:
    kept: list[Output] = []
    return kept, deliberate(PROGRAMME, CASE, model, kept.append, **options)


@cache
def uninterrupted() -> list[Output]:
    return run(ScriptedModel(), mode="sequential")[0]


def units(kept: Sequence[Output]) -> list[tuple[str, str]]:
    return [(output.round, output.station) for output in kept]


def test_every_station_speaks_once_in_every_round() -> None:
    kept, transcript = run(ScriptedModel())
    assert sorted(units(kept)) == sorted(ALL)
    assert transcript.complete
    assert transcript.said == {(o.round, o.station): o.text for o in kept}
    assert len({output.seed for output in kept}) == 21


def test_what_is_shared_comes_first_and_only_grows() -> None:
    model = ScriptedModel()
    run(model)
    rounds = [model.calls[i : i + 7] for i in (0, 7, 14)]
    shared = []
    for calls in rounds:
        assert len({call.messages[:-1] for call in calls}) == 1
        assert len({call.messages[-1] for call in calls}) == 7
        shared.append(calls[0].messages[0].content)
    assert shared[1].startswith(shared[0])
    assert shared[2].startswith(shared[1])
    assert CASE.text in shared[0]
    assert rounds[1][5].messages[-1].content.startswith("Speak as S6 Intimacy, in the first person.")


@settings(max_examples=22, deadline=None)
@given(st.integers(0, 21))
def test_a_deliberation_goes_on_at_what_is_missing_and_ends_the_same(first: int) -> None:
    """One after another, an interruption anywhere changes nothing."""
    whole = uninterrupted()
    said = {(o.round, o.station): o.text for o in whole[:first]}
    rest, transcript = run(ScriptedModel(), mode="sequential", said=said)
    assert [o.text for o in rest] == [o.text for o in whole[first:]]
    assert transcript.complete


def test_sequential_requests_are_marked_reproducible_and_batched_ones_are_not() -> None:
    for mode, wanted in (("sequential", True), ("batched", False)):
        model = ScriptedModel()
        kept, _ = run(model, mode=mode)
        assert {call.reproducible for call in model.calls} == {wanted}
        assert {output.made for output in kept} == {mode}


def test_stop_ends_after_the_output_that_was_just_finished() -> None:
    for mode in ("batched", "sequential"):
        kept: list[Output] = []
        transcript = deliberate(
            PROGRAMME, CASE, ScriptedModel(pace=0.05), kept.append, mode=mode, stop=lambda kept=kept: len(kept) == 3
        )
        assert len(kept) == 3
        assert not transcript.complete


def test_a_cancelled_deliberation_keeps_nothing_half_written() -> None:
    cancel = Cancel()
    cancel.cancel()
    kept, transcript = run(ScriptedModel(), cancel=cancel)
    assert kept == []
    assert not transcript.complete


def test_words_are_heard_as_they_are_written() -> None:
    heard: dict[tuple[str, str], str] = {}

    def hear(round_: str, station: str, piece: str) -> None:
        heard[round_, station] = heard.get((round_, station), "") + piece

    _, transcript = run(ScriptedModel(), hear=hear)
    assert heard == transcript.said


def test_flags_stand_beside_the_words_and_never_in_them() -> None:
    text = "S2 thinks it is free. Studies show that 80% recover. You should leave."
    kept: list[Output] = []
    deliberate(PROGRAMME, CASE, ScriptedModel(replies=[text] * 21), kept.append)
    assert {output.text for output in kept} == {text}
    flags = {output.station: output.checked for output in kept if output.round == "R1"}
    assert all(checked.confab and checked.closure for checked in flags.values())
    assert [station for station, checked in flags.items() if not checked.overreach] == ["S2"]
    evidence = json.loads(flags["S1"].findings)
    assert all(text[e["start"] : e["end"]] == e["text"] and e["reason"] for e in evidence)


def test_what_the_situation_says_is_no_confabulation() -> None:
    case = Case(
        "X", "The clinic told them: 80% recover.", 1, context=(Block("Found:", ("guidelines recommend rest",)),)
    )
    assert not check_output("About 80% recover.", case.grounds).confab
    assert not check_output("The guidelines recommend rest.", case.grounds).confab
    assert check_output("About 90% recover.", case.grounds).confab


def test_an_arbitration_is_json_and_a_parse_error_is_no_friction() -> None:
    _, transcript = run(ScriptedModel())
    bof = PROGRAMME.question("bof")
    answer = arbitrate(PROGRAMME, CASE, transcript.said, ScriptedModel(), bof)
    assert answer.status == "ok"
    assert answer.values["friction_type"] == "NONE"
    broken = arbitrate(PROGRAMME, CASE, transcript.said, ScriptedModel(replies=["I would say NONE"]), bof)
    assert broken.status == "parse_error"
    assert broken.values == {}
    assert broken.text == "I would say NONE"
    assert broken.why


def test_the_clock_counts_the_model_and_not_the_keeper() -> None:
    kept = 0.0

    def slow(output: Output) -> None:
        nonlocal kept
        began = time.perf_counter()
        time.sleep(0.01)
        kept += time.perf_counter() - began

    began = time.perf_counter()
    transcript = deliberate(PROGRAMME, CASE, ScriptedModel(), slow)
    assert kept > 0
    assert 0 < transcript.model_seconds <= time.perf_counter() - began - kept
