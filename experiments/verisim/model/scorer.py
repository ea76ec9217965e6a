"""Our arm as a proposer: weights, a world's codec, NumPy. Works where torch is not installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from experiments.verisim.model.forward import Weights, answer
from experiments.verisim.model.queries import Layout, join
from experiments.verisim.proposers import Prediction
from experiments.verisim.worlds.contract import Action, Delta
from experiments.verisim.worlds.filesystem import codec as filesystem
from experiments.verisim.worlds.network import codec as network
from nma13.errors import LabError

CODECS: dict[str, ModuleType] = {"filesystem": filesystem, "network": network}


class EditScorer:
    """Scores candidate edits; copies their arguments from the action; says how unsure it is."""

    def __init__(self, world: str, weights: Weights, name: str = "edits") -> None:
        self.name = name
        self.weights = weights
        self._codec = CODECS[world]
        self._layout: Layout = self._codec.LAYOUT

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return self.predict_many([(state, action)])[0].delta

    def predict_many(self, pairs: Sequence[tuple[Any, Action]]) -> list[Prediction]:
        batch = join([self._codec.lay_out(state, action) for state, action in pairs])
        told = answer(self.weights, self._layout, batch)
        ends = np.searchsorted(batch.owner, np.arange(len(pairs) + 1))
        found = []
        for (state, action), start, end in zip(pairs, ends[:-1], ends[1:], strict=True):
            chosen = {head: values[start:end] for head, values in told.choices.items()}
            found.append(Prediction(self._codec.read(state, action, chosen), float(told.doubt[start:end].max())))
        return found


def save(path: Path, weights: Weights) -> None:
    """Plain arrays, in a fixed order; no code is loaded with them. The file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    try:
        np.savez(half, **{name: weights[name] for name in sorted(weights)})
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def load(path: Path) -> Weights:
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise LabError(
            f"The weights {path} cannot be read ({error}). Nothing was changed. Delete the file: an arm of a study is "
            "trained again by the study, a shipped one with: ./lab verisim train network|filesystem --shipped"
        ) from None
