"""What blind readers wrote on the annotation sheet: read, checked, compared, and turned into numbers."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.manifest import file_hash
from experiments.nanoim.families import vocabulary
from experiments.nanoim.features import Floats
from experiments.nanoim.generate import HOME
from nma13.errors import LabError

FOLDER = HOME / "annotation"
GRADES = (-1.0, -0.5, 0.0, 0.5, 1.0)
IDENTITY = ("id", "stream", "value")
State = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One reader's grades: state → one number for each attribute."""

    reader: str
    attributes: tuple[str, ...]
    grades: Mapping[State, tuple[float, ...]]

    def matrix(self) -> Floats:
        """(states, attributes), states in order of the vocabulary."""
        return np.array([self.grades[state] for state in states()])


def states() -> tuple[State, ...]:
    """Every state of every stream, in a fixed order."""
    return tuple((stream, value) for stream, values in vocabulary().items() for value in values)


def read_sheet(path: Path) -> Sheet:
    """One handed-in sheet; every cell must be a grade and every state must be there once."""
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{path} cannot be read as text ({error}). Nothing was computed.") from None
    if rows and not set(IDENTITY) <= set(rows[0]):
        raise LabError(f"{path.name}: its first line does not name {', '.join(IDENTITY)}. Nothing was computed.")
    attributes = tuple(name for name in (rows[0] if rows else {}) if name not in IDENTITY)
    grades: dict[State, tuple[float, ...]] = {}
    for row in rows:
        grades[row["stream"], row["value"]] = tuple(_grade(row, name, path) for name in attributes)
    if set(grades) != set(states()) or len(rows) != len(grades):
        raise LabError(f"{path.name}: {len(rows)} rows for {len(states())} states. Nothing was computed.")
    return Sheet(path.stem, attributes, grades)


def _grade(row: Mapping[str, str], name: str, path: Path) -> float:
    try:
        grade = float(row[name])
    except (TypeError, ValueError):
        grade = float("nan")
    if grade not in GRADES:
        raise LabError(f"{path.name}, line {row['id']}, {name}: {row[name]!r} is no grade. Nothing was computed.")
    return grade


def sheets(folder: Path = FOLDER) -> list[Sheet]:
    """All sheets handed in, in order of their names; their columns must be the same, or no mean could be taken."""
    found = [read_sheet(path) for path in sorted(folder.glob("annotator_*.csv"))]
    for sheet in found:
        if sheet.attributes != found[0].attributes:
            raise LabError(f"{sheet.reader} grades other columns than {found[0].reader}. Nothing was computed.")
    return found


def mean_sheet(handed_in: Sequence[Sheet]) -> Sheet:
    """The readers' mean, as a reader of its own."""
    means = np.mean([sheet.matrix() for sheet in handed_in], axis=0)
    return Sheet("mean", handed_in[0].attributes, dict(zip(states(), map(tuple, means.tolist()), strict=True)))


def agreement(handed_in: Sequence[Sheet]) -> dict[str, Any]:
    """How far the readers agree: all together, two by two, and attribute by attribute."""
    cubes = np.stack([sheet.matrix() for sheet in handed_in])
    pairs = {}
    for a, b in itertools.combinations(range(len(handed_in)), 2):
        pairs[f"{handed_in[a].reader} and {handed_in[b].reader}"] = {
            "same_grade": _rounded((cubes[a] == cubes[b]).mean()),
            "same_where_either_says_something": _rounded(_same_where_said(cubes[a], cubes[b])),
            "opposite_signs": int((cubes[a] * cubes[b] < 0).sum()),
        }
    each = {name: alpha(cubes[:, :, place]) for place, name in enumerate(handed_in[0].attributes)}
    return {
        "readers": [sheet.reader for sheet in handed_in],
        "cells": int(cubes[0].size),
        "alpha": alpha(cubes.reshape(len(handed_in), -1)),
        "pairs": pairs,
        "attributes": each,
        "files": {path.name: file_hash(path) for path in sorted(FOLDER.glob("*.csv"))},
    }


def _same_where_said(a: Floats, b: Floats) -> float:
    said = (a != 0) | (b != 0)
    return float((a == b)[said].mean())


def alpha(grades: Floats) -> float | None:
    """Krippendorff's alpha for graded values, (readers, units); None where nobody said anything."""
    readers, units = grades.shape
    within = sum(((grades[a] - grades[b]) ** 2).sum() for a, b in itertools.permutations(range(readers), 2))
    every = grades.reshape(-1)
    across = ((every[:, None] - every[None, :]) ** 2).sum()
    if across == 0:
        return None
    observed = within / (units * readers * (readers - 1))
    expected = across / (every.size * (every.size - 1))
    return _rounded(1 - observed / expected)


def _rounded(value: float) -> float:
    return round(float(value), 4)
