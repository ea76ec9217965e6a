"""Every rule about our own texts keeps its own examples."""

from __future__ import annotations

import pytest

from nma13.prose.audit import RULES, prose_rules
from nma13.rules.examples import failures
from nma13.rules.loader import load_rules


@pytest.mark.parametrize("rule", load_rules([RULES]), ids=lambda rule: rule.id)
def test_a_rule_keeps_its_examples(rule) -> None:
    assert [str(failure) for failure in failures(prose_rules(), [rule])] == []
