"""Words of the temporal-aliasing lab: nanoim, gallery."""

from __future__ import annotations

TRAINS = {"train", "sweep", "lofo", "meaning", "reproduce"}


def nanoim(arguments: list[str]) -> int:
    """The lab's own commands; pages are drawn by the gallery, and torch is installed when something is trained."""
    from apps.gallery.drawing import page
    from experiments.nanoim.__main__ import main
    from launcher.setup import ensure

    if TRAINS & set(arguments[:1]) and not {"--help", "-h"} & set(arguments):
        ensure(("core", "labs"))
    return main(arguments, draw=page)


def gallery(arguments: list[str]) -> int:
    """The timeline gallery alone, on its own port."""
    from apps.timeline_gallery import main

    return main(arguments)
