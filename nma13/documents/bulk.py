"""Many files and folders at once: which of them, one after another, with progress and a way to stop."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nma13.documents.extract import NEVER, Progress, Stop, Stopped, shown_name, untold
from nma13.documents.kinds import SUFFIXES, TAKEN
from nma13.documents.limits import STANDARD, DocumentError, Limits
from nma13.documents.shelf import Added, add

MOST_FILES = 10_000
DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was found; `passed_over` says why it will not be read, if so."""

    path: Path
    name: str
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: stored, known, refused (why), passed over (why), or not reached."""

    name: str
    added: Added | None = None
    refused: str = ""
    passed_over: str = ""


def candidates(given: Iterable[Path]) -> list[Candidate]:
    """Files named by a person as they are; a folder's files in order, links in it not followed."""
    found: list[Candidate] = []
    for path in given:
        if path.is_dir():
            found += islice(_inside(path, path, 0), MOST_FILES + 1)
        else:
            found.append(Candidate(path, path.name))
        if len(found) > MOST_FILES:
            raise DocumentError(
                f"More than {MOST_FILES:,} files are in {shown_name(str(path))}. Name a smaller folder."
            )
    return found


def _inside(folder: Path, top: Path, depth: int) -> Iterator[Candidate]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Candidate(folder, _name(folder, top), f"the folder cannot be opened ({error.strerror})")
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            yield Candidate(path, _name(path, top), "it is a link; links in a folder are not followed")
        elif entry.is_dir(follow_symlinks=False):
            if depth < DEEPEST:
                yield from _inside(path, top, depth + 1)
        elif path.suffix.lower() not in SUFFIXES:
            yield Candidate(path, _name(path, top), f"its kind is not read here. {TAKEN}")
        else:
            yield Candidate(path, _name(path, top))


def _name(path: Path, top: Path) -> str:
    return shown_name(str(path.relative_to(top.parent if path == top else top)))


def add_all(
    chosen: Iterable[Candidate],
    folder: Path | None = None,
    *,
    limits: Limits = STANDARD,
    progress: Progress = untold,
    stop: Stop = NEVER,
) -> Iterator[Outcome]:
    """Store file after file; one that is refused does not stop the others. Ends early when stopped.

    `progress` tells of the file being read. What was stored before a stop stays stored, whole.
    """
    for one in chosen:
        if stop.is_set():
            return
        if one.passed_over:
            yield Outcome(one.name, passed_over=one.passed_over)
            continue
        try:
            yield Outcome(one.name, added=add(one.path, folder, limits=limits, progress=progress, stop=stop))
        except Stopped:
            return
        except DocumentError as error:
            yield Outcome(one.name, refused=str(error))


def summary_of(outcomes: Iterable[Outcome], whole: int) -> str:
    """One line on how it ended."""
    seen = list(outcomes)
    stored = sum(one.added is not None and one.added.new for one in seen)
    known = sum(one.added is not None and not one.added.new for one in seen)
    parts = [f"{stored} stored"]
    parts += [f"{known} already there"] if known else []
    parts += [f"{refused} refused"] if (refused := sum(bool(one.refused) for one in seen)) else []
    parts += [f"{over} passed over"] if (over := sum(bool(one.passed_over) for one in seen)) else []
    parts += [f"{left} not reached"] if (left := whole - len(seen)) else []
    return ", ".join(parts) + "."
