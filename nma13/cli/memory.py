"""`recall`, `patterns`, `feedback`: what is remembered, what was learned from it, and what you think of it."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict

from nma13 import learning
from nma13.cli import options
from nma13.cli.render import shortened
from nma13.clock import day, now_ms
from nma13.errors import LabError
from nma13.memory import VERDICTS, episodes_by_id, give_feedback, recent, statistics
from nma13.memory import recall as find
from nma13.store import open_rw

SHOWN = 100  # characters of an episode's text in a list


def recall(arguments: list[str]) -> int:
    """The earlier episodes most like a text; without one, the newest."""
    parser = options.parser_of("recall", recall.__doc__)
    parser.add_argument("text", nargs="?", default="", help="what to look for; without it, the newest")
    parser.add_argument("--limit", type=options.limit, default=10, help="how many at most (default %(default)s)")
    parser.add_argument("--lexical", action="store_true", help="by words only, without the sentence encoder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    with closing(open_rw("memory")) as connection:
        if chosen.json:
            print(json.dumps({"query": chosen.text, "episodes": _plain(connection, chosen)}, ensure_ascii=True))
        else:
            print("\n".join(recalled(connection, chosen.text, chosen.limit, lexical=chosen.lexical)))
    return 0


def patterns(arguments: list[str]) -> int:
    """What was learned, from which episodes; a rule can be switched off and on."""
    parser = options.parser_of("patterns", patterns.__doc__)
    parser.add_argument("--off", type=int, metavar="RULE", help="switch a rule off")
    parser.add_argument("--on", type=int, metavar="RULE", help="switch a rule on again")
    parser.add_argument("--learn", action="store_true", help="look at the last episodes now")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    with closing(open_rw("memory")) as connection:
        for rule, enabled in ((chosen.off, False), (chosen.on, True)):
            if rule is not None and not learning.set_enabled(connection, rule, enabled):
                raise LabError(f"There is no rule {rule}. ./lab patterns lists them.")
        failed = ""
        if chosen.learn:
            failed = learning.learn(connection).notice
        if chosen.json:
            told = [asdict(rule) | {"active": rule.active, "text": rule.text} for rule in learning.rules(connection)]
            print(json.dumps({"rules": told}, ensure_ascii=True))
        else:
            print("\n".join(learned(connection)))
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed else 0


def feedback(arguments: list[str]) -> int:
    """What you think of a decision. It changes nothing that was decided; it is kept beside it and exported."""
    parser = options.parser_of("feedback", feedback.__doc__)
    parser.add_argument("episode", type=int, help="its number; ./lab recall lists the newest")
    parser.add_argument("verdict", choices=VERDICTS)
    parser.add_argument("reason", nargs="?", default="", help="in your own words, if you like")
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)
    with closing(open_rw("memory")) as connection:
        give_feedback(connection, chosen.episode, chosen.verdict, chosen.reason, now_ms())
    print(f"Kept with episode {chosen.episode}: {chosen.verdict}.")
    return 0


def summary(connection: sqlite3.Connection) -> list[str]:
    """How much memory holds."""
    told = statistics(connection)
    if told.first_ms is None:
        return ["Nothing is remembered yet."]
    classes = ", ".join(f"{count} {name}" for name, count in told.classes.items())
    return [
        f"{told.episodes} episodes in {told.sessions} sessions since {day(told.first_ms)}",
        f"decided: {classes}",
        f"{told.vectors} vectors, {told.rules} learned rules, {told.feedback} words of feedback",
    ]


def recalled(connection: sqlite3.Connection, text: str, limit: int = 10, *, lexical: bool = False) -> list[str]:
    """Episodes in lines: like a text, or the newest."""
    if not text.strip():
        newest = recent(connection, limit)
        return [_line(one.id, one.created_ms, one.output_class, one.text) for one in newest] or ["No episode yet."]
    hits = find(connection, text, limit, means="lexical" if lexical else None)
    told = episodes_by_id(connection, [hit.id for hit in hits])
    lines = [
        f"{hit.score:.2f}  {_line(hit.id, told[hit.id].created_ms, told[hit.id].output_class, hit.text)}"
        for hit in hits
        if hit.id in told
    ]
    return lines or ["No earlier episode resembles this."]


def learned(connection: sqlite3.Connection) -> list[str]:
    """Rules in lines, each with its figures and episodes."""
    lines = []
    last = learning.last_learned(connection)
    if last is not None and last.notice:
        lines.append(last.notice)
    for rule in learning.rules(connection):
        standing = "asks for more caution" if rule.active else "off" if not rule.enabled else "noted"
        named = ", ".join(f"#{id_}" for id_ in rule.episodes) or "none left"
        lines.append(
            f"rule {rule.id} ({standing}): {rule.text}; confidence {rule.confidence:.2f}, "
            f"Wilson bound {rule.wilson:.2f}, n {rule.n}; episodes {named}"
        )
    waits = f"It takes {learning.AT_LEAST} episodes; the lab looks every {learning.EVERY} runs."
    return lines or [f"Nothing was learned yet. {waits}"]


def _plain(connection: sqlite3.Connection, chosen: argparse.Namespace) -> list[dict[str, object]]:
    if not chosen.text.strip():
        return [asdict(one) for one in recent(connection, chosen.limit)]
    hits = find(connection, chosen.text, chosen.limit, means="lexical" if chosen.lexical else None)
    told = episodes_by_id(connection, [hit.id for hit in hits])
    return [asdict(told[hit.id]) | asdict(hit) for hit in hits if hit.id in told]


def _line(id_: int, created_ms: int, output_class: str, text: str | None) -> str:
    return f"#{id_}  {day(created_ms)}  {output_class:<16}  {shortened(text or '[redacted]', SHOWN)}"
