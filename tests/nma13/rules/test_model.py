"""A rule is compiled at its first text, which may be two texts in two threads at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from nma13.rules import load_rules
from nma13.rules.model import Rule


def test_a_rule_that_is_being_compiled_is_not_used_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = next(rule for rule in load_rules() if rule.near and rule.unless and not rule.anchored)
    reached, go_on = Event(), Event()
    compiled = Rule._regex

    def slowly(self: Rule, source: str, key: str) -> re.Pattern[str]:
        if key == "near" and not reached.is_set():
            reached.set()
            assert go_on.wait(10)
        return compiled(self, source, key)

    monkeypatch.setattr(Rule, "_regex", slowly)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(rule.search, "a first text")
        assert reached.wait(10)
        threads.submit(rule.search, "a second text").result(10)
        seen = rule.near_re, rule.unless_re
        go_on.set()
        first.result(10)
    assert [pattern and pattern.pattern for pattern in seen] == [rule.near, rule.unless]
