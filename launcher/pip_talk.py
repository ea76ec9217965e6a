"""Running pip so that a person sees what happens in words, and a failure says what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FETCHING = re.compile(r"^\s*(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)")
INSTALLING = re.compile(r"^Installing collected packages: (.+)$")

# What pip prints, what it means, what to do. The first that fits is told.
CAUSES: tuple[tuple[str, str], ...] = (
    (r"No space left on device", "The disk is full. Make room, then run ./lab again."),
    (
        r"name resolution|Failed to establish a new connection|Network is unreachable|ConnectTimeout|"
        r"Read timed out|Connection (?:refused|reset|aborted)|ProxyError|getaddrinfo|NewConnectionError",
        "The package index cannot be reached. Connect to the network, or set PIP_INDEX_URL to a mirror "
        "of yours; then run ./lab again.",
    ),
    (
        r"SSLError|CERTIFICATE_VERIFY_FAILED",
        "The connection to the package index is not trusted. "
        "Check the machine's clock and certificates (a company proxy often needs PIP_CERT); "
        "then run ./lab again.",
    ),
    (
        r"Permission denied|Read-only file system",
        "The lab's folder cannot be written. Move the lab to a folder of yours, then run ./lab again.",
    ),
    (
        r"No matching distribution found|Could not find a version",
        "A pinned package has no prebuilt wheel for this "
        "machine and Python. Try Python 3.12 (LAB_PYTHON=python3.12 ./lab after removing .venv).",
    ),
)


class InstallError(Exception):
    """Told to the user as it stands."""


def run_pip(python: Path, arguments: list[str], log: Path) -> None:
    """Run `pip ARGUMENTS`, showing one moving line on a terminal and a few lines elsewhere."""
    command = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        *arguments,
        "--progress-bar",
        "off",
    ]
    tail: list[str] = []
    with log.open("a", encoding="utf-8") as record:
        record.write(f"\n$ pip {' '.join(arguments)}\n")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            seen: set[str] = set()
            for line in process.stdout:
                record.write(line)
                tail = [*tail[-80:], line.rstrip()]
                _tell(line, seen)
    _clear()
    if process.returncode != 0:
        raise InstallError(explain(tail, log))


def explain(tail: list[str], log: Path) -> str:
    """One sentence of cause, one of remedy, and where the whole log lies."""
    printed = "\n".join(tail)
    remedy = next((text for pattern, text in CAUSES if re.search(pattern, printed)), "")
    errors = [line for line in tail if line.startswith("ERROR")] or tail[-3:]
    said = errors[-1].strip() if errors else "no message"
    return (
        f"Installing stopped: {said[:300]}\n{remedy or 'Run ./lab again to go on where it stopped.'}\n"
        f"What was already fetched is kept. The whole log: {log}"
    )


def _tell(line: str, seen: set[str]) -> None:
    fetching, installing = FETCHING.match(line), INSTALLING.match(line)
    if fetching:
        name = re.split(r"[<>=!~;\[( ]", fetching.group(1))[0]
        if name not in seen:
            seen.add(name)
            _show(f"  fetching {name} (package {len(seen)})", steady=len(seen) % 25 == 0)
    elif installing:
        _show(f"  installing {len(installing.group(1).split(','))} packages …", steady=True)


def _show(text: str, *, steady: bool) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif steady:
        print(text, file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
