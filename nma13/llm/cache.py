"""Small measured facts, one JSON file each in the data folder: threads, speed, probe, files seen good."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from nma13.config import data_dir, ensure_data_dir


def machine() -> str:
    """Enough of the machine to know that a measurement is another's."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def file_key(path: Path) -> str:
    """A file as it is now: another size or time is another file."""
    stat = path.stat()
    return f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"


def remember(kind: str, key: str, value: dict[str, Any]) -> None:
    write_json(_place(kind, key), {"key": key, **value})


def recall(kind: str, key: str) -> dict[str, Any] | None:
    """What was remembered, or None; an unreadable file counts as nothing and is measured anew."""
    found = read_json(_place(kind, key))
    return found if found is not None and found.get("key") == key else None


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all, readable by the owner only."""
    ensure_data_dir()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _place(kind: str, key: str) -> Path:
    return data_dir() / "models" / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
