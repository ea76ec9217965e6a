"""Words of the world-model lab: verisim, explorer."""

from __future__ import annotations

TRAINS = {"train", "study"}


def verisim(arguments: list[str]) -> int:
    """Studies, training, figures, results; torch is installed when something is trained."""
    from experiments.verisim.__main__ import main
    from launcher.setup import ensure

    if TRAINS & set(arguments[:1]) and not {"--help", "-h"} & set(arguments):
        ensure(("core", "labs"))
    return main(arguments)


def explorer(arguments: list[str]) -> int:
    """The scaling explorer alone, on its own port."""
    from apps.scaling_explorer import main

    return main(arguments)
