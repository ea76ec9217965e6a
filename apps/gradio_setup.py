"""Imports Gradio the one right way; everyone says `from apps.gradio_setup import gr`."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Read by Gradio while it is imported or when a page is built; «False» must be spelled exactly so.
SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_SSR_MODE": "false",
    "GRADIO_RUN_HISTORY": "false",
    "GRADIO_MCP_SERVER": "false",
}
# These would open a tunnel, a remote editor, a debugger or a file watcher, whoever set them.
FORBIDDEN = ("GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_DEBUG", "GRADIO_WATCH_DIRS", "GRADIO_ALLOWED_PATHS")
LOCAL_NAMES = "127.0.0.1,localhost"


def prepare_environment() -> None:
    """Set what must hold before Gradio is imported."""
    os.environ.update(SETTINGS)
    for name in FORBIDDEN:
        os.environ.pop(name, None)
    os.environ.setdefault("NO_PROXY", LOCAL_NAMES)  # or a proxy variable sends our own health checks away
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "500")  # bounds the queue's book-keeping


@contextmanager
def _without_stubs() -> Iterator[None]:
    """Half of Gradio's import time goes into rewriting `.pyi` files of its own components.

    It skips a component whose source file cannot be found, so for the length of the import it finds none.
    """
    found = inspect.getfile

    def getfile(object: Any) -> str:
        if inspect.isclass(object) and object.__module__.startswith("gradio."):
            raise OSError("not needed")
        return found(object)

    inspect.getfile = getfile
    try:
        yield
    finally:
        inspect.getfile = found


async def _fetch_nothing(*_: Any, **__: Any) -> None:
    raise ValueError("The lab fetches nothing from the network on behalf of a page.")


def _import() -> Any:
    prepare_environment()
    with _without_stubs():
        gradio = importlib.import_module("gradio")
    # Gradio fetches an address that a visitor names in place of a file (`/gradio_api/file=http://…`, or as
    # a handler's input). All its ways out lead through these two functions.
    safehttpx = importlib.import_module("safehttpx")
    safehttpx.async_validate_url = safehttpx.get = _fetch_nothing  # type: ignore[attr-defined]
    return gradio


gr: Any = _import()
