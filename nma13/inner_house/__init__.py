"""The Inner House: seven stations deliberate one person's real problem in a process of their own."""

from nma13.inner_house.coordinator import Asked, Declined, Started, cancel, decide, look, prepare, resume, start, wait
from nma13.inner_house.sessions import Session, Words, recent

__all__ = [
    "Asked",
    "Declined",
    "Session",
    "Started",
    "Words",
    "cancel",
    "decide",
    "look",
    "prepare",
    "recent",
    "resume",
    "start",
    "wait",
]
