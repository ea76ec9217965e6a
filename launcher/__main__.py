"""`./lab WORD …`: find the word, make sure what it needs is installed, run it.

Until a word's handler is imported this runs on the standard library alone, so that the map and
the errors work on a machine where nothing is installed yet.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from launcher import setup
from launcher.journal import refuse_in_between
from launcher.words import BY_NAME, Word, help_text, nearest
from nma13 import __version__
from nma13.config import ROOT
from nma13.errors import LabError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one word; every failure ends in a sentence and an exit status, never a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nlab: stopped by you.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left (head, less); that is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("--help", "-h", "help"):
        print(help_text(__version__))
        return 0
    if arguments and arguments[0] in ("--version", "-V"):
        print(f"NMA Lab {__version__}")
        return 0
    word, rest = _split(arguments)
    if word.name != "update":
        refuse_in_between(ROOT)
    if not {"--help", "-h"} & set(rest):  # even the help of a word needs its imports, but not the labs' extras
        setup.ensure(word.needs)
    elif word.needs:
        setup.ensure(("core",))
    handler: Callable[[list[str]], int] = _load(word)
    return handler(rest)


def _split(arguments: list[str]) -> tuple[Word, list[str]]:
    """«./lab --port 9000» means «./lab web --port 9000»."""
    if not arguments or arguments[0].startswith("-"):
        return BY_NAME["web"], arguments
    name = arguments[0]
    if name not in BY_NAME:
        guess = nearest(name)
        hint = f" Did you mean «{guess}»?" if guess else ""
        raise UsageError(f"there is no word «{name}».{hint} ./lab --help lists them all.")
    return BY_NAME[name], arguments[1:]


def _load(word: Word) -> Callable[[list[str]], int]:
    module, function = word.handler.split(":")
    handler: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
    return handler


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]
    sys.exit(main())
