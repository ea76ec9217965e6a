"""Setting up: stamps decide what is installed, and each way it can fail ends in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import setup
from launcher.pip_talk import explain
from nma13.config import ROOT
from nma13.errors import LabError


@pytest.fixture
def a_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what set-up needs, so that no test touches the real .venv."""
    for file in ("requirements.txt", "requirements-models.txt", "requirements-dev.txt", "constraints.txt"):
        shutil.copy(ROOT / file, tmp_path / file)
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    return tmp_path


def test_a_changed_pin_asks_for_a_new_installation(a_lab: Path) -> None:
    core = setup.PARTS["core"]
    before = setup.fingerprint(core)
    pins = a_lab / "requirements.txt"
    pins.write_text(pins.read_text() + "\n# a remark\n")
    assert setup.fingerprint(core) == before
    pins.write_text(pins.read_text() + "six==1.16.0\n")
    assert setup.fingerprint(core) != before


def test_nothing_is_current_before_it_is_installed(a_lab: Path) -> None:
    assert not setup.is_current(setup.PARTS["core"])


def test_a_full_disk_is_refused_before_anything_is_written(a_lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(a_lab)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(LabError, match=r"has 5 MB free.*\n?.*Nothing was changed"):
        setup.install(["core"])
    assert not (a_lab / ".venv").exists()


@pytest.mark.slow
def test_an_interrupted_set_up_goes_on_and_a_second_one_does_nothing(a_lab: Path) -> None:
    """Really makes a .venv and really installs, with one small pin that the test tree already needs."""
    for file in ("requirements.txt", "requirements-models.txt"):
        (a_lab / file).write_text("")
    (a_lab / ".venv").mkdir()  # what an interrupted `python -m venv` leaves behind
    (a_lab / ".venv" / "half").write_text("made")
    setup.install(["core"])
    assert setup.is_current(setup.PARTS["core"])
    assert not (a_lab / ".venv" / "half").exists()
    python = a_lab / ".venv" / "bin" / "python"
    made = python.stat().st_mtime_ns
    setup.install(["core"])
    assert python.stat().st_mtime_ns == made


@pytest.mark.slow
def test_without_a_network_the_sentence_says_so(a_lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (a_lab / "requirements.txt").write_text("a-package-that-is-nowhere==1.0\n")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nobody listens
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(LabError) as failure:
        setup.install(["core"])
    assert "package index cannot be reached" in str(failure.value)
    assert not setup.is_current(setup.PARTS["core"])


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        ("ERROR: No matching distribution found for gradio==6.31.0", "no prebuilt wheel"),
        ("ERROR: something nobody has seen before", "go on where it stopped"),
    ],
)
def test_each_cause_has_its_remedy(printed: str, told: str) -> None:
    assert told in explain(["Collecting gradio", printed], Path("setup.log"))


def test_the_map_and_its_errors_run_on_a_bare_standard_library() -> None:
    """Set-up code runs before anything is installed: importing it must not need a package."""
    code = (
        "import sys; before = set(sys.modules); import launcher.__main__; "
        "third = [n for n, m in sys.modules.items() if n not in before and "
        "'site-packages' in (getattr(m, '__file__', None) or '')]; assert not third, third"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.returncode == 0, ran.stderr
