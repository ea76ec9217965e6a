"""Words that open pages: web."""

from __future__ import annotations

import os
import sys


def web(arguments: list[str]) -> int:
    """All pages of the lab in one process, each on its port; a browser is opened where there is a screen."""
    from apps.command import serve
    from apps.registry import existing

    if _has_screen() and "--open" not in arguments and not {"--help", "-h"} & set(arguments):
        arguments = [*arguments, "--open"]
    return serve(existing(), arguments, "./lab web", "Open the lab in a browser: all its pages, in one process.")


def _has_screen() -> bool:
    """Somebody sits before this machine: a Mac, or a Linux desktop; and a terminal, not a service."""
    return sys.stdin.isatty() and (
        sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )
