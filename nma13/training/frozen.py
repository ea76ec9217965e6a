"""The same screen without moving the encoder: linear heads on its vectors as they are. For comparison only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nma13 import encoder
from nma13.encoder.minilm import LAYERS
from nma13.training.lexicon import fit, targets, with_bias
from nma13.training.screen import LOUD, write
from nma13.training.texts import FOLDS, VALUES, items
from nma13.training.thresholds import threshold

SPLITS = 4

Array = Any


class Heads:
    """What `write` asks of a network, for heads that were fitted on vectors alone."""

    def __init__(self, weights: Array) -> None:
        self._weights = weights

    def heads(self) -> Array:
        return self._weights[:-1].T

    def bias(self) -> Array:
        return self._weights[-1]

    def vectors(self, texts: Sequence[str]) -> Array:
        return vectors(texts)

    def changes(self) -> dict[str, Array]:
        return {}


def vectors(texts: Sequence[str]) -> Array:
    """One vector of length one per text."""
    import numpy as np

    means = np.stack([tokens.mean(axis=0) for tokens in encoder.shared_encoder().tokens(list(texts), LAYERS, ())])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def fit_frozen(path: Path) -> None:
    """Fit on everything there is to learn from, thresholds on texts each fold has not seen; write a screen."""
    import numpy as np

    everything = items()
    design = vectors([item.text for item in everything]).astype(np.float32) * LOUD
    truths, counts = targets(everything)
    folds = np.asarray([item.fold * SPLITS // FOLDS for item in everything])
    unseen = np.zeros(truths.shape)
    for fold in range(SPLITS):
        mine = folds == fold
        unseen[mine] = with_bias(design[mine]) @ fit(design[~mine], truths[~mine], counts[~mine])
    edges = [threshold(value, everything, unseen[:, column], "screen") for column, value in enumerate(VALUES)]
    write(Heads(fit(design, truths, counts)), everything, [item.text for item in everything], edges, path, words=0.0)
