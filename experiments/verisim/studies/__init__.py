"""All studies by name."""

from __future__ import annotations

from experiments.verisim.studies import curves, fresh, knee, learning, objective, selfsup, surface
from experiments.verisim.studies.kit import Study
from nma13.errors import UsageError

_MODULES = (surface, knee, curves, fresh, learning, selfsup, objective)
_FOUND = [each for module in _MODULES for each in module.STUDIES]
_ORDER = (
    "floor", "knee", "en1", "en2", "en2b", "en3", "en4", "en5", "en6", "en7", "en8", "en8b", "en9", "en10", "surface",
)  # fmt: skip
STUDIES: dict[str, Study] = {name: next(each for each in _FOUND if each.name == name) for name in _ORDER}


def study(name: str) -> Study:
    if name not in STUDIES:
        raise UsageError(f"there is no study «{name}». There are: {', '.join(STUDIES)}.")
    return STUDIES[name]
