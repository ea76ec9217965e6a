"""The installed packages as they were before an update: kept beside .venv, swapped back in two renames."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nma13.errors import LabError


def _kept(venv: Path) -> Path:
    return venv.with_name(f"{venv.name}-before")


def keep_packages(venv: Path) -> bool:
    """A second tree of hard links: pip replaces files and never writes into them, so this costs names, not space."""
    kept = _kept(venv)
    partial = kept.with_name(f"{kept.name}.partial")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.rmtree(partial, ignore_errors=True)
    if not venv.exists():
        return False

    def link(source: str, target: str) -> None:
        # What lies at the top (stamps, the log) and the programs in bin are written in place: copied.
        if Path(source).parent in (venv, venv / "bin"):
            shutil.copy2(source, target)
            return
        try:
            os.link(source, target)
        except OSError:  # a file system without hard links
            shutil.copy2(source, target)

    try:
        shutil.copytree(venv, partial, symlinks=True, copy_function=link)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise LabError(
            f"The installed packages could not be kept for the way back ({error}). Nothing was changed. "
            "Make room on the disk, then run ./lab update again."
        ) from None
    partial.rename(kept)  # under this name it is whole
    return True


def packages_back(venv: Path) -> None:
    """The kept tree under its old name, where its paths are true again. May be interrupted and repeated."""
    kept, failed = _kept(venv), venv.with_name(f"{venv.name}-failed")
    if kept.exists():
        if venv.exists():
            shutil.rmtree(failed, ignore_errors=True)
            venv.rename(failed)
        kept.rename(venv)
    shutil.rmtree(failed, ignore_errors=True)
