"""The statistics against answers known beforehand."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from monitors.statistics import Share, dependence, difference, dispersion, modes, turning_points
from nma13.store.rollups import duration_bin


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_wilson_interval_as_in_the_literature(count: int, of: int, low: float, high: float) -> None:
    assert Share(count, of).bounds == pytest.approx((low, high), abs=2e-4)


def test_no_cases_no_share() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).bounds == (0.0, 1.0)
    assert str(Share(0, 0)) == "no cases"


def test_difference_as_in_newcombes_example() -> None:
    gap = difference(Share(48, 80), Share(56, 70))
    assert gap is not None
    assert gap == pytest.approx((0.2, 0.0524, 0.3339), abs=2e-4)


def bins_of(seconds: list[float]) -> Counter[int]:
    return Counter(duration_bin(one) for one in seconds)


def test_two_modes_are_found_where_there_are_two() -> None:
    chance = random.Random(1)
    seconds = [chance.lognormvariate(math.log(318), 0.12) for _ in range(300)]
    seconds += [chance.lognormvariate(math.log(2985), 0.12) for _ in range(100)]
    found = modes(bins_of(seconds))
    assert found.verdict == "two modes"
    assert found.two is not None
    assert [mode.seconds for mode in found.two] == pytest.approx([318, 2985], rel=0.05)
    assert [mode.weight for mode in found.two] == pytest.approx([0.75, 0.25], abs=0.02)
    assert "not why" in found.words


@pytest.mark.parametrize("seed", range(8))
def test_one_hump_is_not_called_two(seed: int) -> None:
    chance = random.Random(seed)
    assert modes(bins_of([chance.lognormvariate(5, 0.3) for _ in range(500)])).verdict == "one mode"


def test_a_skewed_hump_is_not_called_two() -> None:
    chance = random.Random(3)
    skewed = [math.exp(4 + chance.gammavariate(1.6, 0.4)) for _ in range(2000)]
    assert modes(bins_of(skewed)).verdict == "one mode"


def test_too_few_cycles_are_called_too_few() -> None:
    assert modes({40: 20, 60: 20}).verdict == "too few"
    assert modes({}).verdict == "too few"


def test_a_single_duration_is_one_mode() -> None:
    assert modes({50: 100}).verdict == "one mode"


def test_turning_points() -> None:
    assert turning_points([1, 2, 3, 4]) == (0, pytest.approx(4 / 3))
    assert turning_points([1, 3, 2, 4])[0] == 2
    assert turning_points([1]) == (0, 0.0)


def test_dispersion_is_about_one_for_one_rate_and_large_for_two() -> None:
    chance = random.Random(5)
    even = [Share(sum(chance.random() < 0.2 for _ in range(200)), 200) for _ in range(60)]
    assert dispersion(even) == pytest.approx(1.0, abs=0.4)
    assert dispersion([Share(10, 100), Share(50, 100)]) == pytest.approx(38.1, abs=0.1)  # chi-square by hand
    assert dispersion([Share(0, 10), Share(0, 10)]) is None


def test_dependence_from_nothing_to_everything() -> None:
    assert dependence({("S1", "S1"): 10, ("S1", "S6"): 10, ("S6", "S1"): 10, ("S6", "S6"): 10}) == pytest.approx(0)
    assert dependence({("S1", "S6"): 10, ("S6", "S1"): 10}) == pytest.approx(1)
    assert dependence({("S1", "S1"): 10}) is None
