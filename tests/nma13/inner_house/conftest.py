"""A session without its process; what every test here asks and waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13.inner_house import Asked, Started, start
from nma13.inner_house import coordinator as house
from tests.nma13.inner_house.asked import PROBLEM, SCRIPTED


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A session whose process is not started, so that its work can be done here."""
    monkeypatch.setattr(house, "_spawn", lambda *_: None)

    def begin(asked: Asked = SCRIPTED, problem: str = PROBLEM) -> str:
        found = start(problem, asked, tmp_path)
        assert isinstance(found, Started)
        return found.session

    return begin
