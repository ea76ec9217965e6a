"""Asked before something that cannot be taken back lightly. Nobody there to answer is never a yes."""

from __future__ import annotations

import sys

from nma13.errors import LabError


def agree(told: str, question: str, *, sure: bool, otherwise: str) -> None:
    """Return only when the person agrees: by --yes, or at a terminal. `otherwise` is what to do where there is none."""
    if sure:
        return
    if not sys.stdin.isatty():
        raise LabError(f"{told} Nothing was changed. {otherwise}".strip())
    print(f"{told}\n{question} [y/N] ".lstrip(), end="", file=sys.stderr, flush=True)
    try:
        answer = input()
    except EOFError:  # Ctrl-D
        print(file=sys.stderr)
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise LabError("Nothing was changed.")
