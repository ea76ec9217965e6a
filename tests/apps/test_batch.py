"""Many texts at once, below the page: what is written for the person leaves no copy behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from apps import batch


def test_the_results_are_there_until_they_are_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    brought = tmp_path / "texts.jsonl"
    brought.write_text(json.dumps({"id": "a", "text": "The shop opens at nine."}) + "\n", encoding="utf-8")
    steps = batch._run(str(brought), meaning=False)
    _, handed = next(steps)
    whole, table = map(Path, handed["value"])
    assert json.loads(whole.read_text(encoding="utf-8"))["id"] == "a"
    assert table.is_file()
    assert list(steps) == []
    assert list((tmp_path / "temporary").iterdir()) == []
