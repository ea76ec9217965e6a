"""Fit the semantic screen: low-rank changes to the encoder's upper layers and one linear head per value, with torch.

A fixed encoder places texts by topic, so that «I want to die» and «I do not want to die» lie side by side; moving
a few of its weights lets it hear the difference. Thresholds rest on texts that the model in question did not see.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nma13 import encoder
from nma13.encoder.adapter import PARTS
from nma13.encoder.minilm import DIMENSIONS
from nma13.rules.lexicon import lexicon_hash
from nma13.semantic.exemplars import exemplars, exemplars_hash
from nma13.semantic.screen import FITTED
from nma13.training.lexicon import targets, unseen_margins
from nma13.training.texts import FOLDS, VALUES, Item, Value, items, sources_hash
from nma13.training.thresholds import threshold
from nma13.training.wiring import wiring

FIRST = 3  # the lowest layer that is moved; those below are run once and kept
RANK = 8
STRENGTH = 2.0
LOUD = 8.0  # a unit vector times this is what the heads see: the scale at which a logistic loss can be sure
EPOCHS = 4
BATCH = 32
RATE, HEAD_RATE = 1e-3, 1e-2
SPLITS = 3
SEED = 7
WORDS = 0.5
"""How much the lexicon's weighing of the same passage counts beside the encoder's."""
HEADROOM = 0.15
"""Thresholds come from fits that saw two thirds of the texts; the last one has seen all and answers louder."""

Tensor = Any
WIDTHS = dict.fromkeys(PARTS, (DIMENSIONS, DIMENSIONS)) | {
    "intermediate.dense": (DIMENSIONS, 4 * DIMENSIONS),
    "output.dense": (4 * DIMENSIONS, DIMENSIONS),
}


def main() -> int:
    import numpy as np
    import torch

    from nma13.training.network import Network, trunk

    torch.set_num_threads(2)
    everything = [*items(), *wiring()]
    started = time.monotonic()
    below = trunk([item.text for item in everything], FIRST)
    truths, counts = targets(everything)
    split = np.asarray([item.fold * SPLITS // FOLDS for item in everything])
    unseen = np.zeros(truths.shape)
    for number in range(SPLITS):
        seen, rest = np.flatnonzero(split != number), np.flatnonzero(split == number)
        network = Network(SEED)
        network.learn([below[i] for i in seen], truths[seen], counts[seen])
        unseen[rest] = network.answers([below[i] for i in rest])
        print(f"split {number + 1} of {SPLITS}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    unseen += WORDS * unseen_margins(everything)
    edges = [threshold(value, everything, unseen[:, column], "screen") for column, value in enumerate(VALUES)]
    network = Network(SEED)
    network.learn(below, truths, counts)
    write(network, everything, below, edges, FITTED, WORDS)
    return 0


def write(
    network: Any, everything: Sequence[Item], below: Sequence[Any], edges: Sequence[float], path: Path, words: float
) -> None:
    """The changes, the heads with their thresholds taken off, and the exemplars to name the nearest of.

    `below` holds, per item, what the network takes in.
    """
    import numpy as np

    place = {item.text: number for number, item in enumerate(everything)}
    texts, owners, kinds, rows = [], [], [], []
    for column, value in enumerate(VALUES):
        for text, kind in _likenesses(value, everything):
            texts.append(text)
            kinds.append(kind)
            owners.append(column)
            rows.append(place[text])
    vectors = network.vectors([below[row] for row in rows])
    about = {
        "exemplars": exemplars_hash(),
        "labelled": sources_hash(),
        "lexicon": lexicon_hash(),
        "words": words,
        "encoder": encoder.fingerprint(),
        "values": [[value.sets, value.kind] for value in VALUES],
    }
    np.savez_compressed(
        path,
        heads=(network.heads() * LOUD).astype(np.float16),
        bias=(network.bias() - np.asarray(edges) - HEADROOM).astype(np.float32),
        bank=np.round(vectors * 127).astype(np.int8),
        owners=np.asarray(owners, dtype=np.int16),
        texts=np.asarray(json.dumps(texts)),
        kinds=np.asarray(json.dumps(kinds)),
        about=np.asarray(json.dumps(about)),
        **{name: change.astype(np.float16) for name, change in network.changes().items()},
    )
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {len(texts)} exemplars to name", file=sys.stderr)


def _likenesses(value: Value, everything: Sequence[Item]) -> list[tuple[str, str]]:
    """Texts that stand for a value, with their kind: its exemplars; labelled texts where it has none of its own."""
    own = [e for e in exemplars() if e.sets == value.sets and (not value.kind or e.kind == value.kind)]
    if own:
        return [(text, exemplar.kind) for exemplar in own for text in exemplar.like]
    return [(i.text, value.kind) for i in everything if i.labelled and i.targets.get(value.name, (False, 0))[0]]
