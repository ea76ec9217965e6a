"""What makes one loop this loop: its place, its seed, its words, and the few functions that are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nma13.deliberation import Programme, load_programme
from nma13.deliberation.prompts import Said
from nma13.store import LOOPS, LoopTables

TEXTS = Path(__file__).with_name("programmes")
SEED_FACTOR = 137


@dataclass(frozen=True, slots=True)
class Turn:
    """What is particular to one cycle of one loop. Made from the cycle's number alone, so that a resumed cycle
    finds it again."""

    own: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(round, station) -> what fills the programme's places there."""
    cycle_columns: Mapping[str, Any] = field(default_factory=dict)
    output_columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Station -> columns of its outputs."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a loop reads off a finished cycle beside the arbitration."""

    can_resolved: bool | None = None
    blocking_stations: tuple[str, ...] = ()
    cycle_columns: Mapping[str, Any] = field(default_factory=dict)


def _plain_turn(_cycle: int, _seed: int) -> Turn:
    return Turn()


def _no_columns(_round: str, _text: str) -> Mapping[str, Any]:
    return {}


def _no_conclusion(_said: Said, _turn: Turn) -> Conclusion:
    return Conclusion()


@dataclass(frozen=True, slots=True)
class LoopProgramme:
    """One loop. `turn`, `read_output` and `conclude` are pure functions; all that writes is in the cycle."""

    letter: str
    title: str
    seed_offset: int
    seed_step: int = 4
    """From one station's seed to the next within a cycle."""
    remembers: int = 2
    """How many earlier outputs on the same type of scenario are given, if they pass the fidelity gate."""
    keeps_components: bool = False
    turn: Callable[[int, int], Turn] = _plain_turn
    read_output: Callable[[str, str], Mapping[str, Any]] = _no_columns
    """Columns that a text of some round fills."""
    conclude: Callable[[Said, Turn], Conclusion] = _no_conclusion
    other_words: Programme | None = None
    """Words other than those of its file."""

    @property
    def source(self) -> str:
        return f"loop_{self.letter}"

    @property
    def tables(self) -> LoopTables:
        return LOOPS[self.source]

    @property
    def words(self) -> Programme:
        return self.other_words or load_programme(TEXTS / f"{self.source}.toml")

    def seed(self, cycle: int) -> int:
        return cycle * SEED_FACTOR + self.seed_offset
