"""`repl`: one text after another, with the last run, what is remembered and what was learned at hand."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial

from nma13.cli import memory, options, render
from nma13.cli.navigate import show
from nma13.clock import now_ms
from nma13.errors import LabError
from nma13.interpreter import Voice
from nma13.kit import Kit
from nma13.memory import VERDICTS, Verdict, give_feedback
from nma13.navigation_loop import Asked, Turn, navigate
from nma13.store import open_rw

Ask = Callable[[str], Asked]
"""How a line is to be navigated: what is remembered, stored and found for it."""

LEAVE = ("quit", "exit", "q", ":q")
HELP = (
    "Write a text and press Enter. Also: gates, why, memory, recall [TEXT], patterns,\n"
    "agree | disagree | override [REASON] (of the last decision), help, quit."
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lab repl", description=__doc__)
    options.add_engine_options(parser)
    options.add_model_options(parser)
    options.add_memory_options(parser)
    options.add_material_options(parser)
    chosen = parser.parse_args(arguments)
    kit = options.kit_from(chosen)
    ask = partial(options.asked_from, chosen)
    last: Turn | None = None
    with options.voice_from(chosen) as voice:
        print(HELP, file=sys.stderr)
        while True:
            try:
                line = input("› ").strip()
            except EOFError:
                return 0
            if line.lower() in LEAVE:
                return 0
            try:
                last = _answer(line, last, kit, voice, ask)
            except LabError as refused:
                print(refused, file=sys.stderr)


def _answer(line: str, last: Turn | None, kit: Kit, voice: Voice | None, ask: Ask) -> Turn | None:
    """Do what one line asks; returns the run that is now the last one."""
    word, _, rest = line.partition(" ")
    alone = line.lower()  # a word that stands alone is meant for the lab, however it is written
    if alone in ("", "help", "?"):
        print(HELP, file=sys.stderr)
    elif alone in ("gates", "why"):
        print(_about(last, alone))
    elif alone == "memory":
        _tell(memory.summary)
    elif alone == "patterns":
        _tell(memory.learned)
    elif word == "recall":
        _tell(lambda connection: memory.recalled(connection, rest))
    elif word in VERDICTS:
        _judge(last, next(verdict for verdict in VERDICTS if verdict == word), rest)
    else:
        return show(navigate(line, kit, voice, ask(line)), voice)
    return last


def _about(turn: Turn | None, what: str) -> str:
    if turn is None:
        return "Nothing has been run yet."
    return render.gates(turn.state) if what == "gates" else render.explain(turn.state, colour=sys.stdout.isatty())


def _tell(what: Callable[[sqlite3.Connection], list[str]]) -> None:
    with closing(open_rw("memory")) as connection:
        print("\n".join(what(connection)))


def _judge(turn: Turn | None, verdict: Verdict, reason: str) -> None:
    if turn is None or turn.episode is None:
        print("There is no stored decision to speak of.")
        return
    with closing(open_rw("memory")) as connection:
        give_feedback(connection, turn.episode, verdict, reason, now_ms())
    print(f"Kept with episode {turn.episode}: {verdict}.")
