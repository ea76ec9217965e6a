"""A rule file that is off is refused in words that name file, line and rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13.rules.engine import RuleEngine
from nma13.rules.loader import Overlay, load_overlay, load_rules
from nma13.rules.model import RuleError
from nma13.rules.regex import runaway
from nma13.text import read

GOOD = """
[[rule]]
id = "T-ONE"
sets = "R=TRUE"
reason = "for the test"
triggers = ["loan"]
pattern = "take a loan"
guards = ["NEGATION"]
hits = ["I take a loan.", "We take a loan."]
misses = ["I do not take a loan.", "A loan."]
"""


def rules(tmp_path: Path, text: str) -> list:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return load_rules([path])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('sets = "R=TRUE"', 'sets = "R=MAYBE"', "R may be"),
        ('sets = "R=TRUE"', 'sets = "Q=TRUE"', "variable must be"),
        ('pattern = "take a loan"', 'pattern = "(a+)+ loan"', "unbounded repeat inside"),
        ('pattern = "take a loan"', 'pattern = "take .* loan"', "repeated without bound"),
        ('pattern = "take a loan"', 'pattern = "take {nobody} loan"', "no word list {nobody}"),
        ('triggers = ["loan"]', "", "needs `triggers`"),
        ('guards = ["NEGATION"]', 'gards = ["NEGATION"]', "unknown key gards"),
        ('misses = ["I do not take a loan.", "A loan."]', 'misses = ["A loan."]', "two misses"),
    ],
)
def test_refusals_name_file_line_and_rule(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(RuleError, match=r"mine\.toml:2 rule T-ONE") as caught:
        rules(tmp_path, GOOD.replace(old, new))
    assert says in str(caught.value)


def test_an_unknown_guard_is_refused(tmp_path: Path) -> None:
    found = rules(tmp_path, GOOD.replace('["NEGATION"]', '["NEGATIVE"]'))
    with pytest.raises(RuleError, match="no guard NEGATIVE"):
        RuleEngine(found)


def test_a_broken_expression_is_named_when_compiled(tmp_path: Path) -> None:
    engine = RuleEngine(rules(tmp_path, GOOD.replace('"take a loan"', '"take (a loan"')))
    with pytest.raises(RuleError, match=r"mine\.toml:2 rule T-ONE: pattern is no regular expression"):
        engine.compile_all()


def test_overlay_switches_off_and_allows(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.toml"
    overlay.write_text('allow = ["take a loan from the library"]\n', "utf-8")
    engine = RuleEngine(rules(tmp_path, GOOD), load_overlay(overlay))
    text = "I take a loan from the library."
    (finding,) = engine.scan(read(text)).findings
    assert finding.suppressed_by == "ALLOWED@[2,30]"
    assert text[2:30] == "take a loan from the library"
    off = RuleEngine(rules(tmp_path, GOOD), Overlay("x", off=("T-ONE",)))
    assert off.scan(read("I take a loan.")).findings == ()
    with pytest.raises(RuleError, match="T-TWO, which no rule file holds"):
        RuleEngine(rules(tmp_path, GOOD), Overlay("x", off=("T-TWO",)))


@pytest.mark.slow
def test_order_of_rules_does_not_matter() -> None:
    found = load_rules()
    text = " ".join(example for rule in found for example in rule.hits)
    there, back = RuleEngine(found), RuleEngine(list(reversed(load_rules())))
    assert there.scan(read(text)).findings == back.scan(read(text)).findings


@pytest.mark.parametrize("pattern", ["(?:a+b)+", "(\\w+ )*x", ".*x", ".+", "(?:a|b*){11}", "(?:(?:x*)y){2,}"])
def test_runaway_patterns_are_recognised(pattern: str) -> None:
    assert runaway(pattern)


@pytest.mark.parametrize("pattern", ["(?:a|b)+", r"(?:\w+ ){0,5}x", ".{0,40}x", r"[.*]+ \."])
def test_bounded_patterns_pass(pattern: str) -> None:
    assert runaway(pattern) is None
