"""What is remembered and learned, as a person reads it: values from the store in, HTML out. No handlers here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from apps import answer, glyphs, pieces
from apps.html import Html, el
from loops.heart import STALL_AFTER_S
from loops.progress import duration
from loops.registry import PROGRAMMES
from loops.status import TROUBLED, LoopStatus, read_status
from nma13 import clock
from nma13.forgetting import NOTHING, Forgotten, retention
from nma13.memory import Hit, Remembered, episode, episodes_by_id, recall, recent, state_of, statistics
from nma13.store import DATABASES, database_path, open_ro
from nma13.store.doctor import Report
from nma13.store.errors import MissingDatabaseError

SHOWN = 240  # characters of an episode in a list
LISTED = 12


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
    loops = _loops(folder)
    if not told.episodes and not loops:
        return nothing_remembered(folder)
    leading = next(iter(told.classes.items()), ("nothing yet", 0))
    top = pieces.cards(
        card(
            "Episodes", f"{told.episodes:,}", "in 1 session" if told.sessions == 1 else f"in {told.sessions:,} sessions"
        ),
        card("Since", day(told.first_ms), f"newest {when(told.last_ms)}"),
        card("Most often", leading[0], f"{leading[1]:,} of {told.episodes:,}"),
        card("Rules learned", told.rules, f"{told.feedback} words of feedback"),
        card(
            "Kept",
            f"{kept_days} days" if kept_days else "until forgotten",
            "change it under «Keep and take along» below",
        ),
        label="Memory in short",
    )
    no_loops = el("p", "No loop has run here. To begin one, type ", pieces.code("./lab loop a"), " in a terminal.")
    panels = [pieces.panel("Loops", _loop_table(loops) if loops else no_loops)]
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
    rows = [_hit(hit, told[hit.id]) for hit in hits if hit.id in told]
    if not rows:
        return pieces.panel("Episodes like this", el("p", "No earlier episode resembles this."))
    return _why(pieces.panel("Episodes like this", el("ul", rows, class_="entries")))


def episode_whole(folder: Path, id_: int) -> Html:
    """One episode with every word that was kept of it, and the trace of its decision."""
    try:
        with closing(open_ro("memory", folder)) as connection:
            one, state = episode(connection, id_), state_of(connection, id_)
            said = connection.execute("SELECT verdict, reason FROM feedback WHERE episode = ?", (id_,)).fetchone()
    except MissingDatabaseError:
        return nothing_remembered(folder)
    facts = [
        ("When", f"{when(one.created_ms)}, session {one.session}"),
        ("Decided", f"{one.output_class}; trust {one.trust}, routing {one.routing}, friction {one.friction.lower()}"),
        ("Without what was learned", one.unlearned_class if one.prior_applied else "the same"),
        ("Read as", one.icxatrs),
        ("You said", f"{said['verdict']}{': ' if said['reason'] else ''}{said['reason']}" if said else "nothing yet"),
    ]
    head = pieces.panel(
        f"Episode {id_}",
        el("blockquote", one.text if one.text is not None else "Its words are forgotten.", class_="own-words"),
        pieces.facts(facts, f"Episode {id_} in short"),
        [el("p", part) for part in (one.prose or "").split("\n") if part.strip()],
    )
    return Html(head + (answer.why(state, ()) if state else ""))


def disk(report: Report) -> Html:
    """How much room memory takes, and until when it lasts."""
    grows = "not known before a day has passed"
    if report.bytes_per_day is not None:
        grows = f"{report.bytes_per_day / 1e6:,.1f} MB a day"
    lasts = "as far as can be seen now"
    if report.days_until_full is not None:
        lasts = f"about {report.days_until_full:,} days at this rate"
    rows = [(one.name, f"{one.bytes / 1e6:,.1f} MB") for one in report.databases if one.present]
    free = f"{report.disk_free_bytes / 1e9:,.1f} GB free"
    return pieces.panel("Disk", pieces.facts([*rows, ("Disk", free), ("Growth", grows), ("It lasts", lasts)], "Disk"))


def forgotten(done: Forgotten) -> Html:
    """The report of what was removed, and where something may still lie."""
    lines = [el("li", f"removed: {count} {name}") for name, count in done.removed.items() if count]
    lines += [el("li", f"redacted: {count} in {name}") for name, count in done.redacted.items() if count]
    still = [el("p", f"Still held by {line}.", class_="source") for line in done.still]
    lines = lines or [el("li", NOTHING)]
    title = f"{done.what} is forgotten" if done.found else f"{done.what}: nothing found"
    return pieces.panel(title, el("ul", lines), still)


def _loops(folder: Path) -> list[LoopStatus]:
    """Each loop that ever ran here, as `./lab loop status` tells it."""
    found = [read_status(loop, folder, STALL_AFTER_S) for loop in PROGRAMMES.values()]
    return [status for status in found if status.state != "never ran"]


def _loop_table(loops: Iterable[LoopStatus]) -> Html:
    rows = []
    for one in loops:
        tone: pieces.Tone = "alarm" if one.state in TROUBLED else "calm" if one.state == "running" else "plain"
        cycle = "–" if one.cycle is None else one.cycle
        quiet = "–" if one.seconds_since_output is None else f"{duration(one.seconds_since_output)} ago"
        name = f"Loop {one.source[-1].upper()}"
        rows.append((name, pieces.chip(one.state, tone), one.detail or "–", cycle, one.cycles_finished, quiet))
    head = ("Loop", "State", "Because", "Cycle", "Finished", "Last output")
    return pieces.table(head, rows, "How the loops are")


def _episodes(newest: Sequence[Remembered]) -> Html:
    if not newest:
        return el("p", "No run of yours was kept.")
    rows = [
        _entry(one, one.output_class, when(one.created_ms), f"you said: {one.verdicts}" if one.verdicts else "")
        for one in newest
    ]
    return el("ul", rows, class_="entries")


def _hit(hit: Hit, one: Remembered) -> Html:
    alike = f"alike {hit.score:.2f}: words {hit.lexical:.2f}"
    if hit.meaning is not None:
        alike += f", meaning {hit.meaning:.2f}"
    return _entry(one, one.output_class, day(one.created_ms), alike)


def _entry(one: Remembered, *facts: str) -> Html:
    """An episode in a list: its number, some facts, its words."""
    return el("li", el("b", f"#{one.id}"), el("small", " · ".join(filter(None, facts))), el("p", words_of(one.text)))


def card(label: str, value: str | int, note: str) -> Html:
    return pieces.card(label, value, below=el("p", note, class_="card-note"))


def _why(*parts: Html) -> Html:
    return el("div", parts, class_="why")


def words_of(text: str | None) -> str:
    if text is None:
        return "(its words are forgotten)"
    short = " ".join(text.split())
    return short if len(short) <= SHOWN else short[:SHOWN].rsplit(" ", 1)[0] + " …"


def day(at_ms: int | None) -> str:
    return clock.day(at_ms) if at_ms else "never"


def when(at_ms: int | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000)) if at_ms else "never"
