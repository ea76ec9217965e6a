"""What time it is, as every store keeps it: UTC milliseconds; and the day of such a moment in this time zone."""

from __future__ import annotations

import time

DAY_MS = 86_400_000


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def day(at_ms: int) -> str:
    """The day of a moment, by this machine's own time zone."""
    return time.strftime("%Y-%m-%d", time.localtime(at_ms / 1000))
