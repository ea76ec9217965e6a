"""What a run works with: the rules (with the user's overlay) and, where installed, the semantic screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from nma13 import __version__
from nma13.config import data_dir
from nma13.evidence import Finding
from nma13.rules.engine import RuleEngine
from nma13.rules.loader import load_overlay, load_rules, rules_hash
from nma13.state import Provenance
from nma13.text import Document

OVERLAY_NAME = "overlay.toml"

RAISING = frozenset(
    [
        "FLAG=CRISIS", "FLAG=AUTHORITY", "FLAG=MANIPULATION",
        "I=HIGH", "I=MOD", "I=UNKNOWN", "C=HIGH", "C=MOD", "C=LOW", "X=TRUE", "A=TRUE", "T=TRUE", "R=TRUE",
        "S=ABSENT", "S=UNCLEAR", "S=SHARED",
    ]
)  # fmt: skip
"""All that a second look may set: more caution, never less."""


class Screen(Protocol):
    """A second look by meaning: findings of origin `semantic`, each with its similarity."""

    def __call__(self, document: Document) -> Sequence[Finding]: ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """The screen of a run that is repeated: what was seen then, so that the encoder is not asked again."""

    findings: tuple[Finding, ...]

    def __call__(self, document: Document) -> Sequence[Finding]:
        del document
        return self.findings


@dataclass(frozen=True, slots=True)
class Kit:
    rules: RuleEngine
    screen: Screen | None = None

    @property
    def provenance(self) -> Provenance:
        overlay = self.rules.overlay
        return Provenance(
            engine=__version__,
            rules_sha256=rules_hash(),
            overlay=overlay.name,
            rules_off=overlay.off,
            allowed=overlay.allow,
            semantic=self.screen is not None,
        )


def default_kit(screen: Screen | None = None) -> Kit:
    """The shipped rules with the overlay of the user's data folder, if there is one."""
    path = data_dir() / OVERLAY_NAME
    stamp = (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else (0, 0)
    return Kit(_rules(path, stamp), screen)


@lru_cache(maxsize=4)
def _rules(path: Path, stamp: tuple[int, int]) -> RuleEngine:
    del stamp  # only there so that a changed overlay is read again
    return RuleEngine(load_rules(), load_overlay(path), outputs=False)
