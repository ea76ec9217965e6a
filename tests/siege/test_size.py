"""Ten megabytes at every door that takes text: refused in words, at once, with nothing stored."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.pipeline import InputError, run
from tests.apps.test_api import call, post
from tests.served import Served, serving

pytestmark = pytest.mark.slow
TEN_MB = "I do not know what to do. " * 400_000


def lab(*words: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", *words],
        cwd=ROOT, input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_engine_refuses_it() -> None:
    with pytest.raises(InputError, match="Nothing was run"):
        run(TEN_MB)


@pytest.mark.parametrize(
    "words",
    [
        ("navigate", "--no-model", "-"),
        ("inner-house", "--model", "scripted:", "-"),
    ],
    ids=lambda words: words[0],
)
def test_the_command_line_refuses_it(words: tuple[str, ...], data_folder: Path) -> None:
    said = lab(*words, text=TEN_MB)
    assert said.returncode in (1, 2), said.stdout[:300]
    assert "bytes" in said.stderr
    assert "Traceback" not in said.stderr
    assert len(said.stderr) < 1000, "the text is not thrown back"


def test_a_batch_refuses_that_line_and_goes_on(tmp_path: Path) -> None:
    lines = [json.dumps({"id": 1, "text": TEN_MB}), json.dumps({"id": 2, "text": "Shall I go?"})]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    said = lab("gates", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"), text="")
    assert said.returncode == 3, said.stderr
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert "bytes" in first["error"]
    assert second["summary"]["trust"]


def test_the_repl_refuses_it_and_answers_the_next() -> None:
    said = lab("repl", "--no-model", text=f"{TEN_MB}\nShall I go?\n/quit\n")
    assert said.returncode == 0, said.stderr
    assert "bytes" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.mark.parametrize(
    ("name", "rest"),
    [("gates", [False]), ("navigate", [False, False, ""]), ("recall", [5]), ("search_documents", [5])],
)
def test_the_interface_refuses_it(page: Served, name: str, rest: list[object]) -> None:
    """Ten megabytes are refused unread; what fits a body but not the engine is refused in words, soon."""
    assert post(page, name, [TEN_MB, *rest]).status == 413
    begun = time.monotonic()
    event, told = call(page, name, TEN_MB[:3_000_000], *rest)
    assert time.monotonic() - begun < 20
    assert len(json.dumps(told)) < 5000, "the text is not thrown back"
    if name in ("gates", "navigate"):
        assert event == "error"
        assert "bytes" in json.dumps(told)
