"""The study of meaning: every reader, every control, one command. `./lab nanoim meaning --suite hard`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.manifest import file_hash, manifest, read_result, write_result
from experiments.nanoim import annotation, generalise, learners, shelf, unseen
from experiments.nanoim.annotation import FOLDER, Sheet, states
from experiments.nanoim.features import Floats
from experiments.nanoim.generalise import Choice, averaged, leave_out, taa_psr, world
from experiments.nanoim.generate import HOME
from experiments.nanoim.learners import Learner
from experiments.nanoim.lofo import needs_unseen_action, summary
from experiments.nanoim.scenes import (
    DESCRIPTIONS,
    Meaning,
    Scenes,
    embedded,
    embedded_actions,
    scenes,
    words_as_meaning,
)
from experiments.nanoim.unseen import Gate
from experiments.sweep import run_all
from nma13.errors import UsageError

ALWAYS = (Gate("uncovered", -1.0),)
NEVER = (Gate(),)
CONTROLS = ("no_gate", "gate_always", "decoy_actions", "shuffled_lines", "shuffled_states", "shuffled_values",
            "noise_0.25", "noise_0.5")  # fmt: skip
DESIGNS = {"lines": learners.LINES, "steps": learners.STEPWISE}
Job = tuple[str, str, int]


def study(suite: str, seeds: Sequence[int], workers: int = 1, keep: Path | None = None) -> dict[str, Any]:
    """All arms and controls on one suite. Single runs are kept in a folder, if one is named, and not made twice."""
    handed_in = annotation.sheets()
    readers = [*(sheet.reader for sheet in handed_in), "mean"]
    arms = [*readers, "words", *(f"{design}:{reader}" for design in DESIGNS for reader in readers)]
    jobs: list[Job] = [(suite, arm, seed) for arm in (*arms, *CONTROLS) for seed in seeds]
    _refuse_to_mix(keep, suite)
    work = partial(_kept, keep)
    runs = dict(zip(jobs, run_all(work, jobs, workers, f"{suite} by meaning"), strict=True))
    found = {arm: averaged([runs[suite, arm, seed] for seed in seeds], suite) for arm in (*arms, *CONTROLS)}
    best = [work((suite, f"hindsight:{reader}", seeds[0]))["all"] for reader in readers]
    usual = _usual(found["mean"]["chosen"])
    drops: list[Job] = [(suite, f"without:{name}|{usual}", seeds[0]) for name in handed_in[0].attributes]
    dropped = run_all(work, [(suite, f"without:|{usual}", seeds[0]), *drops], workers, f"{suite} without one")
    return {
        "kind": "lofo_meaning",
        "suite": suite,
        "policies": {name: found[name] for name in arms},
        "controls": {**{name: found[name] for name in CONTROLS}, **_untrained(suite)},
        "without": {
            name: _means(run) for name, run in zip(("nothing", *handed_in[0].attributes), dropped, strict=True)
        },
        "hindsight": dict(zip(readers, best, strict=True)),
        "one_attribute_alone": _one_attribute(suite, annotation.mean_sheet(handed_in)),
        "usual_choice": usual,
        "unseen_action_families": list(needs_unseen_action(suite)),
        "seeds": list(seeds),
        "manifest": manifest("./lab nanoim meaning", _config(suite), None, shelf.data_hash(suite)),
    }


def _config(suite: str) -> dict[str, Any]:
    files = [*sorted(FOLDER.glob("*.csv")), DESCRIPTIONS, HOME / "decoy_actions.toml"]
    return {
        "suite": suite,
        "learners": [one.name for one in (*learners.GRID, *learners.LINES, *learners.STEPWISE)],
        "gates": [gate.name for gate in unseen.GATES],
        "pairs_per_family": generalise.PAIRS,
        "files": {path.name: file_hash(path) for path in files},
    }


def _refuse_to_mix(keep: Path | None, suite: str) -> None:
    """Single runs made with other sheets, learners or gates may not be taken for these."""
    about = keep / "config.json" if keep else None
    if about and about.exists() and read_result(about) != _config(suite):
        raise UsageError(f"{keep} holds runs made with other words. Nothing was run. Name another folder with --keep.")
    if about:
        write_result(about, _config(suite))


def _kept(keep: Path | None, job: Job) -> dict[str, dict[str, Any]]:
    """A run from the folder, or made and laid there."""
    path = keep / (re.sub(r"[^a-z0-9]+", "-", f"{job[0]} {job[1]} {job[2]}".lower()) + ".json") if keep else None
    if path and path.exists():
        return read_result(path)
    found = _one(job)
    if path:
        write_result(path, found)
    return found


def _one(job: Job) -> dict[str, dict[str, Any]]:
    """One arm with one seed, family by family."""
    suite, arm, seed = job
    if arm.startswith("without:"):
        name, _, usual = arm.removeprefix("without:").partition("|")
        return leave_out(world(suite, _without(name), seed), seed, fixed=_named(usual))
    gates = {"no_gate": NEVER, "gate_always": ALWAYS}.get(arm, unseen.GATES)
    design, _, reader = arm.rpartition(":")
    here = world(suite, _meaning(reader, seed), seed, _lines(arm, seed))
    if design == "hindsight":
        return {"all": generalise.in_hindsight(here, seed)}
    return leave_out(here, seed, gates=gates, grid=DESIGNS.get(design, learners.GRID))


def _meaning(arm: str, seed: int) -> Meaning:
    """What states mean in this arm; controls start from the readers' mean and break it."""
    handed_in = annotation.sheets()
    own = {sheet.reader: sheet for sheet in handed_in}
    if arm == "words":
        return words_as_meaning()
    grades = (own.get(arm) or annotation.mean_sheet(handed_in)).matrix()
    rng = np.random.default_rng(seed)
    if arm == "shuffled_states":
        grades = grades[rng.permutation(len(grades))]
    elif arm == "shuffled_values":
        grades = rng.permuted(grades, axis=1)
    elif arm.startswith("noise_"):
        grades = grades + rng.normal(0, float(arm.removeprefix("noise_")), grades.shape)
    return dict(zip(states(), grades, strict=True))


