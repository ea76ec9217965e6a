"""`python -m nma13.cli`: a word of the engine, or a text to navigate; nothing at all starts the REPL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from nma13.errors import LabError

WORDS = (
    "navigate", "repl", "gates", "battery", "cases", "record",
    "recall", "patterns", "feedback", "forget", "export", "archive",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(given)
    except LabError as error:
        print(f"nma13: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nnma13: stopped by you.", file=sys.stderr)
        return 130


def _dispatch(given: list[str]) -> int:
    if given == ["--test"]:
        import pytest

        return int(pytest.main(["-q", "tests/nma13"]))
    if not given or given == ["--no-model"]:
        return word("repl")(given)
    if given[0] in WORDS:
        return word(given[0])(given[1:])
    return word("navigate")(given)


def word(name: str) -> Callable[[list[str]], int]:
    """The function behind a word, imported when it is used."""
    from nma13.cli import batch, battery, keeping, memory, navigate, record, repl

    return {
        "navigate": navigate.main,
        "repl": repl.main,
        "gates": batch.main,
        "battery": battery.battery,
        "cases": battery.cases,
        "record": record.main,
        "recall": memory.recall,
        "patterns": memory.patterns,
        "feedback": memory.feedback,
        "forget": keeping.forget,
        "export": keeping.export,
        "archive": keeping.archive,
    }[name]


if __name__ == "__main__":
    sys.exit(main())
