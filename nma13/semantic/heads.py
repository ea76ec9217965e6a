"""One linear head per value over sentence vectors, fitted in closed form and judged on texts it did not see.

A nearest-exemplar rule confuses «I want to die» with «I do not want to die»: the encoder places texts by
topic first. A ridge head over exemplars of both kinds finds the direction that separates them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Matrix = Any  # NDArray[np.float32]
FOLDS = 10


def fit(vectors: Matrix, labels: Matrix, weights: Matrix, ridge: float) -> Matrix:
    """Weighted ridge regression of ±1 labels; the last number is the bias."""
    import numpy as np

    design = with_bias(vectors)
    weighted = design * weights[:, None]
    return np.linalg.solve(weighted.T @ design + ridge * np.eye(design.shape[1]), weighted.T @ labels)


def unseen_scores(vectors: Matrix, labels: Matrix, weights: Matrix, folds: Matrix, ridge: float) -> Matrix:
    """What each row scores under a head fitted without its fold."""
    import numpy as np

    design, scores = with_bias(vectors), np.zeros(len(vectors))
    for fold in range(FOLDS):
        seen = (folds != fold) & (weights > 0)
        head = fit(vectors[seen], labels[seen], weights[seen], ridge)
        scores[folds == fold] = design[folds == fold] @ head
    return scores


def with_bias(vectors: Matrix) -> Matrix:
    import numpy as np

    return np.hstack([vectors, np.ones((len(vectors), 1), dtype=vectors.dtype)])


def threshold_for(scores: Sequence[float], truths: Sequence[bool], specificity: float) -> float:
    """The lowest threshold at which at least this share of the negatives stays silent."""
    import numpy as np

    negatives = np.sort(np.asarray([s for s, t in zip(scores, truths, strict=True) if not t]))
    place = min(len(negatives) - 1, int(np.ceil(specificity * len(negatives))))
    return float(negatives[place]) + 1e-4