def _without(name: str) -> Meaning:
    """The readers' mean with one attribute silenced; an empty name silences none."""
    sheet = annotation.mean_sheet(annotation.sheets())
    grades = sheet.matrix()
    if name:
        grades[:, sheet.attributes.index(name)] = 0
    return dict(zip(states(), grades, strict=True))


def _lines(arm: str, seed: int) -> Floats:
    """The actions' descriptions, with five nobody needs or dealt anew among all where the control asks for it."""
    if arm not in ("decoy_actions", "shuffled_lines"):
        return embedded_actions()
    lines = np.concatenate([embedded_actions(), generalise.decoy_lines()])
    return lines if arm == "decoy_actions" else lines[np.random.default_rng(seed).permutation(len(lines))]


def _usual(chosen: dict[str, int]) -> str:
    return next(iter(chosen))


def _named(name: str) -> Choice:
    choices = {c.name: c for c in (Choice(one, gate) for one in learners.GRID for gate in unseen.GATES)}
    return choices[name]


def _means(run: dict[str, dict[str, Any]]) -> dict[str, float]:
    return {key: round(float(np.mean([row[key] for row in run.values()])), 6) for key in ("taa", "psr")}


def _untrained(suite: str) -> dict[str, Any]:
    """Two arms that learn nothing: likeness of descriptions, and likeness of the attributes' own words."""
    sheet = annotation.mean_sheet(annotation.sheets())
    rows = scenes(shelf.split_of(suite, "test"), dict(zip(states(), sheet.matrix(), strict=True)), critical_only=True)
    by_words = unseen.likeness_to(embedded_actions(), rows.words)
    by_attributes = unseen.likeness_to(embedded_actions(), _told(sheet, rows))
    return {
        "zero_shot_descriptions": _by_family(suite, rows, by_words),
        "zero_shot_attributes": _by_family(suite, rows, by_attributes),
    }


def _told(sheet: Sheet, rows: Scenes) -> Floats:
    """Each scene as the sum of the words for the ends of its attributes, weighted by their grades."""
    ends = poles()
    low, high = (embedded([ends[name][side] for name in sheet.attributes]) for side in (0, 1))
    said = rows.what.clip(0) @ high + (-rows.what).clip(0) @ low
    # The idle scene says nothing at all; it gets a direction that is like no action more than another.
    return np.where(np.linalg.norm(said, axis=1, keepdims=True) > 0, said, embedded_actions().mean(0))


def poles() -> dict[str, tuple[str, str]]:
    """Attribute → what its two ends are called on the sheet."""
    lines = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (FOLDER / "sheet.md").read_text("utf-8"), re.M
    )
    return {name: (f"{about}: {low}", f"{about}: {high}") for name, about, low, high in lines}


def _by_family(suite: str, rows: Scenes, likeness: Floats) -> dict[str, Any]:
    each = {}
    for family in dict.fromkeys(rows.families):
        mask = rows.of([family])
        taa, psr = taa_psr(rows.part(mask), likeness[mask].argmax(-1))
        each[family] = {"taa": taa, "psr": psr}
    return summary(each, suite)


def _one_attribute(suite: str, sheet: Sheet) -> dict[str, float]:
    """How much one attribute and the clock tell where nothing is left out: a leak would show as one near 1."""
    found = {}
    for place, name in enumerate(sheet.attributes):
        only = sheet.matrix() * (np.arange(len(sheet.attributes)) == place)
        here = world(suite, dict(zip(states(), only, strict=True)), 7)
        predict = learners.fit(Learner("bent", 0.001, others=0.0), here.train, 7)
        found[name] = round(taa_psr(here.test, predict(here.test).argmax(-1))[0], 6)
    return found
