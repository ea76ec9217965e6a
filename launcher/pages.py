"""Words that open pages: web, monitors."""

from __future__ import annotations

import os
import sys

MONITORS = ("loop_monitor", "prime_monitor", "cognition_monitor", "loop_d_monitor")


def web(arguments: list[str], command: str = "./lab web") -> int:
    """All pages of the lab in one process, each on its port; a browser is opened where there is a screen."""
    from apps.command import serve
    from apps.registry import existing

    if _has_screen() and "--open" not in arguments and not {"--help", "-h"} & set(arguments):
        arguments = [*arguments, "--open"]
    return serve(existing(), arguments, command, "Open the lab in a browser: all its pages, in one process.")


def _has_screen() -> bool:
    """Somebody sits before this machine: a Mac, or a Linux desktop; and a terminal, not a service."""
    return sys.stdin.isatty() and (
        sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


def monitors(arguments: list[str]) -> int:
    """The monitors alone: all four in one process, or the one whose loop is named first."""
    from apps.command import serve
    from apps.registry import existing

    letters = dict(zip("abcd", MONITORS, strict=True))
    chosen = letters.get(arguments[0].lower()) if arguments else None
    apps = [app for app in existing() if app.name in ([chosen] if chosen else MONITORS)]
    rest = arguments[1:] if chosen else arguments
    purpose = "Watch the research loops: all four monitors, or the one whose loop (a, b, c or d) is named first."
    return serve(apps, ["--no-model", *rest], "./lab monitors", purpose)  # reading needs no language model
