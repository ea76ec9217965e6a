"""One cycle: scenario, three rounds, arbitration, ledger. Written once; what differs is the loop's programme.

Everything a cycle's prompts hold comes from its number and its row in the store, so that a cycle which was
cut off goes on exactly where it stopped.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from loops.components import known_components, remember_component
from loops.ledger import ledger_of
from loops.programme import LoopProgramme, Turn
from loops.remembering import remember
from loops.scenarios import Scenario, by_id, draw
from loops.search_feeder import Feeder
from nma13.clock import now_ms
from nma13.deliberation import Answer, Block, Case, Mode, Output, arbitrate, deliberate
from nma13.deliberation.prompts import Said
from nma13.llm.types import Cancel, Model
from nma13.store import transaction
from nma13.store.units import (
    CycleResult,
    CycleStart,
    StationOutput,
    begin_cycle,
    finish_cycle,
    unfinished_cycle,
    write_output,
)

SOUND_MAJORITY = 4  # of the seven last words, without a flag: the cycle passes Gate 2


@dataclass(frozen=True, slots=True)
class Means:
    """What a cycle works with."""

    model: Model
    model_name: str
    mode: Mode = "batched"
    feeder: Feeder | None = None
    now_ms: Callable[[], int] = now_ms


def next_cycle(connection: sqlite3.Connection, loop: LoopProgramme) -> int:
    """The interrupted cycle, or the one after the last; counted from 1."""
    interrupted = unfinished_cycle(connection, loop.tables)
    if interrupted is not None:
        return interrupted
    row = connection.execute(
        f"SELECT max(cycle) FROM {loop.tables.cycles} WHERE source = ?",  # noqa: S608
        (loop.source,),
    ).fetchone()
    return int(row[0] or 0) + 1


def run_cycle(
    connection: sqlite3.Connection,
    loop: LoopProgramme,
    cycle: int,
    means: Means,
    *,
    stop: Callable[[], bool] = lambda: False,
    cancel: Cancel | None = None,
    tell: Callable[[Output], None] = lambda _output: None,
) -> bool:
    """Begin or go on with a cycle; False when it was stopped before its end. Each output is committed at once."""
    turn = loop.turn(cycle, loop.seed(cycle))
    case = _begun(connection, loop, cycle, turn, means)
    said, earlier_seconds = _already_said(connection, loop, cycle)

    def keep(output: Output) -> None:
        write_output(connection, loop.tables, _row(loop, cycle, turn, output, means))
        tell(output)

    transcript = deliberate(loop.words, case, means.model, keep, said=said, mode=means.mode, stop=stop, cancel=cancel)
    if not transcript.complete:
        return False
    answers: dict[str, Answer] = {}
    for question in loop.words.questions:
        answer = arbitrate(
            loop.words, case, transcript.said, means.model, question,
            reproducible=means.mode == "sequential", cancel=cancel,
        )  # fmt: skip
        if answer.status == "cancelled":
            return False
        answers[question.name] = answer
    spent = earlier_seconds + transcript.model_seconds + sum(answer.model_seconds for answer in answers.values())
    _finish(connection, loop, cycle, turn, transcript.said, answers, spent, means.now_ms())
    return True


def _begun(connection: sqlite3.Connection, loop: LoopProgramme, cycle: int, turn: Turn, means: Means) -> Case:
    """The cycle's case: as its row says where it was begun before, else drawn now."""
    row = connection.execute(
        f"SELECT scenario_id, seed, context FROM {loop.tables.cycles} WHERE cycle = ? AND source = ?",  # noqa: S608
        (cycle, loop.source),
    ).fetchone()
    if row is not None:
        blocks = tuple(
            Block(block["heading"], tuple(block["lines"])) for block in json.loads(row["context"]).get("blocks", ())
        )
        return _case(loop, by_id(row["scenario_id"]), row["seed"], turn, blocks)
    seed = loop.seed(cycle)
    scenario = draw(seed)
    blocks, context = _context(connection, loop, cycle, scenario, means.feeder)
    begin_cycle(
        connection,
        loop.tables,
        CycleStart(
            cycle, scenario.id, scenario.type, seed, means.model_name, means.now_ms(),
            {**turn.cycle_columns, "context": json.dumps(context, ensure_ascii=False)},
        ),
    )  # fmt: skip
    return _case(loop, scenario, seed, turn, blocks)


