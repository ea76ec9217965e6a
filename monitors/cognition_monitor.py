"""Watch loop C: `python -m monitors.cognition_monitor`, or with the others `./lab monitors`."""

from __future__ import annotations

import sys
from typing import Any

from apps.lab import Lab
from monitors import kit

MONITOR = kit.Monitor(
    name="cognition_monitor",
    source="loop_c",
    letter="C",
    asks="CAN GOOD BODY MOVE HERE NOW, each station by a criterion of its own?",
    tabs=("feed", "dashboard", "architecture", "library", "history", "detail", "report"),
)


def build(lab: Lab) -> Any:
    return kit.build(MONITOR, lab)


if __name__ == "__main__":
    sys.exit(kit.main(MONITOR))
