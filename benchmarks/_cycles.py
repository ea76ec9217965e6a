"""Invented cycles of any loop, drawn from a seed: what the monitors' tests and their benchmark read."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nma13.store import ROUNDS, STATIONS, LoopTables
from nma13.store.units import (
    CycleResult,
    CycleStart,
    LedgerEntry,
    StationOutput,
    begin_cycle,
    finish_cycle,
    write_output,
)

TYPES = (
    "Constraint Collision", "Capacity Collapse", "Standing Conflict", "Irreversible Threshold", "Unclear Ambiguity",
)  # fmt: skip
FRICTION = ("PRODUCTIVE", "UNPRODUCTIVE", "IRREDUCIBLE", "TRAGIC FORK", "NONE")
PRIMES = ("SENSE", "INTERPRET", "ACT", "REFLECT", "ORIENT")
WORDS = (
    "promise",
    "cost",
    "station",
    "shore",
    "harbour",
    "ledger",
    "threshold",
    "patient",
    "brother",
    "letter",
    "winter",
    "duty",
    "silence",
    "debt",
    "garden",
    "bridge",
    "contract",
    "mother",
    "witness",
    "morning",
    "evidence",
    "refusal",
    "burden",
    "doorway",
    "apprentice",
    "illness",
    "choice",
    "vow",
    "weather",
    "window",
)
CLASSES = ("UNCERTAIN", "INFERRED")
COMPONENTS = ("temporal anchor", "trust ledger", "threshold sense", "refusal valve", "quiet index", "shore marker")
BORN = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What the invented loop is like; tests set what they look for."""

    short_s: float = 40.0
    long_s: float = 300.0
    long_share: float = 0.3
    flag_rate: float = 0.03
    parse_errors: float = 0.02
    confirm: float = 0.85
    words: int = 24


@dataclass
class Invented:
    """One loop's cycles, one after the other."""

    loop: LoopTables
    seed: int = 137
    kind: Kind = field(default_factory=Kind)
    started_ms: int = BORN

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.loop.source} {self.seed}")
        self.lead = "S1"

    def cycle(self, number: int) -> tuple[CycleStart, list[StationOutput], CycleResult, list[LedgerEntry]]:
        """Everything that one cycle writes."""
        chance, kind = self.chance, self.kind
        long = chance.random() < kind.long_share
        middle = kind.long_s if long else kind.short_s
        seconds = max(1.0, chance.gauss(middle, middle * 0.15))
        begun = self.started_ms
        self.started_ms = done = begun + int(seconds * 1000)
        self.lead = chance.choice([self.lead, "S6" if self.lead == "S1" else "S1", chance.choice(STATIONS)])
        bare = chance.choice(STATIONS) if self.loop.source == "loop_c" and chance.random() < 0.2 else None
        outputs = [
            self._output(number, round_, station, begun + int(seconds * 1000 * at / 22), bare)
            for at, (round_, station) in enumerate(((r, s) for r in ROUNDS for s in STATIONS), 1)
        ]
        start = CycleStart(
            number, f"X-{number % 120:03d}", TYPES[chance.randrange(5)], number * 137 + 42, "scripted", begun,
            {"bare_station": bare} if self.loop.source == "loop_c" else {},
        )  # fmt: skip
        ledger = [
            LedgerEntry(number, s, self._words(8), self._words(6), chance.choice(CLASSES), ("R1", "R3"), done)
            for s in STATIONS
        ]
        return start, outputs, self._result(number, outputs, done, seconds), ledger

    def _words(self, count: int) -> str:
        return f"{' '.join(self.chance.choices(WORDS, k=count)).capitalize()}."

    def _output(self, cycle: int, round_: str, station: str, at_ms: int, bare: str | None) -> StationOutput:
        chance = self.chance
        extra: dict[str, Any] = {}
        text = self._words(self.kind.words)
        if self.loop.asks_can and round_ == "R3":
            confirmed = chance.random() < self.kind.confirm
            extra = {"can_confirmed": int(confirmed), "lean": chance.choice(WORDS)}
            text += " GOOD BODY CAN MOVE HERE NOW." if confirmed else " What blocks it is not named yet."
            text += f" The lean is toward {extra['lean']}."
        if self.loop.source == "loop_c":
            extra["bare"] = int(station == bare)
        if self.loop.source == "loop_d":
            sequence = chance.sample(PRIMES, chance.randint(1, 5))
            place = chance.randint(0, len(sequence))
            sequence.insert(place, "CAN")
            extra |= {"can_sequence": " ".join(sequence), "can_position": place, "can_length": len(sequence)}
        flags = {name: chance.random() < self.kind.flag_rate for name in ("confab", "closure", "overreach")}
        return StationOutput(
            cycle, round_, station, text, cycle, "scripted", "batched", at_ms, **flags,
            prompt_tokens=300, completion_tokens=self.kind.words, seconds=1.5, extra=extra,
        )  # fmt: skip

    def _result(self, cycle: int, outputs: Sequence[StationOutput], done_ms: int, seconds: float) -> CycleResult:
        chance, asks = self.chance, self.loop.asks_can
        blocking = tuple(o.station for o in outputs if asks and o.round == "R3" and not o.extra["can_confirmed"])
        failed = chance.random() < self.kind.parse_errors
        friction = None if failed else chance.choices(FRICTION, weights=(50, 20, 15, 5, 10))[0]
        extra: dict[str, Any] = {"collective_lean": chance.choice(WORDS)} if asks else {}
        if self.loop.source in ("loop_c", "loop_d"):
            extra["architecture_note"] = self._words(14)
        if self.loop.source == "loop_d":
            extra["sequence_note"] = f"blocked: {', '.join(blocking) or 'none'}"
        return CycleResult(
            cycle, done_ms, "parse_error" if failed else "ok",
            "not JSON" if failed else json.dumps({"friction": friction}),
            friction, None if failed else "between promise and cost", None if failed else self.lead,
            None if failed else self._words(6), sum(o.confab for o in outputs) < 3, seconds * 0.97,
            not blocking if asks else None, blocking, extra,
        )  # fmt: skip


def write(connection: sqlite3.Connection, invented: Invented, cycles: range) -> None:
    """Through the loops' own writers, output by output."""
    loop = invented.loop
    for number in cycles:
        start, outputs, result, ledger = invented.cycle(number)
        begin_cycle(connection, loop, start)
        for output in outputs:
            write_output(connection, loop, output)
        finish_cycle(connection, loop, result, ledger)
        if loop.source in ("loop_c", "loop_d"):
            _name_component(connection, loop, number, invented.chance)


def _name_component(connection: sqlite3.Connection, loop: LoopTables, cycle: int, chance: random.Random) -> None:
    connection.execute(
        "INSERT INTO components (source, name, station, first_cycle, last_cycle, description) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source, name) DO UPDATE SET uses = uses + 1, last_cycle = excluded.last_cycle",
        (loop.source, chance.choice(COMPONENTS), chance.choice(STATIONS), cycle, cycle, "holds what was moved"),
    )
