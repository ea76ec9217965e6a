"""The word of the research loops; their own command line does the work."""

from __future__ import annotations


def loop(arguments: list[str]) -> int:
    from loops.command import main

    return main(arguments)
