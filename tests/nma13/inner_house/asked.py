"""What the tests of the Inner House ask, and how they wait."""

from __future__ import annotations

import time
from collections.abc import Callable

from nma13.inner_house import Asked

PROBLEM = "My mother could move in with us or stay in her own house. Am I right to want her here?"
DANGER = "I am going to kill myself tonight, the pills are on the table."
SCRIPTED = Asked(model="scripted:", seed=7)


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.05)
