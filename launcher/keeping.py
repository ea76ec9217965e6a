"""Words for what you made: doctor, backup, restore."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nma13.config import data_dir


def doctor(arguments: list[str]) -> int:
    """Check the databases, the disk and what is running. Exit status 1 when something needs you."""
    from nma13.store.doctor import diagnose, render
    from nma13.store.mend import mend

    parser = _parser("doctor", doctor.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--thorough", action="store_true", help="read every page of every database")
    parser.add_argument("--mend", action="store_true", help="make sums and full-text indexes again from the rows")
    chosen = parser.parse_args(arguments)
    if chosen.mend:
        for line in mend(chosen.data or data_dir()):
            print(f"made again: {line}", file=sys.stderr, flush=True)
    report = diagnose(chosen.data, thorough=chosen.thorough)
    print(json.dumps(report.to_dict(), indent=1) if chosen.json else render(report))
    return 0 if report.healthy else 1


def backup(arguments: list[str]) -> int:
    """Copy everything you made into a new folder, while the lab goes on working."""
    from nma13.store.backup import backup as make

    parser = _parser("backup", backup.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where to put it (default: backups in the data folder)")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder or (chosen.data or data_dir()) / "backups"
    made = make(folder, chosen.data, tell=lambda text: print(text, file=sys.stderr, flush=True))
    names = ", ".join(made.databases) or "no database"
    print(f"{made.folder}")
    print(f"Copied and checked: {names}; {made.bytes / 1e6:.1f} MB.", file=sys.stderr)
    return 0


def restore(arguments: list[str]) -> int:
    """Put a backup back. What is there now is moved aside, never overwritten."""
    from nma13.store.backup import restore as put_back

    parser = _parser("restore", restore.__doc__)
    parser.add_argument("backup", type=Path, help="the folder that ./lab backup printed")
    chosen = parser.parse_args(arguments)
    names = put_back(chosen.backup, chosen.data)
    print(f"Put back: {', '.join(names)}.")
    return 0


def _parser(word: str, description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"./lab {word}", description=description)
    parser.add_argument("--data", type=Path, help="another data folder (default: NMA_DATA or data/user)")
    return parser
