"""Watch loop D: `python -m monitors.loop_d_monitor`, or with the others `./lab monitors`."""

from __future__ import annotations

import sys
from typing import Any

from apps.lab import Lab
from monitors import kit

MONITOR = kit.Monitor(
    name="loop_d_monitor",
    source="loop_d",
    letter="D",
    asks="can it move from the arrangement of CAN and the primes that each resident was dealt?",
    tabs=("feed", "dashboard", "sequences", "architecture", "library", "history", "detail", "report"),
)


def build(lab: Lab) -> Any:
    return kit.build(MONITOR, lab)


if __name__ == "__main__":
    sys.exit(kit.main(MONITOR))
