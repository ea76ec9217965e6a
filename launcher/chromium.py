"""Finding a Chromium for the browser tests, and installing one where that can be done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """The path of a Chromium on this machine."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return next((path for path in MAC_APPS if Path(path).exists()), None)


def ensure() -> None:
    """Install Chromium if it is missing and we may; otherwise the browser tests will say what to do."""
    if find():
        return
    if sys.platform == "linux" and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests …", file=sys.stderr, flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "check": False}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], env=environment, **quiet)  # type: ignore[call-overload]


def how_to_get_one() -> str:
    """What a browser test says when there is no Chromium."""
    if sys.platform == "darwin":
        return "The browser tests need Chrome or Chromium: brew install --cask chromium"
    return "The browser tests need Chromium: sudo apt install chromium"
