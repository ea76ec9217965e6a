"""Actions without a single example: when to dare one, and which.

A policy knows the list of its actions and the line that describes each. Where some of them were never shown, a scene
unlike everything shown may call for one of them; which one, the descriptions say. Where every action was shown, none
of this does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.nanoim.features import Floats, Ints
from experiments.nanoim.scenes import Bools, Scenes


@dataclass(frozen=True, slots=True)
class Gate:
    """When a scene counts as unlike everything shown."""

    kind: Literal["never", "uncovered", "far", "described"] = "never"
    threshold: float = 0.0

    @property
    def name(self) -> str:
        return self.kind if self.kind == "never" else f"{self.kind} above {self.threshold:g}"


GATES = (
    Gate(),
    *(Gate("uncovered", t) for t in (0.2, 0.35, 0.5, 0.65, 0.8)),
    *(Gate("far", t) for t in (0.4, 0.6, 0.8, 1.0)),
    *(Gate("described", t) for t in (-0.1, 0.0, 0.1)),
)
"""Everything that inner leave-one-family-out may choose from; written before any outer run."""


@dataclass(frozen=True, slots=True)
class Dared:
    """Where a gate opens, and which action without an example comes out there."""

    opened: Bools
    actions: Ints

    def over(self, chosen: Ints) -> Ints:
        return np.where(self.opened, self.actions, chosen)


def dare(gate: Gate, rows: Scenes, shown: Scenes, action_lines: Floats) -> Dared:
    """What the gate does to these rows. Lines beyond the eight actions are of actions nobody needs."""
    seen = np.zeros(len(action_lines), bool)
    seen[np.unique(shown.actions)] = True
    if seen.all() or gate.kind == "never":
        nowhere = np.zeros(len(rows.actions), bool)
        return Dared(nowhere, np.zeros(len(rows.actions), np.int64))
    likeness = likeness_to(action_lines, rows.words)
    best_unseen = np.where(seen, -np.inf, likeness).argmax(-1)
    return Dared(opens(gate, rows, shown, likeness, seen), best_unseen)


def opens(gate: Gate, rows: Scenes, shown: Scenes, likeness: Floats, seen: Bools) -> Bools:
    if gate.kind == "described":
        ahead = np.where(seen, -np.inf, likeness).max(-1) - np.where(seen, likeness, -np.inf).max(-1)
        return np.asarray(ahead > gate.threshold)
    measure = uncovered if gate.kind == "uncovered" else far
    return np.asarray(measure(rows, shown) > gate.threshold)


def likeness_to(action_lines: Floats, words: Floats) -> Floats:
    """Cosine between scenes' and actions' descriptions, (rows, actions)."""
    unit = words / np.linalg.norm(words, axis=1, keepdims=True)
    return np.asarray(unit @ action_lines.T)


def uncovered(rows: Scenes, shown: Scenes) -> Floats:
    """The share of a scene's difference from idle that goes beyond, attribute and sign apart, what was shown."""
    up = np.maximum(rows.what - shown.what.max(0).clip(0), 0)
    down = np.maximum(-rows.what - (-shown.what).max(0).clip(0), 0)
    whole = np.abs(rows.what).sum(1)
    return np.asarray((up + down).sum(1) / np.where(whole > 0, whole, 1))


def far(rows: Scenes, shown: Scenes) -> Floats:
    """The distance to the nearest scene shown, as a share of the distance to idle."""
    apart = np.sqrt(((rows.what[:, None, :] - shown.what[None, :, :]) ** 2).sum(-1)).min(1)
    size = np.linalg.norm(rows.what, axis=1)
    return np.asarray(apart / np.where(size > 0, size, 1))
