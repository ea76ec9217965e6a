"""What a result says about itself: enough to make it again, and where it was made."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from nma13 import __version__
from nma13.errors import LabError


def manifest(command: str, config: Mapping[str, Any], seed: int | None, data: str) -> dict[str, Any]:
    """Command, configuration, seed, hash of the data, versions. No clock: equal runs give equal bytes."""
    return {"command": command, "config": dict(config), "seed": seed, "data": data, "versions": versions()}


def versions() -> dict[str, str]:
    """Whatever could change a figure."""
    found = {"lab": __version__, "python": platform.python_version()}
    for package in ("numpy", "torch"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> str:
    """The machine in words, for figures that are times."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """A result as JSON, readable and with one spelling."""
    write_whole(path, json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def write_whole(path: Path, content: str | bytes) -> None:
    """A file that is there whole or not at all: studies go on from it, and pages read it while a study runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def read_result(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"{path} cannot be read ({error.strerror}). Nothing was changed.") from None
    except ValueError as error:
        raise LabError(f"{path} is not a result: {error}. Nothing was changed.") from None
    if not isinstance(found, dict):
        raise LabError(f"{path} is not a result: it holds no object. Nothing was changed.")
    return found


def file_hash(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def hash_files(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Name relative to `root` → hash, in order of name."""
    return {path.relative_to(root).as_posix(): file_hash(path) for path in sorted(paths)}
