"""Exemplars and the tune part of the labelled texts, to learn from. Held-out texts are never opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nma13.config import SHIPPED_DATA
from nma13.semantic.exemplars import Exemplars, exemplars, neutral

FOLDER = SHIPPED_DATA / "evaluation"
FOLDS = 8

OTHERS = 0.3
"""Weight of another value's exemplar as a negative: it is one almost always, not by promise."""
SAME_VARIABLE = 0.7
"""Weight where the other value is one of the same variable, which holds one value only."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value that can be learned."""

    sets: str
    kind: str = ""

    @property
    def name(self) -> str:
        return f"{self.sets} {self.kind}".strip()

    @property
    def variable(self) -> str:
        return self.sets.partition("=")[0]


VALUES: tuple[Value, ...] = (
    *(Value(f"FLAG={name}") for name in ("CRISIS", "AUTHORITY", "MANIPULATION")),
    *(Value(f"I={name}") for name in ("HIGH", "MOD", "LOW", "UNKNOWN")),
    *(Value(f"C={name}") for name in ("HIGH", "MOD", "LOW")),
    Value("X=TRUE"),
    *(Value("A=TRUE", kind) for kind in ("Frame", "Threshold", "Epistemic", "Options")),
    Value("T=TRUE"),
    Value("R=TRUE"),
    *(Value(f"S={name}") for name in ("CLEAR", "SHARED", "UNCLEAR", "ABSENT")),
)
ONLY_LABELLED = frozenset(["I=MOD", "I=LOW", "I=UNKNOWN", "C=LOW", "S=CLEAR"])
"""Values without exemplars of their own; another value's exemplar says nothing about them."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text and, per value name, whether it holds and how much that counts. A missing value is not known."""

    text: str
    targets: Mapping[str, tuple[bool, float]]
    labelled: bool
    lookalike_of: str = ""

    @property
    def fold(self) -> int:
        """Does not depend on the order of files nor on the run."""
        return hashlib.sha256(self.text.encode()).digest()[0] % FOLDS


def items() -> list[Item]:
    """Everything there is to learn from."""
    return [*_from_exemplars(), *_from_labelled()]


def _from_exemplars() -> Iterator[Item]:
    for value in exemplars():
        yield from (Item(text, _likeness(value, True), False) for text in value.like)
        yield from (Item(text, _likeness(value, False), False, value.sets) for text in value.looks_like)
    nothing = {value.name: (False, 1.0) for value in VALUES if value.sets != "S=CLEAR"}
    yield from (Item(text, nothing, False) for text in neutral())


def _likeness(exemplar: Exemplars, like: bool) -> dict[str, tuple[bool, float]]:
    """What an exemplar says about every value: its own surely, others probably."""
    known: dict[str, tuple[bool, float]] = {}
    variable = exemplar.sets.partition("=")[0]
    for value in VALUES:
        if value.sets == exemplar.sets and (not exemplar.kind or value.kind in ("", exemplar.kind)):
            known[value.name] = (like, 1.0)
        elif value.sets in ONLY_LABELLED or (like and value.sets in exemplar.may_also_be):
            continue
        elif value.variable == variable:
            if like:
                known[value.name] = (False, SAME_VARIABLE)
        else:
            known[value.name] = (False, OTHERS)
    return known


def _from_labelled() -> Iterator[Item]:
    for path in sorted(FOLDER.glob("tune_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            truths = {value.name: truth(value, row["labels"]) for value in VALUES}
            known = {name: (held, 1.0) for name, held in truths.items() if held is not None}
            yield Item(row["text"], known, True, _lookalike_of(row.get("about")))


def _lookalike_of(about: Mapping[str, Any] | None) -> str:
    if not about or about["polarity"] != "lookalike":
        return ""
    field, value = about["field"], about["value"]
    variable = {"red_flags": "FLAG", "A_kind": "A"}.get(field, field)
    return f"{variable}={'TRUE' if value is True or field == 'A_kind' else value}"


def truth(value: Value, labels: Mapping[str, Any]) -> bool | None:
    """Whether a labelled text has this value; None where its author left that open."""
    variable, _, wanted = value.sets.partition("=")
    if variable == "FLAG":
        if wanted in labels.get("red_open", ()) or "red_flags" not in labels:
            return None
        return wanted in labels["red_flags"]
    if wanted in labels.get(f"{variable}_not", ()):
        return False
    if variable not in labels:
        return None
    found = labels[variable]
    if wanted != "TRUE":
        return bool(found == wanted)
    if found and value.kind:
        return labels["A_kind"] == value.kind if "A_kind" in labels else None
    return bool(found)


def sources_hash(folder: Path = FOLDER) -> str:
    """Names the labelled texts something was fitted on."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("tune_*.jsonl")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
