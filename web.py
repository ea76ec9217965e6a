"""The lab in a browser: eight rooms as tabs. `python web.py --help` lists the options."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.lab import Lab, make_lab
from apps.registry import ALL
from nma13.config import PORTS
from nma13.errors import LabError, UsageError

TABS = (
    ("navigate", "Navigate", "apps.navigate"),
    ("inner-house", "Inner House", "apps.inner_house"),
    ("auto-govern", "Auto-Govern", "apps.auto_govern"),
    ("loop-feed", "Loop Feed", "apps.loop_feed"),
    ("memory", "Memory", "apps.memory"),
    ("patterns", "Patterns", "apps.patterns"),
    ("documents", "Documents", "apps.documents"),
    ("settings", "Settings", "apps.settings"),
)
WEB = next(app for app in ALL if app.name == "web")


def build(lab: Lab) -> Any:
    """The page: header and eight tabs, each built by its own module."""
    from apps.gradio_setup import gr
    from apps.page import page

    with page(lab, WEB) as demo, gr.Tabs(overflow_behavior="wrap"):
        for name, title, module in TABS:
            with gr.Tab(title, id=name):
                importlib.import_module(module).build(lab)
    return demo


def main(argv: Sequence[str] | None = None) -> int:
    """Read the words, then serve until stopped."""
    words = _parser().parse_args(argv)
    try:
        return _serve(words)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:  # before the pages were up
        return 130


def _serve(words: argparse.Namespace) -> int:
    from apps import tailscale
    from apps.access import choose_access
    from apps.shell import host

    if words.model and words.no_model:
        raise UsageError("--model and --no-model exclude each other.")
    access = choose_access(
        host=words.host,
        allow_hosts=words.allow_host,
        tailnet=tailscale.find().name if words.share_on else None,
        proxy=words.proxy,
        require_token=words.require_token,
    )
    lab = make_lab(
        data=Path(words.data).expanduser().resolve() if words.data else None,
        access=access,
        model=words.model or os.environ.get("NMA_MODEL") or None,
        use_model=not words.no_model,
        ports={"web": words.port},
    )
    return host([WEB], lab, open_browser=words.open)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python web.py", description="Open the lab in a browser.")
    add = parser.add_argument
    add("--no-model", action="store_true", help="no language model: structure only")
    add("--model", metavar="NAME", help="which language model writes, e.g. llamacpp:/models/some.gguf")
    add("--data", metavar="FOLDER", help="where what you make is kept (default: NMA_DATA, or data/user)")
    add("--port", type=_port, default=PORTS["web"], help="default %(default)s")
    add("--open", action="store_true", help="open the page in your browser")
    reach = parser.add_argument_group("who may reach it (docs/access.md)")
    add = reach.add_argument
    add("--share-on", choices=["tailscale"], help="publish on your tailnet; the lab itself stays on loopback")
    add("--host", metavar="ADDRESS", help="listen beyond this machine; wants --allow-host and a token")
    add(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name people reach this machine by",
    )
    add("--proxy", metavar="ADDRESS", help="the address of a proxy whose X-Forwarded headers are believed")
    add("--require-token", action="store_true", help="ask for the token even on this machine")
    return parser


def _port(word: str) -> int:
    if not word.isdecimal() or not 0 < int(word) < 65536:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port; it wants a number from 1 to 65535")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
