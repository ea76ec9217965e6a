"""A deliberation as a person reads it: a session in, HTML out. No handlers here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby

from apps import glyphs, pieces
from apps.html import Html, el
from nma13 import texts
from nma13.inner_house import Session, Words
from nma13.terms import Station

ROUNDS = (("R1", "Alone"), ("R2", "Challenge"), ("R3", "What moved"))
STATES: dict[str, tuple[str, pieces.Tone]] = {
    "starting": ("starting", "calm"),
    "running": ("under way", "calm"),
    "done": ("finished", "plain"),
    "cancelled": ("cancelled", "warm"),
    "timeout": ("out of time", "warm"),
    "failed": ("cut off", "alarm"),
}


def screen(session: Session) -> Html:
    """The whole session: how it stands, the board, the resolution, and what it rests on."""
    parts = (_top(session), _problem(session), board(session.words), _resolution(session), _after(session))
    return el("article", parts, class_="deliberation", aria_label="Deliberation")


def board(words: Iterable[Words]) -> Html:
    """Seven stations by three rounds. Every cell is there from the start, so nothing jumps while it fills."""
    said = {(one.round, one.station): one for one in words}
    head = el("div", [el("div", name, " ", el("small", what)) for name, what in ROUNDS], class_="board-head")
    rows = [_row(station.value, said) for station in Station]
    return el("div", head, rows, class_="board", role="group", aria_label="Seven stations in three rounds")


def waiting() -> Html:
    """The room before anybody has asked."""
    return pieces.empty_state(
        glyphs.house(),
        "Seven stations, three rounds, one resolution",
        "For a problem that does not fit a short answer. The stations speak alone, challenge each other, and say what "
        "moved; you read along. It takes minutes.",
        [
            "Your problem, in your own words.",
            "A language model; which one runs is shown at the top.",
            "You may close this page: the deliberation goes on, and is here when you come back.",
        ],
    )


def declined(words: str) -> Html:
    """What stands in place of a deliberation."""
    note = el("p", "No deliberation was started, and nothing was stored.", class_="source")
    return el("article", [el("p", part) for part in words.split("\n") if part], note, class_="answer urgent")


def label(session: Session) -> str:
    """One line of the session list."""
    when = datetime.fromtimestamp(session.created_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    words = " ".join((session.problem or "forgotten").split())
    return f"{when} · {STATES[session.status][0]} · {words[:48]}{'…' if len(words) > 48 else ''}"


def _top(session: Session) -> Html:
    words, tone = STATES[session.status]
    now = f"{words}: round {session.round}" if session.under_way and session.round else words
    chips = [
        pieces.chip(now, tone),
        pieces.chip(session.scenario_type or "", meaning=session.notes.get("scenario_why")),
    ]
    if session.friction_type:
        grave = session.friction_type in ("IRREDUCIBLE", "TRAGIC FORK")
        chips.append(pieces.chip(session.friction_type, "warm" if grave else "calm", "friction"))
    if session.lead_station:
        chips.append(pieces.chip(f"lead {_name(session.lead_station)}"))
    chips.append(el("a", "link to this session", class_="chip", href=f"?tab=inner-house&session={session.id}"))
    error = el("p", session.error, class_="cut-off", role="status") if session.error else None
    return el("div", el("div", chips, class_="chips"), error, aria_live="polite")


def _problem(session: Session) -> Html:
    told = [session.notes.get("terrain", "")]
    if asked := session.notes.get("precommitted"):
        quoted = ", ".join(f"«{words}»" for words in asked)
        told.append(f"It asks to be confirmed ({quoted}). The house neither confirms nor condemns.")
    notes = el("ul", [el("li", one) for one in told if one], class_="notices")
    return el("div", el("blockquote", session.problem or "These words were forgotten.", class_="own-words"), notes)


def _row(station: str, said: dict[tuple[str, str], Words]) -> Html:
    head = el("h3", el("span", station, class_="station"), " ", texts.station(station, "name"))
    cells = [_cell(round_, said.get((round_, station))) for round_, _ in ROUNDS]
    return el("section", head, el("div", cells, class_="board-cells"), aria_label=_name(station))


def _cell(round_: str, one: Words | None) -> Html:
    shown: list[Html] = [el("span", round_, class_="round")]
    kind = "cell"
    if one is None:
        shown.append(el("p", "…", class_="not-yet", aria_label="not yet"))
    else:
        kind += "" if one.done else " writing"
        shown.append(el("p", one.text or "Nothing of this may be shown."))
        shown += [_findings(one)] if one.findings else []
    return el("div", shown, class_=kind)


def _findings(one: Words) -> Html:
    reasons = [str(found["reason"]) for found in one.findings]
    counted = [f"{why} (×{n})" if (n := len(list(same))) > 1 else why for why, same in groupby(sorted(reasons))]
    withheld = sum("flag" not in found for found in one.findings)
    title = f"{withheld} sentence(s) withheld" if withheld else f"{len(reasons)} remark(s) of the audit"
    return el("details", el("summary", title), el("ul", [el("li", why) for why in counted]))


def _resolution(session: Session) -> Html | None:
    if not session.resolution:
        return None
    source = session.notes.get("resolution", {}).get("source", "")
    who = {
        "model": f"written by {session.model.rsplit('/', 1)[-1]} inside the decided limits, audited",
        "repaired": f"written by {session.model.rsplit('/', 1)[-1]}, mended by the audit",
        "structural": "composed by the engine itself; what the model wrote did not pass the audit",
        "fixed": "a fixed text; no model writes this kind of resolution",
    }.get(source, "")
    body = [el("p", part) for part in session.resolution.split("\n") if part.strip()]
    floor = session.notes.get("friction_floor")
    floored = el("p", f"Friction: {floor}.", class_="source") if floor else None
    return el("section", el("h2", "Resolution"), body, el("p", f"{who}.", class_="source"), floored, class_="answer")


def _after(session: Session) -> Html:
    parts = []
    if session.terrain:
        rows = [
            (g.source.replace("_", " "), g.cycle, g.station, g.text, "given" if g.included else f"kept out: {g.reason}")
            for g in session.terrain
        ]
        table = pieces.table(("Loop", "Cycle", "Station", "Words", "Use"), rows, "Terrain that was looked at")
        parts.append(pieces.panel("Terrain: what the loops had found before", table))
    if session.loop_context:
        lines = [el("li", line) for line in session.loop_context.split("\n")]
        parts.append(pieces.panel(f"What the loops have been surfacing on {session.scenario_type}", el("ul", lines)))
    return el("div", parts, class_="why")


def _name(station: str) -> str:
    return f"{station} {texts.station(station, 'name')}"
