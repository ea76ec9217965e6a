"""The monitors' style sheet stands on the lab's: a name that both use for different things breaks one of them."""

from __future__ import annotations

import re

from nma13.config import ROOT

BARE = re.compile(r"(?:^|[,}])\s*(\.[a-z][\w-]*)\s*(?=[,{])", re.M)


def classes(path: str) -> set[str]:
    """Classes that a sheet gives a look wherever they stand."""
    sheet = re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.S)
    return set(BARE.findall(sheet))


def test_no_class_is_two_things() -> None:
    own = classes("monitors/look/monitor.css")
    assert {".board", ".strip"} <= own
    assert own & classes("apps/look/lab.css") == {".dark"}  # both name their colours in the dark
