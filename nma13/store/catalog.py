"""The four databases and the tables of the four loops, by name. These names never come from a user."""

from __future__ import annotations

from dataclasses import dataclass

STATIONS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7")
ROUNDS = ("R1", "R2", "R3")
ROLLUP_BUCKET = 100  # cycles
OWN_TABLES = (
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    " AND name NOT LIKE '%\\_text%' ESCAPE '\\' ORDER BY rowid"
)
"""The tables of ours in any database, without those that SQLite and its full-text indexes keep for themselves."""


@dataclass(frozen=True, slots=True)
class Database:
    """One SQLite file: its folder of migrations and the names of its loop's two tables."""

    name: str
    outputs: str
    cycles: str
    owner: str
    sources: tuple[str, ...] = ("loop_a", "loop_b", "loop_c", "loop_d")
    """Loops that may write here; a further loop's own database names that loop alone."""

    @property
    def file(self) -> str:
        return f"{self.name}.db"


@dataclass(frozen=True, slots=True)
class LoopTables:
    """Where one loop writes."""

    source: str
    database: str
    outputs: str
    cycles: str
    asks_can: bool  # R3 asks whether CAN holds, so a cycle is resolved or blocked


DATABASES: dict[str, Database] = {
    database.name: database
    for database in (
        Database(
            "memory",
            "autonomous_loop",
            "autonomous_loop_cycles",
            "navigation, Inner House, loop A; mirror of D",
        ),
        Database("prime_experiment", "prime_loop", "prime_cycles", "loop B"),
        Database("cognition_experiment", "cognition_loop", "cognition_cycles", "loop C"),
        Database("loop_d_experiment", "loop_d", "loop_d_cycles", "loop D"),
    )
}

LOOPS: dict[str, LoopTables] = {
    source: LoopTables(source, name, DATABASES[name].outputs, DATABASES[name].cycles, asks_can)
    for source, name, asks_can in (
        ("loop_a", "memory", False),
        ("loop_b", "prime_experiment", True),
        ("loop_c", "cognition_experiment", True),
        ("loop_d", "loop_d_experiment", True),
    )
}
