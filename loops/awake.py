"""Keeping the machine from falling asleep while a loop runs, where the system lets us ask for that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PATIENCE_S = 0.3


def inhibitor(platform: str = sys.platform) -> Sequence[str] | None:
    """The command that keeps this kind of system awake for as long as it runs."""
    if platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    if platform.startswith("linux") and shutil.which("systemd-inhibit"):
        why = ["--what=sleep:idle", "--who=NMA Lab", "--why=a research loop is running", "--mode=block"]
        return ["systemd-inhibit", *why, "cat"]
    return None


@contextmanager
def awake(command: Sequence[str] | None = None) -> Iterator[str]:
    """Asks for it and gives it back; yields what was reached, in words.

    The command reads from a pipe that we hold: when this process dies in whatever way, the pipe closes and
    the machine may sleep again.
    """
    command = command or inhibitor()
    if command is None:
        yield "sleep is not prevented (neither caffeinate nor systemd-inhibit is here)"
        return
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(PATIENCE_S)
        yield f"sleep is not prevented ({command[0]} is here and was refused)"
    except subprocess.TimeoutExpired:
        yield f"sleep is prevented ({command[0]})"
    finally:
        if process.stdin is not None:
            process.stdin.close()
        if process.poll() is None:
            process.terminate()
        process.wait(5)
