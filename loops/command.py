"""The command line of the loops: run one, see how they stand, stop one, print a service file."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loops.heart import STALL_AFTER_S
from loops.registry import PROGRAMMES
from nma13.config import data_dir
from nma13.errors import UsageError

NICENESS = 5

if TYPE_CHECKING:
    from loops.search_feeder import Search
    from nma13.llm.types import Model


def main(arguments: Sequence[str]) -> int:
    given = list(arguments)
    at = given.index("--") if "--" in given else len(given)  # behind it: what a service tells its loop
    options = given[at + 1 :]
    chosen = _parser().parse_args(given[:at])
    if chosen.data:
        os.environ["NMA_DATA"] = str(chosen.data)
    match chosen.what:
        case "status":
            return _status(chosen)
        case "stop":
            from loops.stopping import stop_loops

            return stop_loops(chosen.loops or list(PROGRAMMES), chosen.wait)
        case "service":
            from loops.service import service_file

            _parser().parse_args([chosen.loop, *options])  # a service whose words are off would never start
            print(service_file(chosen.loop, chosen.kind, options))
            return 0
        case letter:
            return _run(letter, chosen)


def _run(letter: str, chosen: argparse.Namespace) -> int:
    from loops.process import Settings, run
    from loops.progress import Progress
    from nma13.llm import explain_choice

    if chosen.cycles is not None and chosen.cycles < 1:
        raise UsageError(f"--cycles {chosen.cycles}: at least one cycle, or leave it out to run until stopped.")
    if chosen.pace < 0:
        raise UsageError(f"--pace {chosen.pace:g}: seconds, so not less than 0.")
    scripted = (chosen.model or "").strip().startswith("scripted:")
    spec = f"scripted: --pace {chosen.pace}" if scripted and chosen.pace else chosen.model
    choice = explain_choice(spec)
    if choice.backend == "none":
        raise UsageError(
            f"A loop needs a language model ({choice.why}). Nothing was started. "
            "Name one with --model (./lab model shows which there are), or try the machinery with --model scripted:"
        )
    settings = Settings(
        PROGRAMMES[letter],
        lambda: _open(spec),
        cycles=chosen.cycles,
        reproducible=chosen.reproducible,
        search=_search() if chosen.search else None,
        rest_s=0.0 if scripted else chosen.pace,
        folder=data_dir(),
        stall_after_s=chosen.stall_after,
        on_stall=chosen.on_stall,
    )
    return run(settings, Progress(settings.loop.source, chosen.cycles))


def _open(spec: str | None) -> Model:
    """The model; one too large to be loaded twice is shared with every other command through its server."""
    from nma13.llm import explain_choice, open_model
    from nma13.llm.served import ensure_served, needs_sharing

    wanted, choice = "", explain_choice(spec)
    if needs_sharing(choice):
        served = ensure_served(choice.spec, progress=lambda said, s: print(f"{said} … {s:.0f} s", file=sys.stderr))
        wanted = f"openai:{served.url}#{served.model}"
    _give_way()
    return open_model(wanted or choice.spec)


def _give_way() -> None:
    """A loop runs for days; a page that somebody opens meanwhile goes first.

    Not before a shared model was started, which serves pages too; not after one was opened, whose threads keep what
    they were born with.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


def _status(chosen: argparse.Namespace) -> int:
    from loops.heart import run_hook
    from loops.status import TROUBLED, read_status, render

    told: set[str] = set()
    while True:
        found = [
            read_status(PROGRAMMES[letter], data_dir(), chosen.stall_after) for letter in chosen.loops or PROGRAMMES
        ]
        print(
            json.dumps([status.to_dict() for status in found], indent=1) if chosen.json else render(found), flush=True
        )
        troubled = {status.source: status for status in found if status.state in TROUBLED}
        for source in troubled.keys() - told:
            run_hook(chosen.on_stall, f"{source} {troubled[source].state}: {troubled[source].detail}")
        told = set(troubled)
        if not chosen.watch:
            return 1 if troubled else 0
        time.sleep(chosen.watch)


def _search() -> Search:
    from nma13.web_search import snippets

    folder = data_dir()
    return lambda query: snippets(query, folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./lab loop", description="The four research loops.")
    words = parser.add_subparsers(dest="what", required=True, metavar="a|b|c|d|status|stop|service")
    for letter, programme in PROGRAMMES.items():
        word = words.add_parser(letter, help=f"run loop {letter.upper()}: {programme.title}")
        _common(word)
        word.add_argument(
            "--cycles", type=int, metavar="N", help="finish so many cycles, then end (default: until stopped)"
        )
        word.add_argument("--model", help="which model writes (default: the lab's choice, see ./lab model)")
        word.add_argument("--search", action="store_true", help="a few web snippets per cycle, as untrusted material")
        word.add_argument(
            "--pace", type=float, default=0.0, metavar="S",
            help="seconds between outputs of the scripted: model; with other models, rest after each cycle",
        )  # fmt: skip
        word.add_argument(
            "--reproducible", action="store_true",
            help="one text after another, so that the same seed, model and store give the same words",
        )  # fmt: skip
        _stalls(word)
    status = words.add_parser("status", help="how the loops stand; exit status 1 when one has stalled or died")
    _common(status)
    status.add_argument("loops", nargs="*", choices=[*PROGRAMMES, []], metavar="LOOP", help="a, b, c, d (default: all)")
    status.add_argument("--json", action="store_true", help="print one JSON list")
    status.add_argument("--watch", type=float, metavar="S", help="look again every S seconds")
    _stalls(status)
    stop = words.add_parser("stop", help="end loops after their current output")
    _common(stop)
    stop.add_argument("loops", nargs="*", choices=[*PROGRAMMES, []], metavar="LOOP", help="a, b, c, d (default: all)")
    stop.add_argument("--wait", type=float, default=120.0, metavar="S", help="how long to wait for each (default 120)")
    service = words.add_parser(
        "service",
        help="print a service file, so that a loop survives a reboot",
        usage="./lab loop service [-h] [--data DATA] [--systemd | --launchd] LOOP [-- OPTION …]",
        epilog="What stands behind -- are options of the loop: ./lab loop a --help",
    )
    _common(service)
    service.add_argument("loop", choices=list(PROGRAMMES), metavar="LOOP", help="a, b, c or d")
    kind = service.add_mutually_exclusive_group()
    kind.add_argument("--systemd", dest="kind", action="store_const", const="systemd", help="for Linux")
    kind.add_argument("--launchd", dest="kind", action="store_const", const="launchd", help="for macOS")
    service.set_defaults(kind="launchd" if sys.platform == "darwin" else "systemd")
    return parser


def _common(word: argparse.ArgumentParser) -> None:
    word.add_argument("--data", type=Path, help="another data folder (default: NMA_DATA or data/user)")


def _stalls(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--stall-after", type=float, default=STALL_AFTER_S, metavar="S",
        help=f"a loop that finishes nothing for so long has stalled (default {STALL_AFTER_S:.0f})",
    )  # fmt: skip
    word.add_argument(
        "--on-stall", default="", metavar="COMMAND", help="a command of yours, run once per stall with what happened"
    )
