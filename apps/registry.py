"""Which pages the lab has. Only those whose module exists are ever offered, linked or counted."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class App:
    """One page on one port. `module` has `build(lab) -> gr.Blocks` and is imported only when it is hosted."""

    name: str
    title: str
    module: str
    command: str
    public: frozenset[str] = frozenset()  # API names; every other handler is private, named or not


# How a page binds a handler that is quick: answered beside the queue, unseen while it runs, and private.
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


PUBLIC = frozenset({"navigate", "gates", "inner_house_start", "inner_house_status", "recall", "search_documents"})
ALL = (
    App("web", "NMA Lab", "web", "python web.py", PUBLIC),
    App("loop_monitor", "Loop monitor", "monitors.loop_monitor", "python -m monitors.loop_monitor"),
    App("prime_monitor", "Prime monitor", "monitors.prime_monitor", "python -m monitors.prime_monitor"),
    App(
        "cognition_monitor",
        "Cognition monitor",
        "monitors.cognition_monitor",
        "python -m monitors.cognition_monitor",
    ),
    App("loop_d_monitor", "Loop D monitor", "monitors.loop_d_monitor", "python -m monitors.loop_d_monitor"),
    App("gallery", "Gallery", "apps.timeline_gallery", "./lab gallery"),
    App("explorer", "Explorer", "apps.scaling_explorer", "./lab explorer"),
)


def existing(apps: tuple[App, ...] = ALL) -> tuple[App, ...]:
    """The pages that are really there."""
    return tuple(app for app in apps if importlib.util.find_spec(app.module) is not None)
