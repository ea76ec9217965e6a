"""The words that start pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps import shell
from apps.command import serve
from tests.served import WEB


def test_another_data_folder_leaves_the_usual_one_alone(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(shell, "host", lambda apps, lab, open_browser: opened.append(lab.data) or 0)
    assert serve([WEB], ["--no-model", "--data", str(tmp_path / "other")], "lab", "Open the lab.") == 0
    assert opened == [tmp_path / "other"]
    assert not data_folder.exists()
