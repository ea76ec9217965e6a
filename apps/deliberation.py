"""One Inner House session as a person reads it: its standing, the board of rounds, the resolution. Pure values."""

from __future__ import annotations

import time
from collections.abc import Iterable

from apps import pieces
from apps.answer import STATION_NAMES
from apps.html import Html, el
from apps.pieces import Tone
from nma13.inner_house import Session, Words
from nma13.inner_house.sessions import without_its_words

ROUNDS = {
    "R1": ("Round 1, alone", "Premises first; then what each station knows and cannot know."),
    "R2": ("Round 2, challenge", "Each challenges another and says what its own place hides from it."),
    "R3": ("Round 3, update", "What has moved since round 1, and what stays uncertain."),
}
TONES: dict[str, Tone] = {
    "starting": "warm", "running": "calm", "done": "calm", "cancelled": "plain", "timeout": "alarm", "failed": "alarm",
}  # fmt: skip
FRICTIONS: dict[str, Tone] = {"TRAGIC FORK": "alarm", "IRREDUCIBLE": "warm", "UNPRODUCTIVE": "warm"}
STARTING = "The process of the seven stations is starting and loads its model; that may take a while."
ENDINGS = {"cancelled": "Cancelled", "timeout": "The time was over", "failed": "The deliberation broke off"}
SOURCES = {
    "model": "Written by the model inside the classified friction, and audited.",
    "repaired": "Written by the model and mended by the audit.",
    "structural": "Composed by the engine itself: what the model wrote did not pass the audit.",
    "fixed": "A fixed text; no model writes this one.",
}


def screen(session: Session) -> Html:
    """The whole session, from the top: how it stands, how it ended, what was said."""
    parts: list[Html | None] = [
        _standing(session), _ending(session), _resolution(session), _asked(session),
        *(_round(session, name) for name in ROUNDS), _terrain(session),
    ]  # fmt: skip
    return el("div", parts, class_="cycles house", aria_label=f"Inner House session {session.id}", role="region")


def stamp(session: Session) -> str:
    """Changes whenever the screen would."""
    said = [(len(one.text), one.done, one.audit) for one in session.words]
    return repr((session.id, session.status, session.round, session.error, session.finished_ms, said))


def label(session: Session) -> str:
    """A session in the list of sessions."""
    at = time.strftime("%d %b %H:%M", time.localtime(session.created_ms / 1000))
    words = " ".join((session.problem or "its words were forgotten").split())
    ended = session.friction_type.lower() if session.friction_type else session.status
    return f"{at} · {ended} · {words[:60]}{'…' if len(words) > 60 else ''}"


def _standing(session: Session) -> Html:
    finished = sum(one.done for one in session.words)
    chips = [pieces.chip(session.status, TONES[session.status], "how this session stands")]
    if session.under_way:
        chips.append(pieces.chip(f"{finished} of 21 outputs", "plain"))
    if session.round and session.under_way:
        chips.append(pieces.chip("arbitration" if session.round == "BOF" else ROUNDS[session.round][0], "calm"))
    if session.scenario_type:
        why = str(session.notes.get("scenario_why", ""))
        chips.append(pieces.chip(session.scenario_type, "plain", why or "the kind of problem"))
    given = sum(ground.included for ground in session.terrain)
    chips.append(pieces.chip(f"terrain: {given} outputs" if given else "cold start", "plain", "what the loops gave"))
    if session.notes.get("precommitted"):
        chips.append(pieces.chip("asks to be confirmed", "warm", "recognised, and not validated"))
    told = el("p", STARTING, class_="source") if session.status == "starting" else None
    return el("div", el("div", chips, class_="chips", role="list", aria_label="How it stands"), told)


def _ending(session: Session) -> Html | None:
    if session.status not in ENDINGS:
        return None
    return pieces.panel(ENDINGS[session.status], el("p", session.error or "What the stations had finished is kept."))


