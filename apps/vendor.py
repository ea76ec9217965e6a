"""Scripts of others that pages need, served by the lab itself: nothing is fetched from elsewhere."""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib.util
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HASH_LETTERS = 8  # what the guard takes for a file that never changes under its name, so browsers keep it


@functools.cache
def plotly_path() -> Path:
    """The script that comes with the Python package; finding it does not import the package."""
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly is not installed; ./lab setup installs it")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


@functools.cache
def plotly_address() -> str:
    """Where pages load Plotly from; a new version has a new address."""
    name = hashlib.sha256(plotly_path().read_bytes()).hexdigest()[:HASH_LETTERS]
    return f"/assets/plotly-{name}.js"


@functools.cache
def _packed() -> bytes:
    return gzip.compress(plotly_path().read_bytes(), 4)


def _plotly(request: Request) -> Response:
    packed = "gzip" in request.headers.get("accept-encoding", "")
    body = _packed() if packed else plotly_path().read_bytes()
    headers = {"Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if packed else {})}
    return Response(body, media_type="text/javascript", headers=headers)


def routes() -> list[Route]:
    """Put before the page's own; `def` handlers run beside the event loop."""
    return [Route(plotly_address(), _plotly)]
