"""Where shipped results, weights and figures lie, and where new ones of the user's own go."""

from __future__ import annotations

from pathlib import Path

from nma13.config import SHIPPED_DATA, data_dir

SHIPPED = SHIPPED_DATA / "verisim"


def own() -> Path:
    """Runs started from the explorer or a shell without `--shipped` go to the user's folder."""
    return data_dir() / "verisim"


def weights_of(world: str, seed: int, folder: Path = SHIPPED) -> Path:
    return folder / "weights" / f"{world}-{seed}.npz"


def manifest_of_weights(world: str, seed: int, folder: Path = SHIPPED) -> Path:
    return weights_of(world, seed, folder).with_suffix(".json")


def results_of(study: str, folder: Path = SHIPPED) -> Path:
    return folder / "results" / f"{study}.csv"


def manifest_of(study: str, folder: Path = SHIPPED) -> Path:
    return folder / "results" / f"{study}.json"


def figure_of(study: str, folder: Path = SHIPPED) -> Path:
    return folder / "figures" / f"{study}.svg"