def _resolution(session: Session) -> Html | None:
    if not session.resolution:
        return None
    lead = STATION_NAMES.get(session.lead_station or "")
    friction = session.friction_type or "not classified"
    chips = [pieces.chip(f"friction {friction.lower()}", FRICTIONS.get(friction, "plain"), session.friction_source)]
    if lead:
        chips.append(pieces.chip(f"{lead} leads", "plain", f"lead station {session.lead_station}"))
    made = session.notes.get("resolution") or {}
    repairs = [el("li", without_its_words(repair)) for repair in made.get("repairs", ())]
    return el(
        "article", el("h2", "Resolution"), el("div", chips, class_="chips"),
        [el("p", part) for part in session.resolution.split("\n") if part.strip()],
        el("p", SOURCES.get(str(made.get("source")), ""), class_="source"),
        el("p", _sentence(session.notes["friction_floor"]), class_="source")
        if session.notes.get("friction_floor") else None,
        el("details", el("summary", f"What the audit changed ({len(repairs)})"), el("ul", repairs),
           data_keep=f"{session.id}-repairs") if repairs else None,
        class_="answer", aria_live="polite", aria_label="Resolution",
    )  # fmt: skip


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _asked(session: Session) -> Html:
    words = session.problem or "The words of this session were forgotten."
    confirmed = session.notes.get("precommitted") or ()
    told = "The words {} ask to be confirmed. The stations neither validate nor condemn what is decided."
    asked = el("p", told.format(", ".join(f"«{one}»" for one in confirmed)), class_="source") if confirmed else None
    about = f"Model {session.model.rsplit('/', 1)[-1]} · seed {session.seed} · session {session.id}"
    return pieces.panel("The problem", el("p", words, class_="passage"), asked, el("p", about, class_="source"))


def _round(session: Session, name: str) -> Html:
    title, asks = ROUNDS[name]
    said = {one.station: one for one in session.words if one.round == name}
    cards = [_card(session, station, said.get(station)) for station in STATION_NAMES]
    return el(
        "section", el("h2", title), el("p", asks, class_="source"), el("div", cards, class_="voices", role="list"),
        class_="panel", aria_label=title,
    )  # fmt: skip


def _card(session: Session, station: str, words: Words | None) -> Html:
    head = el("h3", STATION_NAMES[station], " ", el("small", station))
    if words is None:
        waits = "waiting" if session.under_way else "was not reached"
        return el("div", head, el("p", waits, class_="source"), class_="voice", role="listitem")
    body: Html | None = el("p", words.text, " …" if not words.done else "", class_="said")
    if not words.text:
        hidden = "Nothing of what it said passed the audit." if words.done else "…"
        body = el("p", hidden, class_="source")
    shown = "voice lead" if words.station == session.lead_station and words.round == "R3" else "voice"
    busy = "true" if not words.done else None
    return el("div", head, body, _flags(session, words), class_=shown, role="listitem", aria_busy=busy)


def _flags(session: Session, words: Words) -> Html | None:
    """What the audit kept back or flagged: the reasons, and only the words that are shown anyway."""
    if not words.findings:
        return None
    reasons = [
        el("li", pieces.chip(str(one["flag"]).lower(), "warm") if one.get("flag") else "withheld", ": ", one["reason"])
        for one in words.findings
    ]
    return el("details", el("summary", f"Audit ({len(reasons)})"), el("ul", reasons),
              data_keep=f"{session.id}-{words.round}-{words.station}")  # fmt: skip


def _terrain(session: Session) -> Html:
    told = el("p", str(session.notes.get("terrain", "")))
    given = [one for one in session.terrain if one.included]
    kept_out = [one for one in session.terrain if not one.included]
    parts: list[Html] = [told]
    parts += [
        el("p", el("b", _origin(one.source, one.cycle, one.station)), " ", one.text, class_="said") for one in given
    ]
    if kept_out:
        rows = [el("li", _origin(one.source, one.cycle, one.station), ": ", one.reason) for one in kept_out]
        parts.append(el("details", el("summary", f"Looked at and kept out ({len(rows)})"), el("ul", rows),
                        data_keep=f"{session.id}-kept-out"))  # fmt: skip
    if session.loop_context:
        lines = [el("li", line) for line in session.loop_context.splitlines()]
        parts += [el("h3", f"What the loops have been surfacing on {session.scenario_type}"), el("ul", lines)]
    elif session.status == "done":
        parts.append(el("p", "The loops have nothing to tell on this kind of problem yet.", class_="source"))
    return pieces.panel("Terrain", parts)


def _origin(source: str, cycle: int, station: str) -> str:
    return f"{source.replace('loop_', 'Loop ').title()}, cycle {cycle}, {STATION_NAMES[station]}"


def choices(sessions: Iterable[Session]) -> list[tuple[str, str]]:
    """For a list to choose from."""
    return [(label(one), one.id) for one in sessions]
