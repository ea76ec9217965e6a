"""Each rule against its own examples, and a plain answer to «why did it not fire?»."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nma13.rules.engine import RuleEngine
from nma13.rules.model import Rule
from nma13.text import Document, read


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that did not behave: which, and why."""

    rule: Rule
    text: str
    expected: str
    why: str

    def __str__(self) -> str:
        return f"{self.rule.place} {self.rule.id}: {self.expected} {self.text!r}\n    {self.why}"


def failures(engine: RuleEngine, rules: Iterable[Rule]) -> list[Failure]:
    """Every example of the rules that did not behave as its list promises."""
    found: list[Failure] = []
    for rule in rules:
        for text in rule.hits:
            if why := why_not(engine, rule, text):
                found.append(Failure(rule, text, "should fire on", why))
        for text in rule.misses:
            if why := why_fires(engine, rule, text):
                found.append(Failure(rule, text, "should stay silent on", why))
    return found


def why_fires(engine: RuleEngine, rule: Rule, text: str) -> str:
    """What the rule matched, or empty when it stays silent."""
    for finding in engine.scan(read(text)).findings:
        if finding.rule == rule.id and finding.counts:
            return "it matched " + ", ".join(repr(span.text) for span in finding.spans)
    return ""


def why_not(engine: RuleEngine, rule: Rule, text: str) -> str:
    """Why the rule does not fire on the text, or empty when it does."""
    document = read(text)
    findings = engine.scan(document).findings
    mine = [finding for finding in findings if finding.rule == rule.id]
    if any(finding.counts for finding in mine):
        return ""
    if mine:
        return f"it matched {mine[0].spans[0].text!r} and was silenced by {mine[0].suppressed_by}"
    if not rule.pattern:
        here = sorted({finding.sets for finding in findings if finding.counts})
        needs = f"all={list(rule.all)} any={list(rule.any)} none={list(rule.none)}"
        return f"it needs {needs}; the text gives {here}"
    return _unmatched(rule, document)


def _unmatched(rule: Rule, document: Document) -> str:
    pattern = rule.compile()
    units = {
        "clause": [(c.start, c.end) for c in document.clauses],
        "sentence": [(s.start, s.end) for s in document.sentences],
        "text": [(0, len(document.lower))],
    }[rule.scope]
    source = document.norm.text if rule.cased else document.lower
    for start, end in units:
        match = pattern.search(source[start:end])
        if match and rule.near_re and not rule.near_re.search(source[start:end]):
            return f"it matched {match[0]!r}, but `near` found nothing in {source[start:end]!r}"
        if match:
            return f"the pattern matches {match[0]!r}, but no word of `triggers` {list(rule.triggers)} is there"
    if match := pattern.search(source):
        return f"the pattern matches {match[0]!r} only across a {rule.scope} boundary; try a wider `scope`"
    return "the pattern matches nowhere; the clauses are " + " | ".join(c.text for c in document.clauses)