def _case(loop: LoopProgramme, scenario: Scenario, seed: int, turn: Turn, blocks: tuple[Block, ...]) -> Case:
    return Case(f"SITUATION ({scenario.type})", scenario.text, seed, loop.seed_step, blocks, turn.own)


def _context(
    connection: sqlite3.Connection, loop: LoopProgramme, cycle: int, scenario: Scenario, feeder: Feeder | None
) -> tuple[tuple[Block, ...], dict[str, Any]]:
    """What stands beside the scenario, and the record of how it came there."""
    memory = remember(connection, loop.tables, scenario.type, cycle, loop.remembers)
    blocks = [memory.block]
    record: dict[str, Any] = {"remembered": memory.kept, "excluded": memory.excluded}
    if loop.keeps_components:
        blocks.append(known_components(connection, loop.source, cycle))
    if feeder is not None:
        found = feeder.feed(scenario.type, cycle)
        blocks.append(found.block)
        record["search"] = {"query": found.query, "notice": found.notice}
    given = tuple(block for block in blocks if block is not None)
    return given, {"blocks": [asdict(block) for block in given], **record}


def _already_said(connection: sqlite3.Connection, loop: LoopProgramme, cycle: int) -> tuple[Said, float]:
    """What an interrupted cycle has said, and the model's time in it: batched outputs shared theirs."""
    rows = connection.execute(
        f"SELECT round, station, text, made, seconds FROM {loop.tables.outputs} WHERE cycle = ? AND source = ?",  # noqa: S608
        (cycle, loop.source),
    ).fetchall()
    alone = sum(row["seconds"] for row in rows if row["made"] == "sequential")
    together: dict[str, float] = {}
    for row in rows:
        if row["made"] == "batched":
            together[row["round"]] = max(row["seconds"], together.get(row["round"], 0.0))
    return {(row["round"], row["station"]): row["text"] for row in rows}, alone + sum(together.values())


def _row(loop: LoopProgramme, cycle: int, turn: Turn, output: Output, means: Means) -> StationOutput:
    return StationOutput(
        cycle,
        output.round,
        output.station,
        output.text,
        output.seed,
        output.model,
        output.made,
        means.now_ms(),
        confab=output.checked.confab,
        closure=output.checked.closure,
        overreach=output.checked.overreach,
        findings=output.checked.findings,
        prompt_tokens=output.prompt_tokens,
        completion_tokens=output.completion_tokens,
        seconds=output.seconds,
        extra={**turn.output_columns.get(output.station, {}), **loop.read_output(output.round, output.text)},
    )


def _finish(
    connection: sqlite3.Connection,
    loop: LoopProgramme,
    cycle: int,
    turn: Turn,
    said: Said,
    answers: Mapping[str, Answer],
    model_seconds: float,
    now: int,
) -> None:
    """Arbitration, ledger, sums and library in one transaction."""
    bof, conclusion = answers["bof"], loop.conclude(said, turn)
    status: Literal["ok", "parse_error"] = "ok" if bof.status == "ok" else "parse_error"
    architecture = answers["architecture"].values if "architecture" in answers else {}
    columns = dict(conclusion.cycle_columns)
    if loop.keeps_components:
        columns["architecture_note"] = architecture.get("architecture_note")
    result = CycleResult(
        cycle,
        now,
        status,
        bof.text,
        friction_type=bof.values.get("friction_type"),
        friction_source=bof.values.get("friction_source"),
        lead_station=bof.values.get("lead_station"),
        arb_note=bof.values.get("arb_note"),
        g2_passed=_passes_gate2(connection, loop, cycle),
        model_seconds=model_seconds,
        can_resolved=conclusion.can_resolved,
        blocking_stations=conclusion.blocking_stations,
        extra=columns,
    )
    entries = ledger_of(cycle, said, now)
    with transaction(connection):
        if finish_cycle(connection, loop.tables, result, entries) and architecture:
            remember_component(connection, loop.source, cycle, architecture)


def _passes_gate2(connection: sqlite3.Connection, loop: LoopProgramme, cycle: int) -> bool:
    """Whether most of the last words are without a flag; a cycle that fails is never remembered."""
    row = connection.execute(
        f"SELECT count(*) FROM {loop.tables.outputs} WHERE cycle = ? AND source = ? AND round = 'R3'"  # noqa: S608
        " AND confab + closure + overreach = 0",
        (cycle, loop.source),
    ).fetchone()
    return int(row[0]) >= SOUND_MAJORITY
