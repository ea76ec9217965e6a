"""Every rule's own hits fire and its own misses stay silent: the files are their own tests."""

from __future__ import annotations

import pytest

from nma13.rules.engine import RuleEngine
from nma13.rules.examples import why_fires, why_not
from nma13.rules.loader import load_rules
from nma13.rules.model import Rule

RULES = load_rules()
ENGINE = RuleEngine(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_does_what_its_examples_say(rule: Rule) -> None:
    missed = {text: why for text in rule.hits if (why := why_not(ENGINE, rule, text))}
    alarmed = {text: why for text in rule.misses if (why := why_fires(ENGINE, rule, text))}
    assert not missed
    assert not alarmed


def test_every_pattern_compiles() -> None:
    ENGINE.compile_all()


def test_each_finding_quotes_the_input() -> None:
    from nma13.text import read

    for rule in RULES:
        for text in rule.hits:
            for finding in ENGINE.scan(read(text)).findings:
                assert finding.spans, finding.rule
                for span in (*finding.spans, finding.clause):
                    assert text[span.start : span.end] == span.text
