"""Paths, ports and environment variables in one place. Nothing here touches the disk on import."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from nma13.errors import LabError

ROOT = Path(__file__).resolve().parent.parent
SHIPPED_DATA = ROOT / "data"

LOOPBACK = "127.0.0.1"
PORTS: dict[str, int] = {
    "web": 7860,
    "loop_monitor": 7861,
    "prime_monitor": 7862,
    "cognition_monitor": 7863,
    "loop_d_monitor": 7864,
    "gallery": 7865,
    "explorer": 7866,
    "serve": 7880,
}

ENVIRONMENT: dict[str, str] = {
    "NMA_DATA": "folder that holds what you make (databases, settings, announcements); default data/user",
    "NMA_MODEL": "which language model writes, e.g. llamacpp:/models/qwen.gguf; see ./lab model",
    "NMA_MODEL_KEY": "key sent to an openai: server that asks for one; never stored",
    "NMA_TOKEN": "access token asked for when the lab listens beyond this machine",
    "NMA_GOOGLE_KEY": "key for Google Custom Search, asked when DuckDuckGo refuses; never stored",
    "NMA_GOOGLE_ENGINE": "which of your search engines at Google that key is for",
    "NMA_THREADS": "threads of the llamacpp backend; default: measured once per machine",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The one folder under which everything the user makes lies."""
    named = env.get("NMA_DATA", "").strip()
    return Path(named).expanduser().resolve() if named else SHIPPED_DATA / "user"


def ensure_data_dir(path: Path | None = None) -> Path:
    """Create the data folder, readable by its owner only; say so in words where that cannot be done."""
    folder = path or data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise LabError(
            f"The data folder {folder} cannot be made or written ({error.strerror}). Nothing was changed. "
            "Name another with NMA_DATA or --data."
        ) from None
    return folder
