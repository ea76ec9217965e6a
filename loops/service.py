"""Service files for systemd and launchd, printed to be read before they are installed."""

from __future__ import annotations

import os
import plistlib
import sys
from collections.abc import Sequence

from nma13.config import ROOT, data_dir

SYSTEMD = """\
# Loop {upper} of the NMA Lab as a service of your user. To install it:
#   ./lab loop service {letter} > ~/.config/systemd/user/{name}.service
#   systemctl --user enable --now {name}
#   loginctl enable-linger $USER        # so that it also runs while you are not logged in
# Its log:  journalctl --user -u {name} -f
[Unit]
Description=NMA Lab, research loop {upper}

[Service]
WorkingDirectory={root}
Environment={environment}
ExecStart={command}
Nice=10
# It ends after its current output, which a large model may write for minutes.
TimeoutStopSec=600
SuccessExitStatus=130
Restart=on-failure
RestartSec=30

[Install]
WantedBy=default.target
"""

LAUNCHD_NOTE = """\
<!-- Loop {upper} of the NMA Lab as an agent of your user. To install it:
       ./lab loop service {letter} > ~/Library/LaunchAgents/{label}.plist
       launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{label}.plist
     To remove it: launchctl bootout gui/$(id -u)/{label} -->
"""


def service_file(letter: str, kind: str, options: Sequence[str]) -> str:
    """The file for one loop with these options of its own."""
    command = [str(ROOT / "lab"), "loop", letter, *options]
    environment = {"NMA_DATA": str(data_dir()), "PATH": os.environ.get("PATH", os.defpath)}
    if os.environ.get("LAB_PYTHON") or not (ROOT / ".venv").exists():
        environment["LAB_PYTHON"] = os.environ.get("LAB_PYTHON", sys.executable)
    return _launchd(letter, command, environment) if kind == "launchd" else _systemd(letter, command, environment)


def _systemd(letter: str, command: Sequence[str], environment: dict[str, str]) -> str:
    return SYSTEMD.format(
        letter=letter,
        upper=letter.upper(),
        name=f"nma-loop-{letter}",
        root=str(ROOT).replace("%", "%%"),
        environment=" ".join(_quoted(f"{name}={value}") for name, value in environment.items()),
        command=" ".join(_quoted(word) for word in command),
    ).rstrip()


def _quoted(word: str) -> str:
    """As systemd reads it: in double quotes, with what it would replace written twice."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _launchd(letter: str, command: Sequence[str], environment: dict[str, str]) -> str:
    label = f"lab.nma.loop-{letter}"
    log = str(data_dir() / "logs" / f"loop_{letter}.log")
    plist = plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": list(command),
            "WorkingDirectory": str(ROOT),
            "EnvironmentVariables": environment,
            "RunAtLoad": True,
            "KeepAlive": {"Crashed": True},
            "ExitTimeOut": 600,
            "Nice": 10,
            "StandardOutPath": log,
            "StandardErrorPath": log,
        },
        sort_keys=False,
    ).decode()
    head, doctype, rest = plist.split("\n", 2)
    note = LAUNCHD_NOTE.format(letter=letter, upper=letter.upper(), label=label)
    return "\n".join((head, doctype, note + rest)).rstrip()
