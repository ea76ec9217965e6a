"""The encoder with a few of its weights moved: low-rank changes to the upper layers, fitted to the lab's own values.

The lower layers are shared with the plain encoder; the changed layers are added to their weights once, when loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nma13.encoder.minilm import LAYERS, Encoder

Matrix = Any  # NDArray[np.float32]
PARTS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
         "intermediate.dense", "output.dense")  # fmt: skip


class Adapted:
    """`tokens` gives a text's tokens as the adapted layers see them."""

    def __init__(self, base: Encoder, changes: Mapping[str, Matrix]) -> None:
        """`changes` holds, per `layer|part`, the product's two factors: `layer|part|down` and `layer|part|up`."""
        self._base = base
        self._first = min((int(name.partition("|")[0]) for name in changes), default=LAYERS)
        self._layers = [base.layer(number, self._moved(number, changes)) for number in range(self._first, LAYERS)]

    def tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """One row per token and one matrix per text."""
        return self._base.tokens(texts, self._first, self._layers)

    @staticmethod
    def _moved(number: int, changes: Mapping[str, Matrix]) -> dict[str, Matrix]:
        """What is added to the weights of one layer."""
        import numpy as np

        return {
            part: changes[f"{number}|{part}|up"].astype(np.float32)
            @ changes[f"{number}|{part}|down"].astype(np.float32)
            for part in PARTS
            if f"{number}|{part}|up" in changes
        }
