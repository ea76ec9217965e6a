"""What a study is, and how its rows are kept: a CSV, a manifest beside it, a figure from the CSV alone."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from experiments.manifest import versions, write_whole
from experiments.verisim.metrics import interval, nested_interval
from experiments.verisim.places import SHIPPED, figure_of, manifest_of, results_of
from nma13.errors import LabError


@dataclass(frozen=True, slots=True)
class Preset:
    """How much is run. `smoke` is for a first look; the shipped figures come from `medium`, and each manifest says
    what it took; the larger ones are there for larger machines."""

    name: str = "smoke"
    transitions: int = 120
    seeds: int = 1
    rollouts: int = 12
    steps: int = 24
    ours: int = 400
    """Training steps of our arm in the comparisons (the shipped weights are trained longer)."""
    baseline: int = 200
    ssl: int = 60
    more: tuple[tuple[int, int], ...] = ()
    """EN4: the arms are also taught on so many times the data, for so many times the steps."""
    branches: tuple[int, ...] = (8, 16)
    """EN9: how many exact negatives."""
    sizes: tuple[int, ...] = (5, 25)
    surface: tuple[int, ...] = (5, 50, 500)
    fresh: int = 10
    """EN2 on fresh seeds: how many arms are trained for it."""


PRESETS = {
    "smoke": Preset(),
    "medium": Preset(
        "medium",
        120,
        3,
        24,
        48,
        1000,
        1500,
        600,
        ((8, 3), (40, 6)),
        (8, 16, 32),
        sizes=(5, 25, 50),
        surface=(5, 50, 200, 500, 2000),
    ),
    "standard": Preset(
        "standard",
        120,
        5,
        30,
        100,
        2000,
        3000,
        1500,
        ((8, 3), (40, 6)),
        (8, 16, 32),
        sizes=(5, 25, 50, 100),
        surface=(5, 50, 200, 500, 2000),
    ),
    "hero": Preset(
        "hero",
        960,
        5,
        50,
        400,
        4000,
        4000,
        3000,
        ((4, 2), (8, 3)),
        (8, 16, 32),
        sizes=(25, 50, 100, 200, 300),
        surface=(5, 50, 200, 500, 2000, 5000),
    ),
}


class Row(NamedTuple):
    """One point. `panel` is what is measured, `series` who, `x` under which condition; `source` the source's figure."""

    panel: str
    series: str
    x: str
    mean: float
    low: float
    high: float
    n: int
    source: str = ""
    seeds: int = 1
    """How many trained arms lie behind it; with more than one, the interval is over them and over the rollouts."""


def point(panel: str, series: str, x: Any, values: Iterable[float], source: float | None = None) -> Row:
    """A row from raw values, with its bootstrap interval."""
    kept = [float(value) for value in values]
    mean, low, high = (round(each, 4) for each in interval(kept))
    return Row(panel, series, str(x), mean, low, high, len(kept), "" if source is None else str(source))


def over_seeds(panel: str, series: str, x: Any, groups: Sequence[Sequence[float]], source: float | None = None) -> Row:
    """A row from raw values in groups, one for each trained arm."""
    kept = [[float(value) for value in group] for group in groups if group]
    mean, low, high = (round(each, 4) for each in nested_interval(kept))
    said = "" if source is None else str(source)
    return Row(panel, series, str(x), mean, low, high, sum(map(len, kept)), said, len(kept))


class Verdict(NamedTuple):
    """«held», «refuted» or «mixed», and the sentence that says why."""

    word: str
    why: str


@dataclass(frozen=True, slots=True)
class Study:
    """One question with its hypothesis, what would refute it, and what the source reported."""

    name: str
    title: str
    hypothesis: str
    refuted_if: str
    source: str
    run: Callable[[Preset], list[Row]]
    verdict: Callable[[Sequence[Row]], Verdict]
    x_label: str = ""
    lines: bool = True
    """Lines over a number, or bars over words."""


def value(rows: Sequence[Row], panel: str, series: str, x: Any) -> float:
    """The mean of one point."""
    for row in rows:
        if (row.panel, row.series, row.x) == (panel, series, str(x)):
            return row.mean
    raise KeyError((panel, series, x))


def write(study: Study, preset: Preset, rows: Sequence[Row], seconds: float, folder: Path) -> None:
    """CSV, manifest and figure. Verdict and figure come from the rows as a reader of the CSV has them, and before
    anything is written: what cannot be judged or drawn leaves the results of an earlier run whole."""
    from experiments.verisim.studies.figures import draw

    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(rows)
    kept = parsed(sink.getvalue())
    said, figure = study.verdict(kept), draw(study, kept)
    told = {
        "study": study.name,
        "preset": asdict(preset),
        "verdict": said.word,
        "why": said.why,
        "cpu_seconds": round(seconds, 1),
        "sha256": sha256(sink.getvalue().encode()).hexdigest(),
        "machine": machine(),
        "versions": versions(),
    }
    write_whole(results_of(study.name, folder), sink.getvalue())
    write_whole(manifest_of(study.name, folder), json.dumps(told, indent=1, sort_keys=True) + "\n")
    write_whole(figure_of(study.name, folder), figure)


def machine() -> str:
    """The machine in plain words; nothing in a run of ours uses a GPU, whether there is one or not."""
    return f"{os.cpu_count()} CPU cores ({platform.machine()}), no GPU used, one thread of PyTorch for each process"


def read(name: str, folder: Path = SHIPPED) -> list[Row]:
    """The rows of a study, as they were written."""
    try:
        text = results_of(name, folder).read_text(encoding="utf-8")
    except OSError:
        raise LabError(
            f"There are no results of the study {name} yet. Nothing was changed. "
            f"Run it with: ./lab verisim study {name}"
        ) from None
    return parsed(text)


def parsed(text: str) -> list[Row]:
    return [
        Row(
            r["panel"],
            r["series"],
            r["x"],
            float(r["mean"]),
            float(r["low"]),
            float(r["high"]),
            int(r["n"]),
            r["source"],
            int(r.get("seeds") or 1),
        )
        for r in csv.DictReader(text.splitlines())
    ]


def manifest(name: str, folder: Path = SHIPPED) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(manifest_of(name, folder).read_text(encoding="utf-8"))
    return found


def conduct(study: Study, preset: Preset, folder: Path) -> list[Row]:
    """Run a study and keep what it found."""
    began = time.process_time()
    rows = study.run(preset)
    write(study, preset, rows, time.process_time() - began, folder)
    return rows
