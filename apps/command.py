"""Starting pages from a command line: one set of words, whether for one page or for the whole lab."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.registry import App
from nma13.config import PORTS, ensure_data_dir
from nma13.errors import LabError, UsageError
from nma13.llm import explain_choice


def alone(app: App, arguments: Sequence[str] | None, prog: str, purpose: str) -> int:
    """One page until stopped; what it cannot do is told in words, as every command of the lab tells it."""
    try:
        return serve([app], arguments, prog, purpose)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:  # before the page was up
        return 130


def serve(apps: Sequence[App], arguments: Sequence[str] | None, prog: str, purpose: str) -> int:
    """Read the words, then serve `apps` until stopped. `--port` is the first one's; the others keep their distance."""
    words = parser_for(apps, prog, purpose).parse_args(arguments)
    from apps import tailscale
    from apps.access import choose_access
    from apps.lab import make_lab
    from apps.shell import host

    if words.model and words.no_model:
        raise UsageError("--model and --no-model exclude each other.")
    if words.data:
        os.environ["NMA_DATA"] = str(Path(words.data).expanduser().resolve())
    ensure_data_dir()
    if not words.no_model:
        explain_choice(words.model)  # a model string that cannot be read is told now, not on every page
    access = choose_access(
        host=words.host,
        allow_hosts=words.allow_host,
        tailnet=tailscale.find().name if words.share_on else None,
        proxy=words.proxy,
        require_token=words.require_token,
    )
    lab = make_lab(
        access=access,
        model=words.model or os.environ.get("NMA_MODEL") or None,
        use_model=not words.no_model,
        ports=moved(apps, words.port),
    )
    return host(apps, lab, command=prog, open_browser=words.open)


def moved(apps: Sequence[App], port: int) -> dict[str, int]:
    """The ports of pages that are served together, when the first of them stands on `port`."""
    by = port - PORTS[apps[0].name]
    ports = {app.name: PORTS[app.name] + by for app in apps}
    if not all(0 < one < 65536 for one in ports.values()):
        raise UsageError(f"--port {port} leaves no room for the {len(apps)} pages. Choose one from 1000 to 65000.")
    return ports


def parser_for(apps: Sequence[App], prog: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=purpose)
    add = parser.add_argument
    add("--no-model", action="store_true", help="no language model: structure only")
    add("--model", metavar="NAME", help="which language model writes, e.g. llamacpp:/models/some.gguf")
    add("--data", metavar="FOLDER", help="where what you make is kept (default: NMA_DATA, or data/user)")
    follow = "; the other pages move with it" if len(apps) > 1 else ""
    add("--port", type=_port, default=PORTS[apps[0].name], help=f"default %(default)s{follow}")
    add("--open", action="store_true", help="open the page in your browser")
    reach = parser.add_argument_group("who may reach it (docs/access.md)")
    add = reach.add_argument
    add("--share-on", choices=["tailscale"], help="publish on your tailnet; the lab itself stays on loopback")
    add("--host", metavar="ADDRESS", help="listen beyond this machine; wants --allow-host and a token")
    add("--allow-host", metavar="NAME", action="append", default=[], help="a name people reach this machine by")
    add("--proxy", metavar="ADDRESS", help="the address of a proxy whose X-Forwarded headers are believed")
    add("--require-token", action="store_true", help="ask for the token even on this machine")
    return parser


def _port(word: str) -> int:
    if not word.isdecimal() or not 0 < int(word) < 65536:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port; it wants a number from 1 to 65535")
    return int(word)
