"""Patterns: what was learned, from which episodes, and the switch to turn it off."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from apps import learned, remembered
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from apps.registry import QUIET
from nma13 import learning
from nma13.errors import UsageError
from nma13.store import open_rw

LOOK_EVERY_S = 3.0


def build(lab: Lab) -> None:
    """Three things that can be done with rules, above the rules themselves: there may be many."""
    seen = gr.State("")
    with gr.Row():
        which = gr.Dropdown(_choices(lab), label="Which rule?", scale=3)
        off = gr.Button("Switch off", scale=1)
        on = gr.Button("Switch on", scale=1)
        now = gr.Button("Look at the last episodes now", scale=2, min_width=300)
    said = gr.HTML()
    shown = gr.HTML(lambda: learned.patterns_screen(lab.data))
    gr.Timer(LOOK_EVERY_S).tick(lambda known: _look(lab, known), [seen], [shown, which, seen], **QUIET)
    off.click(lambda rule: _switch(lab, rule, enabled=False), [which], [said, shown], **QUIET)
    on.click(lambda rule: _switch(lab, rule, enabled=True), [which], [said, shown], **QUIET)
    now.click(lambda: _learn(lab), None, [said, shown, which], **QUIET)


def _look(lab: Lab, known: str) -> tuple[Any, Any, Any]:
    version = remembered.version(lab.data)
    if version == known:
        return gr.skip(), gr.skip(), gr.skip()
    return learned.patterns_screen(lab.data), gr.Dropdown(choices=_choices(lab)), version


def _choices(lab: Lab) -> list[tuple[str, int]]:
    return [(f"Rule {rule.id}: {rule.text}", rule.id) for rule in learned.rules_of(lab.data)]


def _switch(lab: Lab, rule: int | None, *, enabled: bool) -> tuple[Html, Html]:
    if rule is None:
        raise UsageError("Choose a rule first. Nothing was changed.")
    with closing(open_rw("memory", lab.data)) as connection:
        there = learning.set_enabled(connection, rule, enabled)
    if not there:
        raise UsageError(f"Rule {rule} is not there any more. Nothing was changed.")
    told = f"Rule {rule} is on again." if enabled else f"Rule {rule} is off, and stays off until you switch it on."
    return _said(told), learned.patterns_screen(lab.data)


def _learn(lab: Lab) -> tuple[Html, Html, Any]:
    with closing(open_rw("memory", lab.data)) as connection:
        result = learning.learn(connection)
    told = result.notice or (
        f"Looked at {result.observed} episodes: {result.rules} rules, {result.new} of them new; "
        f"{result.active} ask for more caution."
    )
    return _said(told), learned.patterns_screen(lab.data), gr.Dropdown(choices=_choices(lab))


def _said(words: str) -> Html:
    return el("p", words, role="status")
