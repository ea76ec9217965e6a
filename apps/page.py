"""The frame around every page: title, header that knows the other pages, settings that hold for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.lab import Lab
from apps.registry import QUIET, App

CLEAN_EVERY_S, CLEAN_OLDER_S = 3600, 86_400
LOOK_AGAIN_S = 15.0


@contextmanager
def page(lab: Lab, app: App, line: Callable[[], str] | None = None) -> Iterator[Any]:
    """`with page(lab, app) as demo:` and then the page's own content.

    `line` is what stands beside the title: the model, unless the page says something of its own.
    """
    with gr.Blocks(
        title=app.title,
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(CLEAN_EVERY_S, CLEAN_OLDER_S),
    ) as demo:
        _header(lab, app, demo, line or lab.writer.line)
        yield demo


def _header(lab: Lab, app: App, demo: Any, line: Callable[[], str]) -> None:
    def show(shown: str, request: gr.Request) -> Any:
        host = pieces.bare_host(request.headers["host"])
        now = pieces.header(app.title, line(), lab.board.standings(), app.name, host)
        return (gr.skip(), gr.skip()) if now == shown else (now, now)

    # The first paint has the header's final size; only dots and links change when the answer is in.
    first = pieces.header(app.title, line(), lab.board.unasked(), app.name, "")
    place, shown = gr.HTML(first), gr.State("")
    demo.load(show, [shown], [place, shown], **QUIET)
    gr.Timer(LOOK_AGAIN_S).tick(show, [shown], [place, shown], **QUIET)
