"""The words that start pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import web
from apps import scaling_explorer, shell, timeline_gallery
from apps.command import serve
from monitors import kit, loop_monitor
from tests.served import WEB


def test_another_data_folder_leaves_the_usual_one_alone(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(shell, "host", lambda apps, lab, open_browser: opened.append(lab.data) or 0)
    assert serve([WEB], ["--no-model", "--data", str(tmp_path / "other")], "lab", "Open the lab.") == 0
    assert opened == [tmp_path / "other"]
    assert not data_folder.exists()


@pytest.mark.parametrize(
    "start",
    [web.main, timeline_gallery.main, scaling_explorer.main, lambda words: kit.main(loop_monitor.MONITOR, words)],
    ids=["web", "gallery", "explorer", "monitor"],
)
def test_what_one_page_cannot_do_is_told_in_words(
    start: Callable[[list[str]], int], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(["--host", "0.0.0.0"]) != 0
    assert capsys.readouterr().err.startswith("lab: ")
