"""The words with which pages are started: where they stand, where their data lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import web
from apps import scaling_explorer, shell, timeline_gallery
from apps.command import moved, serve
from apps.registry import existing
from monitors import kit, loop_monitor
from nma13.config import PORTS
from nma13.errors import LabError, UsageError
from tests.served import WEB


def test_another_data_folder_leaves_the_usual_one_alone(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(shell, "host", lambda apps, lab, **_: opened.append(lab.data) or 0)
    assert serve([WEB], ["--no-model", "--data", str(tmp_path / "other")], "lab", "Open the lab.") == 0
    assert opened == [tmp_path / "other"]
    assert not data_folder.exists()


def test_pages_that_are_served_together_move_together() -> None:
    usual = moved(existing(), PORTS["web"])
    assert usual == {app.name: PORTS[app.name] for app in existing()}
    assert moved(existing(), 9000)["explorer"] == 9000 + PORTS["explorer"] - PORTS["web"]
    assert moved([WEB], 9000) == {"web": 9000}
    with pytest.raises(UsageError, match="no room for the 7 pages"):
        moved(existing(), 65535)


def test_the_folder_that_was_named_is_the_one_that_must_be_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, barred = tmp_path / "usual", tmp_path / "file"
    barred.write_text("no folder")
    monkeypatch.setenv("NMA_DATA", str(usual))
    with pytest.raises(LabError, match=r"data folder .*inside cannot be made"):
        serve([WEB], ["--no-model", "--data", str(barred / "inside")], "python web.py", "")
    assert not usual.exists()


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
