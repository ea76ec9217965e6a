"""The front door: every word is in the map, wrong words get a sentence, reading needs no install."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from launcher import develop
from launcher.__main__ import main
from launcher.words import GROUPS, WORDS, help_text, nearest
from nma13.config import ROOT


def lab(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real script in a real shell."""
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LAB_PYTHON": sys.executable, "HOME": "/nonexistent"}
    return subprocess.run(
        ["/bin/sh", str(ROOT / "lab"), *words],
        env=base | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_map_names_every_word() -> None:
    text = help_text("0")
    for word in WORDS:
        assert f"\n  {word.name} " in text
        assert word.summary in text
        assert word.group in GROUPS
    summaries = {line.index(word.summary) for word in WORDS for line in text.splitlines() if word.summary in line}
    assert len(summaries) == 1, "one column"


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_word_leads_somewhere(word) -> None:
    module, function = word.handler.split(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_word_explains_itself(word) -> None:
    answer = lab(word.name, "--help")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("usage: ./lab " + word.name)


def test_help_needs_nothing_but_a_python() -> None:
    answer = lab("--help")
    assert answer.returncode == 0
    assert "./lab" in answer.stdout


def test_an_unknown_word_is_answered_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docter"]) == 2
    said = capsys.readouterr().err
    assert "no word «docter»" in said
    assert "Did you mean «doctor»?" in said


def test_nearest_does_not_guess_wildly() -> None:
    assert nearest("xylophone") is None


def test_a_machine_without_a_fitting_python_is_told_which_to_install(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what a Python below 3.11 answers to the version question
    old.chmod(0o755)
    script = tmp_path / "lab"
    script.write_text((ROOT / "lab").read_text())  # away from the repository: no .venv beside it
    answer = subprocess.run(
        ["/bin/sh", str(script)], env={"PATH": f"{tmp_path}:{_coreutils(tmp_path)}"},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "Python 3.11, 3.12 or 3.13" in answer.stderr
    assert "Traceback" not in answer.stderr


def _coreutils(tmp_path: Path) -> Path:
    """A folder with the few tools the script calls, and no Python."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "readlink", "uname", "sh"):
        (tools / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    return tools


def test_the_script_works_through_a_link_from_another_folder(tmp_path: Path) -> None:
    link = tmp_path / "my-lab"
    link.symlink_to(ROOT / "lab")
    answer = subprocess.run(
        [str(link), "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LAB_PYTHON": sys.executable},
    )  # fmt: skip
    assert answer.stdout.startswith("NMA Lab ")


def test_a_model_string_that_cannot_be_read_is_told_before_anything_starts() -> None:
    answer = lab("web", "--model", "gpt5")
    assert answer.returncode == 2
    assert "does not name a model" in answer.stderr


def test_standing_in_another_lab_changes_nothing(tmp_path: Path) -> None:
    """`python -m` searches the present folder first; there might be another clone."""
    (tmp_path / "launcher").mkdir()
    (tmp_path / "launcher" / "__init__.py").write_text("raise SystemExit('the wrong lab')")
    answer = subprocess.run(
        [str(ROOT / "lab"), "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LAB_PYTHON": sys.executable},
    )  # fmt: skip
    assert answer.stdout.startswith("NMA Lab "), answer.stderr


def test_the_suite_uses_the_cores_and_hands_the_rest_to_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(develop.subprocess, "run", lambda command, **_: seen.append(command) or CompletedProcess([], 3))
    assert develop.test(["--fast", "-k", "sieve", "-n", "0"]) == 3
    (command,) = seen
    assert command[command.index("--dist") + 1] == "loadfile"
    assert 1 <= int(command[command.index("-n") + 1]) <= develop.MOST_AT_ONCE
    assert command[-4:] == ["-k", "sieve", "-n", "0"], "what is named last wins"
