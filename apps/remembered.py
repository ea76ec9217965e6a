"""What is remembered and learned, as a person reads it: values from the store in, HTML out. No handlers here."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from apps import glyphs, pieces
from apps.html import Html, el
from nma13 import learning
from nma13.forgetting import Forgotten, retention
from nma13.learning import Rule
from nma13.memory import Hit, Remembered, episodes_by_id, recall, recent, statistics
from nma13.store import DATABASES, database_path, open_ro
from nma13.store.errors import MissingDatabaseError

SHOWN = 240  # characters of an episode in a list
LISTED = 12
NAMED = 4  # episodes of a rule that are shown with their words
LATE_MS = 120_000  # a heartbeat older than this is a loop that is gone or stuck


def version(folder: Path) -> str:
    """Changes whenever anybody writes the store; asked before anything is read."""
    parts = []
    for name in DATABASES:
        path = database_path(name, folder)
        for file in (path, path.with_name(path.name + "-wal")):
            found = file.stat() if file.is_file() else None
            parts.append(f"{found.st_mtime_ns}:{found.st_size}" if found else "-")
    return " ".join(parts)


def memory_screen(folder: Path) -> Html:
    """The whole Memory room as one value."""
    try:
        with closing(open_ro("memory", folder)) as connection:
            told = statistics(connection)
            newest = recent(connection, LISTED)
            kept_days = retention(connection)
    except MissingDatabaseError:
        return nothing_remembered(folder)
    loops = list(_loops(folder))
    if not told.episodes and not loops:
        return nothing_remembered(folder)
    leading = next(iter(told.classes.items()), ("nothing yet", 0))
    top = pieces.cards(
        pieces.card("Episodes", f"{told.episodes:,}", f"in {told.sessions:,} sessions"),
        pieces.card("Since", _day(told.first_ms), f"newest {_when(told.last_ms)}"),
        pieces.card("Most often", leading[0], f"{leading[1]:,} of {told.episodes:,}"),
        pieces.card("Rules learned", told.rules, f"{told.feedback} words of feedback"),
        pieces.card("Kept", f"{kept_days} days" if kept_days else "until forgotten"),
        label="Memory in short",
    )
    panels = [pieces.panel("Loops", _loop_table(loops))] if loops else []
    panels.append(pieces.panel("Newest episodes", _episodes(newest)))
    return Html(top + el("div", panels, class_="why"))


def nothing_remembered(folder: Path) -> Html:
    return pieces.empty_state(
        glyphs.layers(),
        "Nothing is remembered yet",
        "Here you see what has been kept: how much, since when, and the episodes most like a sentence of yours. "
        "You can read all of it, and have any of it forgotten.",
        [
            "A first question under Navigate; each one is kept unless you say «do not store this».",
            ["It stays on this machine, in ", pieces.code(str(folder)), "."],
        ],
    )


def search_result(folder: Path, query: str) -> Html:
    """Episodes like the query, with how like they are."""
    if not query.strip():
        return pieces.panel("Search", el("p", "Write what the episode was about."))
    try:
        with closing(open_ro("memory", folder)) as connection:
            hits = recall(connection, query, LISTED)
            told = episodes_by_id(connection, [hit.id for hit in hits])
    except MissingDatabaseError:
        return nothing_remembered(folder)
    rows = [_hit_row(hit, told[hit.id]) for hit in hits if hit.id in told]
    if not rows:
        return pieces.panel("Episodes like this", el("p", "No earlier episode resembles this."))
    table = pieces.table(("Episode", "Alike", "Decided", "Words"), rows, "Episodes like this")
    return pieces.panel("Episodes like this", table)


def forgotten(done: Forgotten) -> Html:
    """The report of what was removed, and where something may still lie."""
    lines = [el("li", f"removed: {count} {name}") for name, count in done.removed.items() if count]
    lines += [el("li", f"redacted: {count} in {name}") for name, count in done.redacted.items() if count]
    lines = lines or [el("li", "nothing of it was found")]
    still = [el("p", f"Still held by {line}.", class_="source") for line in done.still]
    return pieces.panel(f"{done.what} is forgotten", el("ul", lines), still)


def patterns_screen(folder: Path) -> Html:
    """The whole Patterns room as one value."""
    found = rules_of(folder)
    try:
        with closing(open_ro("memory", folder)) as connection:
            last = learning.last_learned(connection)
            named = episodes_by_id(connection, sorted({id_ for rule in found for id_ in rule.episodes[-NAMED:]}))
    except MissingDatabaseError:
        last, named = None, {}
    notice = pieces.panel("Learning failed", el("p", last.notice)) if last and last.notice else Html("")
    if not found:
        return Html(notice + _nothing_learned())
    asking = sum(rule.active for rule in found)
    top = pieces.cards(
        pieces.card("Rules", len(found)),
        pieces.card("Ask for more caution", asking, "they move PROCEED to HEDGE, nothing else"),
        pieces.card("Switched off", sum(not rule.enabled for rule in found)),
        pieces.card("Last looked", _when(last.at_ms) if last else "never", f"{last.observed if last else 0} episodes"),
        label="Patterns in short",
    )
    return Html(notice + top + el("div", [_rule(rule, named) for rule in found], class_="why"))


def rules_of(folder: Path) -> list[Rule]:
    """All rules; none where there is no store yet."""
    try:
        with closing(open_ro("memory", folder)) as connection:
            return learning.rules(connection)
    except MissingDatabaseError:
        return []


def standing(rule: Rule) -> str:
    """What a rule does now, in words."""
    if not rule.enabled:
        return "switched off"
    if rule.active:
        return "asks for more caution"
    if rule.suggests_caution:
        return f"would ask for more caution, but is not borne out (below {learning.THRESHOLD:g})"
    return "noted; it asks for nothing"


def _nothing_learned() -> Html:
    return pieces.empty_state(
        glyphs.weave(),
        "Nothing was learned yet",
        "When decisions repeat, a rule is learned from them. Here each rule stands beside the episodes it came "
        "from, and can be switched off. A rule can only ask for more caution.",
        [
            f"At least {learning.AT_LEAST} kept episodes; the lab looks after every {learning.EVERY} of them.",
            "Enough episodes of one kind: a rule from few cases would be a guess.",
        ],
    )


def _rule(rule: Rule, named: dict[int, Remembered]) -> Html:
    tone = "warm" if rule.active else "plain"
    facts = pieces.facts(
        [
            ("Now", pieces.chip(standing(rule), tone)),
            ("Seen", f"{len(rule.episodes)} of {rule.n} episodes, last {_when(rule.last_ms)}"),
            ("Confidence", f"{rule.confidence:.2f}; Wilson bound {rule.wilson:.2f}"),
            ("Episodes", ", ".join(f"#{id_}" for id_ in rule.episodes) or "none in the last 100"),
        ],
        f"Rule {rule.id}",
    )
    shown = [named[id_] for id_ in rule.episodes[-NAMED:] if id_ in named]
    quoted = [el("li", el("b", f"#{one.id} "), _words(one.text)) for one in shown]
    return pieces.panel(f"Rule {rule.id}: {rule.text}", facts, el("ul", quoted) if quoted else None)


def _loops(folder: Path) -> Iterator[tuple[str, sqlite3.Row]]:
    """Each loop's heartbeat from its own store."""
    for name in DATABASES:
        try:
            with closing(open_ro(name, folder)) as connection:
                for row in connection.execute("SELECT source, state, detail, cycle, at_ms FROM heartbeat"):
                    yield name, row
        except MissingDatabaseError:
            continue


