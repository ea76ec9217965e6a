"""The words read off a pattern may be too few, never too many: the index must not hide a match."""

from __future__ import annotations

import pytest

from nma13.rules import index, load_rules
from nma13.rules.engine import RuleEngine
from nma13.rules.required import alternatives
from nma13.text import read


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        ("torn between", [{"torn"}, {"between"}]),
        ("(?:dis)?trust(?:ed)? him", [{"trust", "trusted", "distrust", "distrusted"}, {"him"}]),
        ("(?:very )?tired", [{"tired"}]),
        (r"lose (?:[\w'%$-]+,? ){0,3}memory", [{"lose"}, {"memory"}]),
        (r"whether .{2,80} or", [{"whether"}, {"or"}]),
        (r"\w+ing", []),
        ("a(?:b+)c", []),
        ("^if (?:i|we)", [{"if"}, {"i", "we"}]),
        ("(?:can not|cannot) go", [{"can", "cannot"}, {"go"}]),
        (r"no questions(?: \w+){0,3}", [{"no"}, {"questions"}]),
        ("self-harm", [{"self"}]),
        ("80 ?%", [{"80"}]),
    ],
)
def test_needed_words(pattern: str, groups: list[set[str]]) -> None:
    (found,) = alternatives(pattern)
    assert [set(group) for group in found] == groups


@pytest.mark.slow
def test_the_index_hides_no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rules()
    narrow = RuleEngine(rules)
    monkeypatch.setattr(index, "alternatives", lambda _: [()])
    wide = RuleEngine(load_rules())
    for rule in rules:
        for text in (*rule.hits, *rule.misses, " ".join(rule.hits), "\n\n".join(rule.hits).upper()):
            assert narrow.scan(read(text)).findings == wide.scan(read(text)).findings, text
