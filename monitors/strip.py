"""The line under the title: how the loop stands, when it last wrote, what needs attention; and what to do."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.html import Html, el
from loops.progress import OUTPUTS
from monitors.kit import Glance, Room
from monitors.read.place import Trouble
from monitors.read.pulse import Alert, Pulse

STANDS = {"missing": ("nothing yet", "plain"), "empty": ("nothing yet", "plain"), "busy": ("cannot look", "alarm")}
TITLES = {
    "missing": "This loop has not written anything yet",
    "empty": "This loop has not written anything yet",
    "older": "This database is older than the lab",
    "newer": "This database is newer than the lab",
    "broken": "This database cannot be read",
}


def waiting() -> Html:
    """Before anybody was asked; the line keeps its height."""
    return el("div", el("span", "looking …", class_="strip-state"), class_="strip")


def show(room: Room, got: Glance) -> tuple[Html, Html, str]:
    """The line, what stands in place of the tabs if there is nothing to show, and what both say (for comparing)."""
    now_ms = int(room.clock() * 1000)
    if got.trouble is not None:
        line = _line(now_ms, [_state(*STANDS.get(got.trouble.kind, (got.trouble.kind, "alarm")))], got)
        hint = el("span") if got.trouble.kind == "busy" else _hint(room, got.trouble)
        return line, hint, f"{got.trouble}"
    pulse = got.pulse
    assert pulse is not None
    hint = _hint(room, Trouble("empty", "")) if pulse.empty else el("span")
    heart = pulse.heart
    said = (pulse.newest_output, pulse.newest_cycle, pulse.finished, heart and (heart.pid, heart.state), got.alerts)
    return _line(now_ms, _words(pulse, got.alerts), got), hint, repr(said)


def _words(pulse: Pulse, alerts: tuple[Alert, ...]) -> list[Html]:
    stalled = next((alert for alert in alerts if alert.kind == "stalled"), None)
    state = pulse.heart.state if pulse.heart else "not running"
    tone = "alarm" if stalled else {"running": "calm", "starting": "calm", "waiting": "warm"}.get(state, "plain")
    words = [_state(stalled.title.lower() if stalled else state, tone)]
    if pulse.newest_cycle is not None:
        part = f" · output {pulse.said} of {OUTPUTS}" if pulse.said < OUTPUTS else ""
        words.append(el("span", "cycle ", el("b", f"{pulse.newest_cycle:,}"), part))
        words.append(el("span", el("b", f"{pulse.finished:,}"), " finished"))
    if pulse.written_ms is not None:
        words.append(el("span", "last write ", el("time", "…", data_at=pulse.written_ms)))
    if alerts:
        several = f"{len(alerts)} alerts" if len(alerts) > 1 else "1 alert"
        words.append(pieces.chip(several, "alarm"))
    return words


def _line(now_ms: int, words: list[Html], got: Glance) -> Html:
    banners = [
        el("p", pieces.chip(one.title, "warm" if one.kind == "waiting" else "alarm"), " ", one.words, class_="alert")
        for one in got.alerts
    ]
    if got.trouble is not None and got.trouble.kind == "busy":
        banners.append(el("p", pieces.chip("Busy", "warm"), " ", got.trouble.words, class_="alert"))
    return el("div", el("div", words, class_="strip", data_now=now_ms), banners, role="status")


def _state(words: str, tone: str) -> Html:
    return el("span", el("i", aria_hidden="true"), words, class_=f"strip-state strip-{tone}")


def _hint(room: Room, trouble: Trouble) -> Html:
    """Instead of empty tabs: what this page will show, and the one command that begins it."""
    monitor, nothing = room.monitor, trouble.kind in ("missing", "empty")
    lies = ["It is read from ", pieces.code(str(room.place.path)), ", and this page only ever reads."]
    again = "The page looks again every second; there is nothing to reload."
    only_look = ["Only to look: ", pieces.code("./lab demo"), " opens the lab on a record made earlier."]
    needs = [lies, again, only_look] if nothing else [trouble.words, lies]
    return pieces.empty_state(
        glyphs.pulse(),
        TITLES[trouble.kind],
        f"Loop {monitor.letter} takes one written scenario after another and asks the seven stations: {monitor.asks} "
        "Here you will read each output as it is written, and what all of them add up to.",
        needs,  # type: ignore[arg-type]
        f"./lab loop {monitor.letter.lower()}" if nothing else None,
    )
