"""A study run from the page: a process of its own, its last line as it comes, and a way to stop it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from apps import pieces
from apps.html import Html, el
from experiments.verisim.studies import STUDIES
from experiments.verisim.studies.kit import PRESETS, manifest
from nma13.config import ROOT

WITHOUT_TORCH = {"floor", "knee", "surface"}
LOOK_EVERY_S = 0.5
WHAT_IT_DOES = (
    "Runs a study again, in a process of its own. In the other tabs your result stands in place of the shipped one, "
    "which is kept. Smoke is a first look; medium made the shipped figures, and each manifest says what that took."
)
TOLD = 600  # bytes, of the end of what it said


def can_run(name: str) -> bool:
    return name in WITHOUT_TORCH or importlib.util.find_spec("torch") is not None


def run(name: str, preset: str, data: Path) -> Iterator[Html]:
    """Progress, then the verdict. Closing the page or pressing Stop ends the process."""
    if name not in STUDIES or preset not in PRESETS:
        yield pieces.panel("Nothing was run", el("p", "Choose a study and a preset from the lists."))
        return
    if not can_run(name):
        how = pieces.code("./lab setup --all")
        yield pieces.panel(
            "PyTorch is not installed", el("p", "This study trains. Install what trains with ", how, ".")
        )
        return
    command = [sys.executable, "-m", "experiments.verisim", "study", name, "--preset", preset]
    began = time.monotonic()
    with TemporaryFile() as heard:  # a pipe that nobody empties would hold up a study with much to say
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "NMA_DATA": str(data)}, stdout=heard, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                yield _progress(name, preset, time.monotonic() - began, _end_of(heard))
                time.sleep(LOOK_EVERY_S)
            said = _end_of(heard)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(10)
    if process.returncode == 0:
        told = manifest(name, data / "verisim")
        yield pieces.panel(
            f"{name}: hypothesis {told['verdict']}",
            el("p", told["why"]),
            el("p", f"{told['cpu_seconds']} s of CPU. The results are in the other tabs."),
        )
    else:
        yield pieces.panel(f"{name} did not finish", el("p", said), el("p", "Earlier results were not touched."))


def stopped() -> Html:
    return pieces.panel("Nothing is running", el("p", "A study that is stopped leaves earlier results as they were."))


def _end_of(heard: BinaryIO) -> str:
    """The last of what it said, read without moving the place where it goes on writing."""
    size = os.fstat(heard.fileno()).st_size
    return os.pread(heard.fileno(), TOLD, max(0, size - TOLD)).decode("utf-8", "replace").strip()


def _progress(name: str, preset: str, seconds: float, said: str) -> Html:
    usual = _usual(name, preset)
    left = "" if usual is None else f", {usual:.0f} s of CPU when it was last run"
    share = 0.0 if usual is None else min(0.97, seconds / max(1.0, usual))
    return pieces.panel(f"Running {name}", pieces.meter(share, "Time gone by"), el("p", f"{seconds:.0f} s{left}"),
                        el("p", said.rpartition("\n")[2]) if said else None)  # fmt: skip


def _usual(name: str, preset: str) -> float | None:
    """What the shipped run cost, as a guide, if it was of this size."""
    try:
        told = manifest(name)
    except OSError:
        return None
    return float(told["cpu_seconds"]) if told["preset"]["name"] == preset else None
