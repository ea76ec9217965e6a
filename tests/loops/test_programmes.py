"""The four programmes: seeds, words that have all their places filled, and what is particular to each."""

from __future__ import annotations

import pytest

from loops.cognition_loop import CRITERIA, bare_station
from loops.registry import PROGRAMMES
from loops.sequences import CYCLES_A_PASS, all_sequences, hand
from nma13.deliberation import Case
from nma13.deliberation.programme import STATIONS
from nma13.deliberation.prompts import station_request

LETTERS = list(PROGRAMMES)


def test_seeds_are_the_sources() -> None:
    assert [PROGRAMMES[letter].seed(10) for letter in "abcd"] == [1412, 1469, 1427, 1393]
    d = PROGRAMMES["d"]
    case = Case("", "", d.seed(10), d.seed_step)
    assert [case.seed_of(0, station) for station in STATIONS] == [1393 + i * 7919 for i in range(7)]


def test_databases_are_the_sources() -> None:
    assert [PROGRAMMES[letter].tables.database for letter in "abcd"] == [
        "memory", "prime_experiment", "cognition_experiment", "loop_d_experiment",
    ]  # fmt: skip


@pytest.mark.parametrize("letter", LETTERS)
def test_every_place_in_the_words_is_filled(letter: str) -> None:
    loop = PROGRAMMES[letter]
    turn = loop.turn(1, loop.seed(1))
    case = Case("S", "text", loop.seed(1), loop.seed_step, own=turn.own)
    for round_ in loop.words.rounds:
        for station in STATIONS:
            last = station_request(loop.words, case, {}, round_, station).messages[-1].content
            assert "{" not in last
            assert station in last


@pytest.mark.parametrize("letter", LETTERS)
def test_no_two_outputs_of_a_cycle_share_a_seed(letter: str) -> None:
    loop = PROGRAMMES[letter]
    case = Case("S", "text", loop.seed(5), loop.seed_step)
    seeds = {case.seed_of(index, station) for index in range(3) for station in STATIONS}
    assert len(seeds) == 21


def test_loop_b_and_c_put_the_fixed_question() -> None:
    for letter in "bc":
        assert "CAN GOOD BODY MOVE HERE NOW?" in PROGRAMMES[letter].words.rounds[2].task
        assert "The lean is toward" in PROGRAMMES[letter].words.rounds[2].task


def test_loop_c_leaves_one_station_bare_about_one_cycle_in_five() -> None:
    loop = PROGRAMMES["c"]
    bare = [bare_station(loop.seed(cycle)) for cycle in range(1, 2001)]
    share = sum(station is not None for station in bare) / len(bare)
    assert 0.17 < share < 0.23
    assert set(bare) == {None, *STATIONS}


def test_a_bare_station_gets_the_question_without_its_criterion() -> None:
    loop = PROGRAMMES["c"]
    cycle = next(cycle for cycle in range(1, 100) if bare_station(loop.seed(cycle)))
    turn = loop.turn(cycle, loop.seed(cycle))
    bare = turn.cycle_columns["bare_station"]
    for station in STATIONS:
        assert (turn.own["R3", station]["criterion"] == "") == (station == bare)
        assert turn.output_columns[station] == {"bare": int(station == bare)}
        if station != bare:
            assert CRITERIA[station] in turn.own["R3", station]["criterion"]


def test_there_are_1630_arrangements() -> None:
    sequences = all_sequences()
    assert len(sequences) == len(set(sequences)) == 1630
    sizes = [sum(len(sequence) == size for sequence in sequences) for size in range(2, 7)]
    assert sizes == [10, 60, 240, 600, 720]
    assert all(sequence.count("CAN") == 1 and len(set(sequence)) == len(sequence) for sequence in sequences)


def test_arrangements_are_dealt_without_replacement_and_found_again() -> None:
    seeds = (137, 23)
    dealt = [sequence for cycle in range(1, CYCLES_A_PASS + 1) for sequence in hand(cycle, seeds).values()]
    assert len(dealt) == len(set(dealt)) == 1624
    second = [sequence for cycle in range(233, 240) for sequence in hand(cycle, seeds).values()]
    assert len(set(second)) == len(second)
    assert second != dealt[: len(second)]
    assert hand(117, seeds) == hand(117, seeds)


def test_a_loop_d_turn_records_where_can_stands() -> None:
    loop = PROGRAMMES["d"]
    turn = loop.turn(3, loop.seed(3))
    for station, columns in turn.output_columns.items():
        words = columns["can_sequence"].split()
        assert words[columns["can_position"]] == "CAN"
        assert len(words) == columns["can_length"]
        assert turn.own["R3", station]["sequence"] == columns["can_sequence"]
