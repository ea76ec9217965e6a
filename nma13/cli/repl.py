"""`repl`: one text after another, with the last run at hand: gates, why, quit."""

from __future__ import annotations

import argparse
import sys

from nma13.cli import options, render
from nma13.cli.navigate import show
from nma13.errors import LabError
from nma13.pipeline import run
from nma13.state import PipelineState

HELP = "Write a text and press Enter. Also: gates, why, help, quit."


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lab repl", description=__doc__)
    options.add_engine_options(parser)
    options.add_model_options(parser)
    chosen = parser.parse_args(arguments)
    kit = options.kit_from(chosen)
    last: PipelineState | None = None
    with options.voice_from(chosen) as voice:
        print(HELP, file=sys.stderr)
        while True:
            try:
                line = input("› ").strip()
            except EOFError:
                return 0
            if line == "quit":
                return 0
            if line in ("gates", "why"):
                print(_about(last, line))
            elif line in ("", "help"):
                print(HELP, file=sys.stderr)
            else:
                try:
                    last = show(run(line, kit=kit), voice)
                except LabError as refused:
                    print(refused, file=sys.stderr)


def _about(state: PipelineState | None, what: str) -> str:
    if state is None:
        return "Nothing has been run yet."
    return render.gates(state) if what == "gates" else render.explain(state, colour=sys.stdout.isatty())
