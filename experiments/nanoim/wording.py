"""The words users say. Each split has its own, so no text template can be learned by heart."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "train": (
            ("book", "move", "cancel", "check", "send", "print", "order", "file", "rename", "confirm", "share", "open"),
            ("early", "weekly", "second", "blue", "short", "final", "shared", "old", "team", "quiet"),
            ("slot", "invoice", "flight", "report", "meeting", "ticket", "folder", "order form", "lease", "recipe"),
        ),
        "val": (
            ("schedule", "forward", "update", "review", "collect", "delay"),
            ("morning", "signed", "red", "spare", "family"),
            ("call", "contract", "parcel", "playlist", "seat", "refund"),
        ),
        "test": (
            ("reserve", "postpone", "submit", "translate", "archive", "renew", "compare", "withdraw"),
            ("evening", "draft", "green", "long", "monthly", "private", "third"),
            ("room", "passport", "summary", "claim", "delivery", "course", "photo", "licence"),
        ),
    }
)
OPENINGS = ("", "please ", "could you ", "let us ")


def sentences(split: str, number: int, rng: random.Random) -> list[str]:
    """`number` different requests of this split, in random order."""
    verbs, kinds, things = WORDS[split]
    every = [f"{o}{v} the {k} {t}" for o in OPENINGS for v in verbs for k in kinds for t in things]
    if number > len(every):
        raise ValueError(f"{split} has {len(every)} sentences, not {number}")
    return rng.sample(every, number)
