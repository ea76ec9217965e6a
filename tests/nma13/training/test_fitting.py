"""Fitting: what counts as known, where thresholds fall, and that what was fitted is what is run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nma13.encoder import shared_encoder
from nma13.encoder.adapter import Adapted
from nma13.training import lexicon
from nma13.training.network import Network, trunk
from nma13.training.screen import FIRST
from nma13.training.texts import VALUES, Item, Value, items, truth
from nma13.training.thresholds import threshold

HIGH = Value("I=HIGH")


def test_a_label_says_yes_no_or_nothing() -> None:
    assert truth(HIGH, {"I": "HIGH"}) is True
    assert truth(HIGH, {"I": "LOW"}) is False
    assert truth(HIGH, {}) is None
    assert truth(HIGH, {"I_not": ["HIGH"]}) is False
    assert truth(Value("FLAG=CRISIS"), {"red_flags": []}) is False
    assert truth(Value("FLAG=CRISIS"), {"red_flags": [], "red_open": ["CRISIS"]}) is None
    assert truth(Value("A=TRUE", "Frame"), {"A": True, "A_kind": "Options"}) is False


def test_nothing_is_learned_from_held_out_texts() -> None:
    assert not any("heldout" in path.name for path in _opened())
    assert {name for item in items() for name in item.targets} == {value.name for value in VALUES}


def _opened() -> list:  # type: ignore[type-arg]
    opened = []
    original = type(lexicon.PATH).read_text

    def note(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        opened.append(self)
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lexicon.PATH), "read_text", note)
        items()
    assert any(path.name.startswith("tune_") for path in opened)
    return opened


@given(st.lists(st.floats(-3, 3), min_size=20, max_size=200))
def test_a_threshold_keeps_the_promised_share_silent(scores: list[float]) -> None:
    texts = [Item(str(i), {"I=HIGH": (False, 1.0)}, True) for i in range(len(scores))]
    edge = threshold(HIGH, texts, scores, "core")
    assert sum(score >= edge for score in scores) <= 0.025 * len(scores) + 1e-9


def test_two_heaps_of_words_are_told_apart() -> None:
    rng = np.random.default_rng(3)
    design = rng.random((60, 8)).astype("float32") * 0.1
    truths = np.zeros((60, 1))
    truths[:30] = 1.0
    design[:30, 0] += 1.0
    design[30:, 1] += 1.0
    answers = lexicon.with_bias(design) @ lexicon.fit(design, truths, np.ones((60, 1)))
    assert answers[:30].min() > answers[30:].max()


@pytest.mark.slow
def test_numpy_runs_what_torch_has_fitted() -> None:
    texts = ["I do not want to die.", "The library closes at six. It is raining.", "no"]
    network = Network(seed=1)
    truths = np.zeros((3, len(VALUES)))
    truths[0, 0] = 1.0
    network.learn(trunk(texts, FIRST), truths, np.ones_like(truths))
    fitted = network.vectors(trunk(texts, FIRST))
    adapted = Adapted(shared_encoder(), network.changes())
    means = np.stack([tokens.mean(axis=0) for tokens in adapted.tokens(texts)])
    run = means / np.linalg.norm(means, axis=1, keepdims=True)
    assert np.abs(run - fitted).max() < 2e-4
