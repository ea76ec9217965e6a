"""What the loops' tests share: a cycle in this process, a loop in a process of its own, reading the store."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from loops.cycle import Means, run_cycle
from loops.programme import LoopProgramme
from nma13.config import ROOT
from nma13.llm.types import Model
from nma13.store import LOOPS, open_ro

NOW = 1_700_000_000_000
PYTHON = sys.executable


def means(model: Model, **changes) -> Means:
    return Means(**{"model": model, "model_name": "scripted", "now_ms": lambda: NOW, **changes})


def cycles(connection: sqlite3.Connection, loop: LoopProgramme, model: Model, numbers, **changes) -> None:
    for number in numbers:
        assert run_cycle(connection, loop, number, means(model, **changes))


def start(folder: Path, letter: str, *options: str, pace: float = 0.0) -> subprocess.Popen[str]:
    """A loop as a person starts it."""
    command = [PYTHON, "-m", "launcher", "loop", letter, "--model", "scripted:", "--pace", str(pace), *options]
    return start_command(folder, command)


def start_command(folder: Path, command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "NMA_DATA": str(folder), "LAB_PYTHON": PYTHON}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def lab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NMA_DATA": str(folder), "LAB_PYTHON": PYTHON}
    return subprocess.run(
        [PYTHON, "-m", "launcher", *words], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def eventually(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it is so; the machine may be busy."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.02)


def ask(folder: Path, source: str, sql: str, *values: object) -> list[sqlite3.Row]:
    """Rows of the loop's database; none while it does not exist yet."""
    if not (folder / f"{LOOPS[source].database}.db").exists():
        return []
    try:
        reader = open_ro(LOOPS[source].database, folder)
    except Exception:  # noqa: BLE001 - being made this instant
        return []
    try:
        return reader.execute(sql.format(outputs=LOOPS[source].outputs, cycles=LOOPS[source].cycles), values).fetchall()
    finally:
        reader.close()


def outputs(folder: Path, source: str) -> int:
    rows = ask(folder, source, "SELECT count(*) FROM {outputs} WHERE source = ?", source)
    return rows[0][0] if rows else 0
