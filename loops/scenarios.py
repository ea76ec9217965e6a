"""The pool of written scenarios that all four loops draw from, and the deterministic draw."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nma13.config import SHIPPED_DATA
from nma13.errors import LabError

FOLDER = SHIPPED_DATA / "scenarios"
TYPES = (
    "Constraint Collision",
    "Capacity Collapse",
    "Standing Conflict",
    "Irreversible Threshold",
    "Unclear Ambiguity",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation, told as a person would tell it."""

    id: str
    type: str
    field: str
    text: str


@cache
def load_scenarios(folder: Path = FOLDER) -> tuple[Scenario, ...]:
    """Every scenario, in the order of the types and of their ids."""
    found = []
    for type_ in TYPES:
        path = folder / f"{type_.lower().replace(' ', '_')}.toml"
        plain = tomllib.loads(path.read_text("utf-8"))
        found += [
            Scenario(entry["id"], type_, entry["field"], " ".join(entry["text"].split())) for entry in plain["scenario"]
        ]
    return tuple(found)


def draw(seed: int) -> Scenario:
    """The scenario of a cycle: first a type, then one of its scenarios."""
    chance = random.Random(seed)
    type_ = chance.choice(TYPES)
    return chance.choice([scenario for scenario in load_scenarios() if scenario.type == type_])


def by_id(scenario_id: str) -> Scenario:
    """A scenario that an interrupted cycle had drawn."""
    for scenario in load_scenarios():
        if scenario.id == scenario_id:
            return scenario
    raise LabError(
        f"The scenario {scenario_id}, which an interrupted cycle had drawn, is not in {FOLDER} any more. "
        "Nothing was changed. Put its file back, then start the loop again."
    )
