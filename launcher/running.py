"""Who of the lab is at work on this data folder: loops, sessions, the shared model, open pages."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nma13.agreement import agree
from nma13.config import LOOPBACK, PORTS
from nma13.errors import LabError
from nma13.llm.served import find_served
from nma13.store.lock import read_holder

WAIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Running:
    name: str
    pid: int | None  # None: a page, of which only the port is known
    port: int | None = None

    def __str__(self) -> str:
        return f"{self.name} ({f'process {self.pid}' if self.pid else f'port {self.port}'})"


def anything_running(data: Path) -> list[Running]:
    """Locks and announcements of this data folder, and whoever answers as one of our pages on this machine."""
    from apps.status import probe

    found = []
    for lock in sorted(data.glob("*.lock")):
        if (holder := read_holder(lock)) is not None and holder.get("pid"):
            found.append(Running(lock.stem, int(holder["pid"])))
    if (served := find_served(data)) is not None:
        found.append(Running("serve", served.pid))
    pages = [name for name in PORTS if name != "serve"]
    with ThreadPoolExecutor(len(pages)) as pool:
        answers = pool.map(lambda name: probe(LOOPBACK, PORTS[name]), pages)
    for name, answer in zip(pages, answers, strict=True):
        if answer is not None:
            found.append(Running(str(answer["app"]), None, PORTS[name]))
    return found


def ask_to_stop(running: list[Running], *, sure: bool) -> None:
    """Loops are stopped when the person agrees; pages are theirs to close. Refuses while anything is left."""
    if not running:
        return
    named = ", ".join(map(str, running))
    if pages := [one for one in running if one.pid is None]:
        raise LabError(
            f"Running now: {named}. Nothing was changed. Stop {', '.join(map(str, pages))} first "
            "(Ctrl-C in its window, or its service), then say it again."
        )
    agree(
        f"Running now: {named}.",
        "Stop them and go on?",
        sure=sure,
        otherwise="Stop them first (./lab loop stop ends loops after their current output), or add --yes to have them "
        "stopped.",
    )
    _stop(running)


def _stop(running: list[Running]) -> None:
    waiting = {one.pid: one for one in running if one.pid}
    for pid, one in waiting.items():
        print(f"{one} is asked to end …", file=sys.stderr, flush=True)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + WAIT_S
    while waiting and time.monotonic() < give_up:
        time.sleep(0.1)
        waiting = {pid: one for pid, one in waiting.items() if _alive(pid)}
    if waiting:
        raise LabError(
            f"{', '.join(map(str, waiting.values()))} did not end within {WAIT_S:.0f} s, perhaps in the middle of an "
            "output. Nothing else was changed. Wait a little, then say it again."
        )
    print(f"Stopped: {', '.join(map(str, running))}. Start them again afterwards.", file=sys.stderr, flush=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    """Ended, but its parent has not looked yet (Linux only; elsewhere the parent is a shell that looks)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
