"""Threads are measured once, and every number comes with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13.llm import WrongModelString, threads
from nma13.llm.threads import choose_threads


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "busy", lambda: False)
    monkeypatch.setattr(threads, "physical_cores", lambda: 6)


@pytest.mark.parametrize(
    ("speeds", "best"),
    [
        ({1: 30.0, 2: 3.0}, 1),
        ({1: 30.0, 2: 31.0}, 1),
        ({1: 30.0, 2: 55.0, 4: 40.0}, 2),
        ({1: 30.0, 2: 55.0, 4: 90.0, 6: 120.0}, 6),
    ],
)
def test_more_threads_only_while_they_pay(speeds: dict[int, float], best: int, weights: Path, quiet: None) -> None:
    found = choose_threads(weights, speeds.__getitem__, env={})
    assert found.count == best
    assert "tokens/s" in found.why


def test_a_measurement_is_remembered_until_the_file_changes(weights: Path, quiet: None) -> None:
    calls: list[int] = []

    def measure(count: int) -> float:
        calls.append(count)
        return 10.0

    first = choose_threads(weights, measure, env={})
    assert choose_threads(weights, measure, env={}) == first
    assert calls == [1, 2]
    weights.write_bytes(b"other weights")
    choose_threads(weights, measure, env={})
    assert calls == [1, 2, 1, 2]


def test_under_load_one_thread_and_nothing_is_remembered(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "physical_cores", lambda: 6)
    monkeypatch.setattr(threads, "busy", lambda: True)
    assert choose_threads(weights, lambda _: pytest.fail("measured under load"), env={}).count == 1
    monkeypatch.setattr(threads, "busy", lambda: False)
    assert choose_threads(weights, float, env={}).count == 6
    monkeypatch.setattr(threads, "busy", lambda: True)
    assert choose_threads(weights, float, env={}).count == 1, "what is known from quiet times does not hold"


def test_the_environment_decides_over_all(weights: Path) -> None:
    never = lambda _: pytest.fail("measured although told")  # noqa: E731
    assert choose_threads(weights, never, env={"NMA_THREADS": "3"}).count == 3
    for word in ("many", "0", "²"):
        with pytest.raises(WrongModelString, match="NMA_THREADS"):
            choose_threads(weights, never, env={"NMA_THREADS": word})
