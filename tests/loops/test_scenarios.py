"""The pool: enough of each type, well formed, and a draw that the cycle's number decides."""

from __future__ import annotations

from collections import Counter

import pytest

from loops.registry import PROGRAMMES
from loops.scenarios import TYPES, by_id, draw, load_scenarios
from nma13.errors import LabError


def test_each_type_has_at_least_24_scenarios_of_every_field() -> None:
    counts = Counter(scenario.type for scenario in load_scenarios())
    assert set(counts) == set(TYPES)
    assert min(counts.values()) >= 24
    for type_ in TYPES:
        fields = {scenario.field for scenario in load_scenarios() if scenario.type == type_}
        assert fields == {"medical ethics", "work", "family", "vocation"}


def test_every_scenario_is_one_situation_of_60_to_150_words_and_told_once() -> None:
    scenarios = load_scenarios()
    assert all(60 <= len(scenario.text.split()) <= 150 for scenario in scenarios)
    assert len({scenario.id for scenario in scenarios}) == len({scenario.text for scenario in scenarios})
    assert len({scenario.text[:40] for scenario in scenarios}) == len(scenarios)


def test_the_draw_is_the_cycles_own_and_differs_between_loops() -> None:
    drawn = {letter: [draw(loop.seed(cycle)).id for cycle in range(1, 200)] for letter, loop in PROGRAMMES.items()}
    assert drawn["a"] == [draw(cycle * 137 + 42).id for cycle in range(1, 200)]
    assert len({tuple(ids) for ids in drawn.values()}) == 4
    types = Counter(by_id(id_).type for id_ in drawn["a"])
    assert set(types) == set(TYPES)
    assert min(types.values()) > 15


def test_a_scenario_that_has_gone_is_told() -> None:
    with pytest.raises(LabError, match="XX-99"):
        by_id("XX-99")
