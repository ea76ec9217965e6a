"""Several studies at once: first the arms they share, each trained by itself, then the studies themselves.

`local` spreads them over processes of this machine, `ray` over a Ray cluster (Ray is not among the lab's packages; who
has a cluster has it). Every task is one function with plain arguments, and finds the arms in the user's folder: a
cluster needs that folder, or `NMA_DATA`, on a file system that its machines share.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from experiments.verisim.studies.kit import Preset
from nma13.errors import LabError

ENGINES = ("local", "ray")
KINDS = ("edits", "flat", "graph", "graph+identity")
NEEDS: dict[str, tuple[str, ...]] = {
    "en1": ("flat",),
    "en2": ("edits",),
    "en3": ("graph",),
    "en4": KINDS,
    "en5": ("edits",),
    "en7": KINDS,
    "en10": ("graph",),
}


def arms_for(names: Sequence[str], preset: Preset) -> list[tuple[str, int, int, int]]:
    """The arms these studies share, as (kind, transitions, steps, seed); the long ones first."""
    wanted = {(kind, 1, 1) for name in names for kind in NEEDS.get(name, ())}
    if "en4" in names:
        wanted |= {(kind, *more) for more in preset.more for kind in KINDS}
    found = [
        (kind, more * preset.transitions, longer * (preset.ours if kind == "edits" else preset.baseline), seed)
        for kind, more, longer in wanted
        for seed in range(preset.seeds)
    ]
    return sorted(found, key=lambda each: (-each[2], each))


def train_one(kind: str, count: int, training: int, seed: int) -> str:
    """Trains the arm if it is not there yet."""
    from experiments.verisim.studies.arms import arm

    arm(kind, count, training, seed)
    return f"{kind}, {count} transitions, seed {seed}"


def study_one(name: str, preset: Preset, folder: Path) -> str:
    from experiments.verisim.studies import STUDIES
    from experiments.verisim.studies.kit import conduct, manifest

    conduct(STUDIES[name], preset, folder)
    said = manifest(name, folder)
    return f"{name}: {said['verdict']}. {said['why']} ({said['cpu_seconds']} s of CPU)"


def sweep(names: Sequence[str], preset: Preset, folder: Path, jobs: int, engine: str = "local") -> Iterator[str]:
    """One line for everything that is done, as it is done."""
    run = {"local": local, "ray": on_ray}[engine]
    yield from run(train_one, arms_for(names, preset), jobs)
    yield from run(study_one, [(name, preset, folder) for name in names], jobs)


def local(function: Callable[..., str], tasks: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[str]:
    # Fresh processes: a forked one would inherit whatever threads the parent's libraries have begun.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(function, *task) for task in tasks]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:  # what failed, or was stopped, is told now and not after everything that was still to come
            for each in waiting:
                each.cancel()


def on_ray(function: Callable[..., str], tasks: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[str]:
    try:
        import ray
    except ImportError:
        raise LabError(
            "The sweep was to run on Ray, which is not installed. Nothing was changed. "
            "Install it on every machine of the cluster (pip install ray), or leave --engine away."
        ) from None
    if not ray.is_initialized():
        ray.init(num_cpus=jobs if jobs > 1 else None, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(function)
    waiting = [remote.remote(*task) for task in tasks]
    while waiting:
        done, waiting = ray.wait(waiting)
        yield from ray.get(done)
