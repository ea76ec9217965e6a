"""`forget`, `export`, `archive`: what you made is yours, to remove, to take along, to put away."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from nma13 import documents, forgetting, takeout
from nma13.agreement import agree
from nma13.cli import options
from nma13.cli.render import printable
from nma13.errors import UsageError
from nma13.store import open_rw

WHAT = ("episode", "session", "name", "document", "older-than", "retention")


def forget(arguments: list[str]) -> int:
    """Remove something everywhere: rows, search index, vectors, learned rules, freed pages. It cannot be undone."""
    parser = options.parser_of("forget", forget.__doc__)
    parser.add_argument("what", nargs="?", choices=WHAT)
    parser.add_argument(
        "which", nargs="?", help="its number or name (#3: the number alone); days for older-than and retention"
    )
    parser.add_argument("--redact", action="store_true", help="episode: drop the words, keep what was decided")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    if chosen.what == "retention":
        return _retention(chosen.which)
    if not chosen.what or not chosen.which:
        raise UsageError(f"Say what to forget: ./lab forget {'|'.join(WHAT)} WHICH. Nothing was changed.")
    meant, way = _way(chosen.what, chosen.which, redact=chosen.redact)
    agree(
        f"Forgetting {meant} cannot be undone.", "Forget it for good?",
        sure=chosen.yes, otherwise="There is nobody to ask: if that is what you want, add --yes.",
    )  # fmt: skip
    print("\n".join(way().lines()))
    return 0


def _way(what: str, which: str, *, redact: bool) -> tuple[str, Callable[[], forgetting.Forgotten]]:
    """What would be forgotten, said exactly, and how; words that mean nothing are told before anything is asked."""
    match what:
        case "episode":
            id_ = _whole(which)
            meant = f"the words of episode {id_}" if redact else f"episode {id_}"
            return meant, lambda: forgetting.forget_episode(id_, redact=redact)
        case "session":
            return f"session «{printable(which)}»", lambda: forgetting.forget_session(which)
        case "name":
            return f"the name «{printable(which)}»", lambda: forgetting.forget_name(which)
        case "document":
            one = documents.find(which)
            return f"document {one.id}, «{printable(one.name)}»,", lambda: forgetting.forget_document(f"#{one.id}")
    days = _number(which)
    return f"what is older than {days:g} days", lambda: forgetting.forget_older_than(days)


def export(arguments: list[str]) -> int:
    """Write everything you made into one ZIP of readable lines: runs, feedback, rules, sessions, documents."""
    parser = options.parser_of("export", export.__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="where to (default: export/ in the data folder)")
    parser.add_argument("--all", action="store_true", help="also the databases of loops B, C and D")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    taken = takeout.export(chosen.file, everything=chosen.all)
    print(taken.path)
    told = ", ".join(f"{count} {name.partition('/')[2]}" for name, count in taken.rows.items() if count)
    print(f"{told or 'nothing yet'}; {taken.bytes / 1e6:.1f} MB.", file=sys.stderr)
    return 0


def archive(arguments: list[str]) -> int:
    """Move old episodes out of the database into a file, or put such a file back."""
    parser = options.parser_of("archive", archive.__doc__)
    parser.add_argument("--older-than", metavar="DAYS", help="put away what is older than so many days")
    parser.add_argument("--put-back", type=Path, metavar="FILE", help="take the episodes of such a file in again")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    if chosen.put_back:
        print(f"{takeout.put_back(chosen.put_back)} episodes are back. The file was left where it is.")
        return 0
    if chosen.older_than is None:
        raise UsageError("Say which: --older-than DAYS, or --put-back FILE. Nothing was changed.")
    taken = takeout.archive(_number(chosen.older_than))
    if taken is None:
        print("No episode is that old; nothing was changed.")
        return 0
    print(taken.path)
    print(f"{taken.rows['episodes']} episodes moved; {taken.bytes / 1e6:.1f} MB.", file=sys.stderr)
    return 0


def _retention(which: str | None) -> int:
    due = 0
    if which is not None:
        due = forgetting.set_retention(None if which == "off" else _whole(which))
    with closing(open_rw("memory")) as connection:
        days = forgetting.retention(connection)
    print(f"Runs are kept for {days} days." if days else "Runs are kept until you forget them.")
    if due:
        print(f"{due} are older than that. Your next runs remove them, unless you say: ./lab forget retention off")
    return 0


def _number(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise UsageError(f"«{given}» is no number. Nothing was changed.") from None


def _whole(given: str) -> int:
    """Digits alone: half an episode would be the one before it."""
    digits = given.removeprefix("#")
    if not digits.isdecimal() or len(digits) > 18:
        raise UsageError(f"«{given}» is no whole number that can be meant here. Nothing was changed.")
    return int(digits)
