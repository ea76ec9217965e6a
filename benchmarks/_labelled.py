"""Labelled texts and how a summary is judged by them: what is true of a text, what an engine claimed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from nma13.config import ROOT
from nma13.errors import UsageError

FOLDER = ROOT / "data" / "evaluation"
PARTS = ("tune", "heldout")

Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One value of one field, for example I=HIGH."""

    field: str
    value: str | bool | None

    def __str__(self) -> str:
        if self.field in ("red_flags", "step0_flags"):
            return f"{self.field}:{self.value}"
        return self.field if self.value is True else f"{self.field}={self.value}"


def _targets() -> Iterator[Target]:
    for field, values in (
        ("red_flags", ("CRISIS", "AUTHORITY", "MANIPULATION")),
        ("I", ("HIGH", "MOD", "LOW", "UNKNOWN")),
        ("C", ("HIGH", "MOD", "LOW")),
        ("X", (True,)),
        ("A", (True,)),
        ("A_kind", ("Frame", "Threshold", "Epistemic", "Options")),
        ("T", (True,)),
        ("R", (True,)),
        ("S", ("CLEAR", "SHARED", "UNCLEAR", "ABSENT")),
        ("override", ("O-TC05", "O-TC19", "O-TC20")),
        ("step0_flags", ("STATISTICAL", "AUTHORITY", "CERTAINTY", "EPISTEMIC_STATE", "SELF_CITATION")),
        ("claim_class", ("UNCERTAIN", "EVIDENCED", "INFERRED", "ASSUMED")),
    ):
        for value in values:
            yield Target(field, value)


TARGETS: tuple[Target, ...] = tuple(_targets())


@dataclass(frozen=True, slots=True)
class LabelledText:
    id: str
    text: str
    labels: Mapping[str, Any]
    family: str
    lookalike_of: frozenset[Target]
    """The values this text only looks like."""


def load(part: str, author: str = "", folder: Path = FOLDER) -> list[LabelledText]:
    """All texts of one part, of one author or of every one, in the order of the files."""
    return [
        _labelled(json.loads(line))
        for path in _files(part, author, folder)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def texts_hash(part: str, author: str = "", folder: Path = FOLDER) -> str:
    """Names the texts that figures were taken on."""
    digest = hashlib.sha256()
    for path in _files(part, author, folder):
        digest.update(path.read_bytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def _files(part: str, author: str, folder: Path) -> list[Path]:
    found = sorted(folder.glob(f"{part}_{author or '*'}.jsonl"))
    if not found:
        raise UsageError(f"There are no texts {part}_{author or '*'}.jsonl in {folder}. Nothing was read.")
    return found


def _labelled(row: Mapping[str, Any]) -> LabelledText:
    labels = row["labels"]
    lookalikes = {
        Target(about["field"], about["value"])
        for about in [row.get("about"), *row.get("also", [])]
        if about and about["polarity"] == "lookalike"
    }
    if labels.get("A") is False and any(target.field == "A_kind" for target in lookalikes):
        lookalikes.add(Target("A", True))  # what only looks like one kind, and is none, looks like ambiguity
    return LabelledText(row["id"], row["text"], labels, row["family"], frozenset(lookalikes))


def truth(labels: Mapping[str, Any], target: Target) -> bool | None:
    """Whether the value holds for the text; None where the labels leave it open."""
    field, value = target.field, target.value
    if value in labels.get(f"{field}_not", ()):
        return False
    if field in ("red_flags", "step0_flags"):
        return _truth_of_member(labels, field, value)
    if field == "A_kind":
        return _truth_of_kind(labels, value)
    return labels[field] == value if field in labels else None


def _truth_of_member(labels: Mapping[str, Any], field: str, value: object) -> bool | None:
    if field not in labels:
        return None
    if value in labels[field]:
        return True
    return None if value in labels.get(f"{field.removesuffix('_flags')}_open", ()) else False


def _truth_of_kind(labels: Mapping[str, Any], value: object) -> bool | None:
    if "A" not in labels:
        return None
    if not labels["A"]:
        return False
    return labels["A_kind"] == value if "A_kind" in labels else None


def claimed(summary: Summary, target: Target) -> bool:
    """Whether the engine says that the value holds."""
    said = summary.get(target.field)
    if target.field in ("red_flags", "step0_flags"):
        return target.value in (said or ())
    return bool(said == target.value)


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson interval of a share, which stays honest near 0 and 1 and for few texts."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
