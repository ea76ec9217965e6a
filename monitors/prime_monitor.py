"""Watch loop B: `python -m monitors.prime_monitor`, or with the others `./lab monitors`."""

from __future__ import annotations

import sys
from typing import Any

from apps.lab import Lab
from monitors import kit

MONITOR = kit.Monitor(
    name="prime_monitor",
    source="loop_b",
    letter="B",
    asks="CAN GOOD BODY MOVE HERE NOW?",
    tabs=("feed", "dashboard", "history", "detail"),
)


def build(lab: Lab) -> Any:
    return kit.build(MONITOR, lab)


if __name__ == "__main__":
    sys.exit(kit.main(MONITOR))
