"""The word demo: the lab on a copy of the shipped record, under a mark that says who wrote it."""

from __future__ import annotations

import os
import sys

from nma13.config import data_dir
from nma13.errors import UsageError

USAGE = """usage: ./lab demo [--fresh] [OPTION …]

Opens the lab on a copy of the shipped record, which a 135M model wrote.

  --fresh   lay the copy out again; what was added to it is lost
  OPTION    any option of ./lab web but --data
"""


def demo(arguments: list[str]) -> int:
    """As ./lab alone, with a data folder of its own below yours; --fresh begins again from the shipped record."""
    from launcher.pages import web
    from loops.keepsake import lay_out

    if any(word == "--data" or word.startswith("--data=") for word in arguments):
        raise UsageError("the demo has a data folder of its own; leave out --data. Nothing was started.")
    rest = [word for word in arguments if word != "--fresh"]
    if {"--help", "-h"} & set(rest):
        print(USAGE)
        return 0
    folder = lay_out(data_dir() / "demo", fresh="--fresh" in arguments)
    print(f"The demo's record lies in {folder}. Your own data is not touched.", file=sys.stderr)
    os.environ["NMA_DATA"] = str(folder)
    return web(rest, "./lab demo")
