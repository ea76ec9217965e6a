"""The tiny networks: torch and NumPy agree, nothing looks ahead, training is repeatable and learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.nanoim import shelf
from experiments.nanoim.features import FIELDS, STREAMS, blank, to_batch
from experiments.nanoim.networks import Network, Shape, arrays, forward, initial, load, save, softmax
from experiments.nanoim.studies import headline
from experiments.nanoim.train import DEFAULTS, train
from nma13.errors import UsageError

pytestmark = pytest.mark.slow

KINDS = ("gru", "transformer")
SHAPES = {"gru": Shape("gru", 55), "transformer": Shape("transformer", 32)}


@pytest.mark.parametrize("kind", KINDS)
def test_about_nineteen_thousand_parameters(kind: str) -> None:
    assert 18_000 <= sum(a.size for a in initial(SHAPES[kind], 7).values()) <= 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_torch_and_numpy_run_the_same_pass(kind: str) -> None:
    params = initial(SHAPES[kind], 3)
    given = arrays(to_batch(shelf.split_of("mini", "test")))
    ours = forward(SHAPES[kind], params, given, np)
    theirs = forward(
        SHAPES[kind],
        {name: torch.tensor(array) for name, array in params.items()},
        {name: torch.tensor(array) for name, array in given.items()},
        torch,
    )
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_does_not_depend_on_what_comes_later(kind: str) -> None:
    params = initial(SHAPES[kind], 3)
    traces = shelf.split_of("hard", "test")[:20]
    cut = [replace(t, turns=t.turns[: t.critical + 1]) for t in traces]
    whole, early = (forward(SHAPES[kind], params, arrays(to_batch(some)), np) for some in (traces, cut))
    for row, trace in enumerate(traces):
        np.testing.assert_allclose(whole[row, : trace.critical + 1], early[row, : trace.critical + 1], atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hidden_field_has_no_influence(kind: str) -> None:
    params = {name: a + 0.3 for name, a in initial(SHAPES[kind], 3).items()}
    batch = to_batch(shelf.split_of("hard", "test")[:10])
    hidden = blank(batch, ["visual_event"])
    assert (hidden.ids[:, :, STREAMS.index("visual_event")] == 0).all()
    everything = blank(batch, FIELDS)
    logits = forward(SHAPES[kind], params, {**arrays(everything), "text": everything.text * 0}, np)
    np.testing.assert_allclose(logits[0], logits[-1], atol=1e-9)
    with pytest.raises(UsageError, match="cannot be hidden"):
        blank(batch, ["the answer"])


@pytest.mark.parametrize("kind", KINDS)
def test_training_learns_repeats_and_travels(kind: str, tmp_path: Path) -> None:
    traces = shelf.traces_of("mini")
    recipe = replace(DEFAULTS[kind], epochs=40, batch=32)
    first, again = (train(traces, recipe, "mini") for _ in range(2))
    for name, array in first.params.items():
        np.testing.assert_array_equal(array, again.params[name])
    test = shelf.split_of("mini", "test")
    assert headline(first, test)[0] >= 0.9
    untrained = Network("none", first.shape, initial(first.shape, 7), {})
    assert headline(untrained, test)[0] < 0.5
    save(first, tmp_path / "one.npz")
    loaded = load(tmp_path / "one.npz")
    assert loaded.trained["recipe"]["seed"] == 7
    for mine, theirs in zip(first.decide(test), loaded.decide(test), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_softmax_sums_to_one_even_for_large_logits() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [-1e4, 3.0]])).sum(-1), 1.0)
