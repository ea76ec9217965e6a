"""What earlier cycles on the same type of scenario ended with, given to a later one through the fidelity gate."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from nma13.deliberation import Block
from nma13.memory_fidelity import fidelity
from nma13.store import LoopTables

LOOKED_AT = 12  # newest first; how far back one looks for what may be kept
HEADING = "SAID IN EARLIER CYCLES ON OTHER SITUATIONS OF THIS KIND (not evidence here):"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was kept for the prompt, and what was kept out and why."""

    block: Block | None
    kept: tuple[dict[str, object], ...]
    excluded: tuple[dict[str, object], ...]


def remember(
    connection: sqlite3.Connection, loop: LoopTables, scenario_type: str, cycle: int, wanted: int
) -> Remembered:
    """The lead stations' last words in the newest finished cycles before this one."""
    rows = connection.execute(
        f"SELECT o.text, o.station, c.cycle, c.confab_count, c.output_count, c.g2_passed FROM {loop.cycles} c"  # noqa: S608
        f" JOIN {loop.outputs} o ON o.cycle = c.cycle AND o.source = c.source AND o.round = 'R3'"
        " AND o.station = coalesce(c.lead_station, 'S1')"
        " WHERE c.source = ? AND c.scenario_type = ? AND c.cycle < ? AND c.status = 'done'"
        " ORDER BY c.cycle DESC LIMIT ?",
        (loop.source, scenario_type, cycle, LOOKED_AT if wanted else 0),
    )
    kept: list[dict[str, object]] = []
    excluded: list[dict[str, object]] = []
    lines: list[str] = []
    for row in rows.fetchall():
        if len(kept) == wanted:
            break
        verdict = fidelity(
            row["text"],
            confab_count=row["confab_count"],
            output_count=row["output_count"],
            g2_passed=bool(row["g2_passed"]),
        )
        where: dict[str, object] = {"cycle": row["cycle"], "station": row["station"]}
        if verdict.kept:
            kept.append(where)
            lines.append(f"- {row['station']}: {' '.join(row['text'].split())}")
        else:
            excluded.append({**where, "reason": verdict.reason})
    return Remembered(Block(HEADING, tuple(lines)) if lines else None, tuple(kept), tuple(excluded))
