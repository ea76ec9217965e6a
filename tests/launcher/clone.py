"""A lab fetched with git from a real remote, with a .venv of its own: what the tests of ./lab update change."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

from nma13.config import PORTS, ROOT

TREE = ("launcher", "nma13", "apps", "loops", "monitors", "experiments", "data")
FILES = ("lab", "web.py", ".gitignore", "constraints.txt")
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)


@dataclass(frozen=True)
class Clone:
    """`origin` is a bare repository, `author` the tree in which versions are made, `root` the user's clone."""

    origin: Path
    author: Path
    root: Path
    data: Path
    wheels: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root.parent),
            "NMA_DATA": str(self.data),
            "LAB_PYTHON": BASE_PYTHON,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }

    def lab(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "lab"), *words], env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip

    def publish(self, version: str, **files: str) -> str:
        """A new version at the remote; `files` are whole files."""
        init = self.author / "nma13" / "__init__.py"
        init.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text()))
        for name, text in files.items():
            path = self.author / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.author, "add", "-A")
        git(self.author, "commit", "-qm", version)
        git(self.author, "push", "-q", "origin", "HEAD:main")
        return git(self.author, "rev-parse", "HEAD")

    def head(self) -> str:
        return git(self.root, "rev-parse", "HEAD")

    def pin(self) -> str:
        """The version of the one package that this lab pins."""
        code = "import importlib.metadata as m; print(m.version('tinypin'))"
        python = self.root / ".venv" / "bin" / "python"
        return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=author", "-c", "user.email=author@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_clone(place: Path) -> Clone:
    """The remote with one version, fetched and set up."""
    clone = Clone(place / "origin.git", place / "author", place / "lab", place / "data", place / "wheels")
    clone.author.mkdir(parents=True)
    leave = shutil.ignore_patterns("__pycache__", "user", "*.pyc")
    for name in TREE:
        shutil.copytree(ROOT / name, clone.author / name, ignore=leave)
    for name in FILES:
        shutil.copy2(ROOT / name, clone.author / name)
    config = clone.author / "nma13" / "config.py"
    config.write_text(_other_ports(config.read_text()))
    for number in ("1.0", "2.0"):
        make_wheel(clone.wheels, number)
    git(place, "init", "-q", "--bare", str(clone.origin))
    git(clone.author, "init", "-q")
    git(clone.author, "remote", "add", "origin", str(clone.origin))
    clone.publish(
        "1.0", **{"requirements.txt": "tinypin==1.0\n", "requirements-models.txt": "", "requirements-dev.txt": "",
                  "requirements-labs.txt": ""},
    )  # fmt: skip
    git(clone.origin, "symbolic-ref", "HEAD", "refs/heads/main")
    git(place, "clone", "-q", str(clone.origin), str(clone.root))
    done = clone.lab("setup")
    assert done.returncode == 0, done.stderr
    # The other packages are borrowed from the environment that runs the tests.
    inside = next((clone.root / ".venv" / "lib").glob("python3*")) / "site-packages"
    (inside / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return clone


def copy_of(template: Clone, place: Path) -> Clone:
    """A fresh one for each test; making the .venv takes longest, so it is made once."""
    old = template.root.parent
    shutil.copytree(old, place, symlinks=True)
    moved = Clone(**{name: place / getattr(template, name).relative_to(old) for name in Clone.__dataclass_fields__})
    git(moved.author, "remote", "set-url", "origin", str(moved.origin))
    git(moved.root, "remote", "set-url", "origin", str(moved.origin))
    git(moved.root, "status")  # renews git's notes of file times
    return moved


def make_wheel(folder: Path, version: str) -> None:
    folder.mkdir(exist_ok=True)
    about = f"tinypin-{version}.dist-info"
    with zipfile.ZipFile(folder / f"tinypin-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinypin.py", f"version = {version!r}\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tinypin\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", f"tinypin.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


def _other_ports(text: str) -> str:
    """Free ones: a lab that somebody runs on this machine meanwhile is not ours."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    for port, one in zip(PORTS.values(), held, strict=True):
        text = text.replace(str(port), str(one.getsockname()[1]))
    for one in held:
        one.close()
    return text
