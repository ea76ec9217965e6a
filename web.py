"""The lab in a browser: eight rooms as tabs. `python web.py --help` lists the options."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

from apps.lab import Lab
from apps.registry import ALL

TABS = (
    ("navigate", "Navigate", "apps.navigate"),
    ("inner-house", "Inner House", "apps.inner_house"),
    ("auto-govern", "Auto-Govern", "apps.auto_govern"),
    ("loop-feed", "Loop Feed", "apps.loop_feed"),
    ("memory", "Memory", "apps.memory"),
    ("patterns", "Patterns", "apps.patterns"),
    ("documents", "Documents", "apps.documents"),
    ("settings", "Settings", "apps.settings"),
)
WEB = next(app for app in ALL if app.name == "web")


def build(lab: Lab) -> Any:
    """The page: header and eight tabs, each built by its own module."""
    from apps import api
    from apps.gradio_setup import gr
    from apps.page import page

    with page(lab, WEB) as demo:
        with gr.Tabs(overflow_behavior="wrap"):
            for name, title, module in TABS:
                with gr.Tab(title, id=name):
                    importlib.import_module(module).build(lab)
        api.build(lab)
    return demo


def main(argv: Sequence[str] | None = None) -> int:
    """This page alone, until stopped; `./lab` serves it together with the others."""
    from apps.command import alone

    return alone(WEB, argv, "python web.py", "Open the lab in a browser.")


if __name__ == "__main__":
    sys.exit(main())
