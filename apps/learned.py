"""What was learned, as a person reads it: values from the store in, HTML out. No handlers here."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from apps import glyphs, pieces
from apps.html import Html, el
from apps.remembered import card, day, when, words_of
from nma13 import learning
from nma13.learning import Learned, Rule
from nma13.memory import Remembered, episodes_by_id
from nma13.store import open_ro
from nma13.store.errors import MissingDatabaseError

NAMED = 4  # episodes of a rule that are shown with their words


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
        card("Rules", len(found), "learned from your episodes"),
        card("Ask for more caution", asking, "they move PROCEED to HEDGE, nothing else"),
        card("Switched off", sum(not rule.enabled for rule in found), "until you switch them on"),
        card("Last looked", day(last.at_ms) if last else "never", _looked(last)),
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
            ("Seen", f"{len(rule.episodes)} of {rule.n} episodes, last {when(rule.last_ms)}"),
            ("Confidence", f"{rule.confidence:.2f}; Wilson bound {rule.wilson:.2f}"),
            ("Episodes", ", ".join(f"#{id_}" for id_ in rule.episodes) or "none in the last 100"),
        ],
        f"Rule {rule.id}",
    )
    shown = [named[id_] for id_ in rule.episodes[-NAMED:] if id_ in named]
    quoted = [el("li", el("b", f"#{one.id} "), words_of(one.text)) for one in shown]
    return pieces.panel(f"Rule {rule.id}: {rule.text}", facts, el("ul", quoted) if quoted else None)


def _looked(last: Learned | None) -> str:
    return f"{when(last.at_ms)[-5:]}, {last.observed} episodes" if last else f"after every {learning.EVERY} runs"