def _loop_table(loops: Iterable[tuple[str, sqlite3.Row]]) -> Html:
    now = time.time_ns() // 1_000_000
    rows = []
    for name, row in loops:
        late = row["state"] != "stopped" and now - row["at_ms"] > LATE_MS
        state = pieces.chip("no sign of life", "alarm") if late else pieces.chip(row["state"], "calm")
        told = row["detail"] or "–"
        cycle = "–" if row["cycle"] is None else row["cycle"]
        rows.append((row["source"], state, cycle, _when(row["at_ms"]), told, pieces.code(f"{name}.db")))
    return pieces.table(("Loop", "State", "Cycle", "Last beat", "Because", "Store"), rows, "How the loops are")


def _episodes(newest: Sequence[Remembered]) -> Html:
    if not newest:
        return el("p", "No run of yours was kept.")
    rows = [(f"#{one.id}", _when(one.created_ms), one.output_class, _words(one.text), one.verdicts) for one in newest]
    return pieces.table(("Episode", "When", "Decided", "Words", "You said"), rows, "Newest episodes")


def _hit_row(hit: Hit, one: Remembered) -> tuple[Html | str, ...]:
    alike = f"{hit.score:.2f}: words {hit.lexical:.2f}"
    if hit.meaning is not None:
        alike += f", meaning {hit.meaning:.2f}"
    return f"#{hit.id}, {_day(one.created_ms)}", alike, one.output_class, _words(hit.text)


def _words(text: str | None) -> str:
    if text is None:
        return "(its words are forgotten)"
    short = " ".join(text.split())
    return short if len(short) <= SHOWN else short[:SHOWN].rsplit(" ", 1)[0] + " …"


def _day(at_ms: int | None) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at_ms / 1000)) if at_ms else "never"


def _when(at_ms: int | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000)) if at_ms else "never"
