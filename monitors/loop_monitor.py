"""Watch loop A: `python -m monitors.loop_monitor`, or with the others `./lab monitors`."""

from __future__ import annotations

import sys
from typing import Any

from apps.lab import Lab
from monitors import kit

MONITOR = kit.Monitor(
    name="loop_monitor",
    source="loop_a",
    letter="A",
    asks="what was uncertain, and what moved it?",
    tabs=("feed", "dashboard", "history", "detail", "report", "ledger"),
)


def build(lab: Lab) -> Any:
    return kit.build(MONITOR, lab)


if __name__ == "__main__":
    sys.exit(kit.main(MONITOR))
