"""`python -m launcher.settle STEP`: what an update runs in the files it has just laid out.

The updating process still holds the code of the version before in memory, so whatever must be done by
another version's code happens here, in a process of its own. Later versions keep these steps' names.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nma13 import __version__
from nma13.errors import LabError, UsageError

TEXT = "I must decide by Friday whether to sell the house my father left us, and my sister does not know yet."


def main(arguments: Sequence[str]) -> int:
    try:
        match list(arguments):
            case ["install", *parts]:
                _install(parts)
            case ["check", data]:
                print(json.dumps(check(Path(data))))
            case ["data-back", data, backup]:
                print(json.dumps(data_back(Path(data), Path(backup) if backup else None)))
            case _:
                raise UsageError("this module is run by ./lab update.")
    except LabError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    return 0


def _install(parts: Sequence[str]) -> None:
    from launcher import setup

    known = [name for name in parts if name in setup.PARTS and not setup.is_current(setup.PARTS[name])]
    if known:
        setup.install(known)


def check(data: Path) -> dict[str, Any]:
    """Brings the databases up to date, asks the doctor, and has one text go through the gates, and loads the pages."""
    from nma13.store.catalog import DATABASES
    from nma13.store.connect import open_rw
    from nma13.store.doctor import diagnose

    migrated = []
    for name, database in DATABASES.items():
        if (data / database.file).is_file():
            open_rw(name, data).close()
            migrated.append(name)
    report = diagnose(data)
    _decide()
    _pages()
    trouble = [[finding.where, finding.what] for finding in report.findings if finding.severity == "error"]
    return {"lab": __version__, "databases": migrated, "trouble": trouble}


def _decide() -> None:
    from nma13.pipeline import run

    state = run(TEXT)
    if state.degraded or state.halted:
        raise LabError(f"The engine halts on a plain text: {', '.join(state.degraded) or state.halt_reason}.")


def _pages() -> None:
    import importlib

    from apps.registry import existing

    try:
        for module in ("gradio", *(app.module for app in existing())):
            importlib.import_module(module)
    except ImportError as error:
        raise LabError(f"A page cannot be opened: {error}.") from error


def data_back(data: Path, backup: Path | None) -> dict[str, Any]:
    """Puts the data where this version can read it. What is there now is moved aside, never overwritten."""
    from nma13.store.backup import restore
    from nma13.store.catalog import DATABASES

    too_new = newer_than(data, known_schemas())
    if not too_new:
        return {"restored": [], "aside": ""}
    restored = restore(backup, data) if backup else []
    aside = data / time.strftime("after-update-%Y%m%d-%H%M%S", time.gmtime())
    for name in newer_than(data, known_schemas()):  # made since the backup: it has no older form
        aside.mkdir(mode=0o700, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            file = data / f"{DATABASES[name].file}{suffix}"
            if file.exists():
                file.rename(aside / file.name)
    return {"restored": restored, "aside": str(aside) if aside.exists() else ""}


def known_schemas() -> dict[str, int]:
    """The newest schema of each database that this version understands."""
    from nma13.store.catalog import DATABASES
    from nma13.store.migrate import latest_version

    return {name: latest_version(name) for name in DATABASES}


def newer_than(data: Path, known: dict[str, int]) -> list[str]:
    """The databases under `data` whose schema is beyond what is known."""
    import sqlite3

    from nma13.store.catalog import DATABASES

    found = []
    for name, database in DATABASES.items():
        path = data / database.file
        if not path.is_file():
            continue
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
            finally:
                connection.close()
        except sqlite3.Error:
            continue  # a damaged file is the doctor's business, in whichever version
        if name in known and schema > known[name]:
            found.append(name)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
