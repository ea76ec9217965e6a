"""Fit the lexicon: logistic regression over words and pairs, rounded to whole numbers, thresholds from unseen texts.

NumPy alone. A text's words count once each, weighed by how rare they are, and a text's weights have length one.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from typing import Any

from nma13.rules.lexicon import PATH, features
from nma13.text import read
from nma13.training.texts import VALUES, Item, items
from nma13.training.thresholds import threshold

SEEN_IN = 2  # a feature must stand in so many texts
RIDGE = 0.4
STEPS = 160
SCALE = 10  # weights and rarities are kept in tenths
KEPT = 0.12  # a feature whose strongest weight is smaller says nothing
SPLITS = 4
MOST_BOOST = 6.0

Matrix = Any


def main() -> int:
    everything = items()
    design, known, rarity = _designed(everything)
    truths, counts = targets(everything)
    thresholds = _thresholds(everything, _unseen(everything, design, truths, counts))
    _write(known, rarity, fit(design, truths, counts), thresholds)
    return 0


def unseen_margins(everything: Sequence[Item]) -> Matrix:
    """By how much each value is reached in each text, by weights fitted on other texts."""
    import numpy as np

    unseen = _unseen(everything, _designed(everything)[0], *targets(everything))
    return unseen - np.asarray(_thresholds(everything, unseen))


def _designed(everything: Sequence[Item]) -> tuple[Matrix, list[str], list[int]]:
    words = [sorted({f for clause in read(item.text).clauses for f in features(clause.tokens)}) for item in everything]
    known, rarity = _vocabulary(words)
    return _design(words, known, rarity), known, rarity


def _unseen(everything: Sequence[Item], design: Matrix, truths: Matrix, counts: Matrix) -> Matrix:
    import numpy as np

    folds = np.asarray([item.fold % SPLITS for item in everything])
    unseen = np.zeros(truths.shape)
    for fold in range(SPLITS):
        mine = folds == fold
        unseen[mine] = with_bias(design[mine]) @ fit(design[~mine], truths[~mine], counts[~mine])
    return unseen


def _thresholds(everything: Sequence[Item], unseen: Matrix) -> list[float]:
    return [threshold(value, everything, unseen[:, number], "core") for number, value in enumerate(VALUES)]


def targets(everything: Sequence[Item]) -> tuple[Matrix, Matrix]:
    """0/1 per item and value, and how much each counts; rare values count more."""
    import numpy as np

    truths, counts = np.zeros((2, len(everything), len(VALUES)))
    for row, item in enumerate(everything):
        for column, value in enumerate(VALUES):
            if value.name in item.targets:
                truths[row, column], counts[row, column] = item.targets[value.name]
    positive, negative = (truths * counts).sum(axis=0), ((1 - truths) * counts).sum(axis=0)
    boost = np.clip(np.sqrt(negative / np.maximum(positive, 1.0)), 1.0, MOST_BOOST)
    return truths, counts * (1 + truths * (boost - 1))


def fit(design: Matrix, truths: Matrix, counts: Matrix) -> Matrix:
    """All values at once by accelerated gradient steps; the last row is the bias, which is not shrunk."""
    import numpy as np

    design, truths, counts = (with_bias(design), truths.astype(np.float32), counts.astype(np.float32))
    turned = np.ascontiguousarray(design.T)
    weights = np.zeros((design.shape[1], truths.shape[1]), dtype=np.float32)
    ahead, pace = weights.copy(), 1.0
    # A logistic loss bends by at most a quarter of the squared length of a row, which is two with its bias.
    step = 1.0 / (0.25 * _largest(design, counts) + RIDGE)
    shrink = np.full((design.shape[1], 1), RIDGE, dtype=np.float32)
    shrink[-1] = 0.0
    for _ in range(STEPS):
        error = counts * (1.0 / (1.0 + np.exp(-(design @ ahead))) - truths)
        moved = ahead - step * (turned @ error + shrink * ahead)
        faster = (1 + sqrt(1 + 4 * pace**2)) / 2
        ahead, weights, pace = moved + (pace - 1) / faster * (moved - weights), moved, faster
    return weights


def _largest(design: Matrix, counts: Matrix) -> Matrix:
    """An upper bound of the curvature per value: the largest eigenvalue, by a few power steps."""
    import numpy as np

    vector = np.ones((design.shape[1], counts.shape[1]), dtype=np.float32)
    size = np.ones(counts.shape[1])
    for _ in range(12):
        vector = design.T @ (counts * (design @ vector)).astype(np.float32)
        size = np.linalg.norm(vector, axis=0)
        vector /= size
    return (size * 1.1).astype(np.float32)


def with_bias(design: Matrix) -> Matrix:
    import numpy as np

    return np.hstack([design, np.ones((len(design), 1), dtype=np.float32)])


def _vocabulary(words: Sequence[Sequence[str]]) -> tuple[list[str], list[int]]:
    """Features seen often enough, and how rare each is, in tenths."""
    texts = Counter(f for text in words for f in text)
    known = sorted(f for f, count in texts.items() if count >= SEEN_IN)
    return known, [round(SCALE * (log((1 + len(words)) / (1 + texts[f])) + 1)) for f in known]


def _design(words: Sequence[Sequence[str]], known: Sequence[str], rarity: Sequence[int]) -> Matrix:
    import numpy as np

    place = {f: number for number, f in enumerate(known)}
    design = np.zeros((len(words), len(known)), dtype=np.float32)
    for row, text in enumerate(words):
        for f in text:
            if f in place:
                design[row, place[f]] = rarity[place[f]]
    return design / np.maximum(np.linalg.norm(design, axis=1, keepdims=True), 1.0)


def _write(known: Sequence[str], rarity: Sequence[int], weights: Matrix, thresholds: Sequence[float]) -> None:
    """One line per feature; sums of these whole numbers, over the length of the rarities, are what was fitted."""
    lines = ["\t".join(["feature", "rarity", *(value.name for value in VALUES)])]
    bias = weights[-1]
    reached = [f"{edge - float(b):.3f}" for edge, b in zip(thresholds, bias, strict=True)]
    lines.append("\t".join(["threshold", "", *reached]))
    kept = 0
    for feature, rare, row in zip(known, rarity, weights[:-1], strict=True):
        if abs(row).max() >= KEPT:
            kept += 1
            lines.append("\t".join([feature, str(rare), *(str(round(float(w) * rare)) for w in row)]))
    PATH.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{kept} of {len(known)} words and pairs kept: {PATH.name}", file=sys.stderr)
