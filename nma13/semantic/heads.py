"""One linear head per value over sentence vectors, fitted in closed form, with honest leave-one-out scores.

A nearest-exemplar rule confuses «I want to die» with «I do not want to die»: the encoder places texts by
topic first. A ridge head over exemplars of both kinds finds the direction that separates them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Matrix = Any  # NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """A head and what each training text would have scored had it been left out."""

    weights: Matrix
    bias: float
    left_out: Matrix


def fit(vectors: Matrix, labels: Matrix, weights: Matrix, ridge: float) -> Fit:
    """Weighted ridge regression of ±1 labels; the leave-one-out scores come from the hat matrix."""
    import numpy as np

    root = np.sqrt(weights)[:, None]
    design = np.hstack([vectors, np.ones((len(vectors), 1), dtype=vectors.dtype)])
    x, y = design * root, labels * root[:, 0]
    penalty = np.eye(design.shape[1], dtype=vectors.dtype) * ridge
    penalty[-1, -1] = 1e-6  # the bias is not shrunk
    inverse = np.linalg.inv(x.T @ x + penalty)
    beta = inverse @ (x.T @ y)
    hat = np.einsum("ij,jk,ik->i", x, inverse, x)
    scores = design @ beta
    left_out = scores - (hat / np.clip(1 - hat, 1e-3, None)) * (labels - scores)
    return Fit(beta[:-1], float(beta[-1]), left_out)


def threshold_for(scores: Sequence[float], truths: Sequence[bool], specificity: float) -> float:
    """The lowest threshold at which at least this share of the negatives stays silent."""
    import numpy as np

    negatives = np.sort(np.asarray([s for s, t in zip(scores, truths, strict=True) if not t]))
    if not len(negatives):
        return 0.0
    place = min(len(negatives) - 1, int(np.ceil(specificity * len(negatives))) - 1)
    return float(negatives[place]) + 1e-4
