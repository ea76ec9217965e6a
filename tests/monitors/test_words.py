"""`./lab monitors` and each monitor by itself: the same pages, and never a language model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from apps import command
from apps.registry import ALL, existing
from launcher.pages import MONITORS, monitors
from nma13.config import PORTS, ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("words", "names", "rest"),
    [
        ([], list(MONITORS), ["--no-model"]),
        (["b"], ["prime_monitor"], ["--no-model"]),
        (["D", "--port", "9000"], ["loop_d_monitor"], ["--no-model", "--port", "9000"]),
        (["--open"], list(MONITORS), ["--no-model", "--open"]),
    ],
)
def test_which_pages_are_served(
    words: list[str], names: list[str], rest: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []

    def serve(apps: Sequence[Any], arguments: list[str], prog: str, purpose: str) -> int:
        said.extend([[app.name for app in apps], arguments])
        return 0

    monkeypatch.setattr(command, "serve", serve)
    assert monitors(words) == 0
    assert said == [names, rest]


def test_the_whole_lab_has_them_too() -> None:
    assert set(MONITORS) <= {app.name for app in existing()}
    assert [PORTS[name] for name in MONITORS] == sorted(PORTS[name] for name in MONITORS)


def test_each_is_a_command_of_its_own() -> None:
    app = next(app for app in ALL if app.name == "prime_monitor")
    ran = subprocess.run(
        [sys.executable, *app.command.split()[1:], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0
    assert "Watch loop B." in ran.stdout
