"""Every test gets a data folder of its own; no test can reach the user's."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time: a failure can be repeated, and a merge does not hang on luck.
settings.register_profile("house", derandomize=True)
settings.load_profile("house")

# A suite started in the background inherits «ignore Ctrl-C», and its children would; people press it in the foreground.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("NMA_DATA", str(folder))
    for name in ("NMA_MODEL", "NMA_TOKEN", "NMA_THREADS", "NMA_GOOGLE_KEY", "NMA_GOOGLE_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    return folder
