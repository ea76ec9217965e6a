"""What an update notes before it changes anything, so that every interruption can be taken back."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from nma13.errors import LabError

FILE = ".lab-update.json"
LOCK = ".lab-update.lock"


@dataclass(frozen=True, slots=True)
class Journal:
    """One update: where it came from, where it goes, what was kept for the way back."""

    before: str  # commits
    after: str
    version_before: str
    version_after: str
    data: str
    backup: str | None
    known: dict[str, int]  # database → the newest schema that the version before understands
    pins: dict[str, str]  # installed part → fingerprint of its pins before
    kept_venv: bool = False
    state: str = "under way"  # then: done
    trouble: list[list[str]] = field(default_factory=list)  # what the doctor found before


def write(root: Path, journal: Journal) -> None:
    """Whole or not at all, and on the disk before the next step begins."""
    partial = root / f"{FILE}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(asdict(journal), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(root / FILE)


def read(root: Path) -> Journal | None:
    """The last update, if there was one; a file nobody can read is told, not guessed at."""
    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return Journal(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise LabError(
            f"{root / FILE}, the note of the last update, cannot be read ({error}). Nothing was changed. "
            "If the lab works, delete that file; there is then no way back to the version before."
        ) from None


def erase(root: Path) -> None:
    (root / FILE).unlink(missing_ok=True)


def refuse_in_between(root: Path) -> None:
    """No other word of ./lab runs on a half-updated lab. One look at one file where all is well."""
    if not (root / FILE).exists():
        return
    found = read(root)
    if found is not None and found.state != "done":
        raise LabError(
            f"An update to {found.version_after} is under way, or was interrupted. Nothing was started. "
            "Wait for it; if none is running, ./lab update takes it back and tries again, "
            "and ./lab update --back only takes it back."
        )


@contextmanager
def alone(root: Path) -> Iterator[IO[str]]:
    """One update at a time; the kernel frees the lock of one that was killed."""
    try:
        handle = (root / LOCK).open("w")
    except OSError as error:
        raise LabError(f"The lab's folder {root} cannot be written ({error.strerror}). Nothing was changed.") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LabError("Another ./lab update is running here. Nothing was changed; wait for it.") from None
        yield handle
