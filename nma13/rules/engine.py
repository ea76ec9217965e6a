"""Run the rules over a text: wake by words, match in clauses, ask the guards, keep every finding.

Nothing is dropped silently: a finding that a guard silences stays, with the guard and its place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Match

from nma13.evidence import Finding, Span
from nma13.rules.guards import families, guards
from nma13.rules.index import Entry, TriggerIndex
from nma13.rules.loader import Overlay, load_rules, shipped_hash
from nma13.rules.model import Rule, RuleError
from nma13.text import Clause, Document

KEPT = 64
"""Findings kept per rule and text, counting and silenced ones apart; the rest is told as a number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text together with everything the rules saw in it."""

    document: Document
    findings: tuple[Finding, ...]
    unlisted: tuple[tuple[str, int], ...] = ()
    """Per rule, how many further findings were counted and not listed."""

    def of(self, variable: str) -> tuple[Finding, ...]:
        """Findings for one variable, silenced ones included."""
        prefix = variable + "="
        return tuple(f for f in self.findings if f.sets.startswith(prefix))

    def with_findings(self, more: Sequence[Finding]) -> Reading:
        return Reading(self.document, _ordered((*self.findings, *more)), self.unlisted)


class RuleEngine:
    """A set of rules made ready to scan texts."""

    def __init__(
        self, rules: Sequence[Rule], overlay: Overlay | None = None, outputs: bool | None = None
    ) -> None:
        """`outputs` keeps only the rules for generated texts (True) or leaves them out (False)."""
        self.overlay = overlay or Overlay()
        ids = {rule.id for rule in rules}
        if unknown := [name for name in self.overlay.off if name not in ids]:
            raise RuleError(f"The overlay switches off {', '.join(unknown)}, which no rule file holds.")
        self.rules = [
            rule
            for rule in rules
            if rule.id not in self.overlay.off
            and (outputs is None or rule.sets.startswith("OUTPUT=") == outputs)
        ]
        for rule in self.rules:
            rule.guards, rule.marks = _named(rule, rule.guards), _named(rule, rule.marks)
        self._index = TriggerIndex([rule for rule in self.rules if rule.pattern])
        self._combinations = [rule for rule in self.rules if not rule.pattern]

    def compile_all(self) -> None:
        """Compile every pattern now, so that a broken one is named before any text is read."""
        for rule in self.rules:
            if rule.pattern:
                rule.compile()

    def scan(self, document: Document) -> Reading:
        """Everything the rules see in the document, in the order of the text."""
        scan = _Scan(document, self.overlay.allow)
        lookup = self._index
        clauses = document.clauses
        text_entries: list[Entry] = []
        for sentence in document.sentences:
            sentence_entries: list[Entry] = []
            for clause in clauses[sentence.first : sentence.last]:
                entries = [e for token in clause.tokens if (e := lookup[token]) is not None]
                if not entries:
                    continue
                sentence_entries += entries
                mask = 0
                for entry in entries:
                    mask |= entry.mask
                tried: set[Rule] = set()
                for entry in entries:
                    for rule in entry.narrow:
                        if rule.need & mask == rule.need and rule not in tried:
                            tried.add(rule)
                            text = document.norm.text[clause.start : clause.end] if rule.cased else clause.text
                            match = rule.search(text)
                            if match:
                                scan.take(rule, match, text, clause.start, clause)
            if any(entry.wide for entry in sentence_entries):
                self._wide(scan, sentence_entries, "sentence", sentence.start, sentence.end)
            text_entries += [entry for entry in sentence_entries if entry.wide or entry.mask]
        if any(entry.wide for entry in text_entries):
            self._wide(scan, text_entries, "text", 0, len(document.lower))
        for rule in self._combinations:
            scan.combine(rule)
        return scan.reading()

    def _wide(self, scan: _Scan, entries: list[Entry], scope: str, start: int, end: int) -> None:
        mask = 0
        for entry in entries:
            mask |= entry.mask
        document = scan.document
        for rule in dict.fromkeys(rule for entry in entries for rule in entry.wide):
            if rule.scope == scope and rule.need & mask == rule.need:
                text = (document.norm.text if rule.cased else document.lower)[start:end]
                match = rule.search(text)
                if match:
                    scan.take(rule, match, text, start, None)


class _Scan:
    """What one pass over one text has seen so far."""

    def __init__(self, document: Document, allow: tuple[str, ...]) -> None:
        self.document = document
        self.allow = allow
        self.seen: list[tuple[Finding, int]] = []
        self.counts: dict[tuple[str, bool], int] = {}
        self.signals: dict[str, list[tuple[Finding, int]]] = {}

    def take(self, rule: Rule, match: Match[str], text: str, offset: int, clause: Clause | None) -> None:
        """Keep the first match of the rule here that no guard silences; else the first one."""
        first: Finding | None = None
        home = clause
        for found in (match, *rule.compile().finditer(text, match.end())) if rule.guards else (match,):
            start = offset + found.start()
            home = clause or self.clause_at(start)
            finding = self.weigh(rule, found, text, offset, home)
            if finding is None:
                continue
            first = first or finding
            if finding.counts:
                first = finding
                break
        if first is not None and home is not None:
            self.keep(first, home.sentence)

    def weigh(self, rule: Rule, match: Match[str], text: str, offset: int, clause: Clause) -> Finding | None:
        """The finding for one match, guards asked; None when a required neighbour is missing."""
        document = self.document
        start, end = offset + match.start(), offset + match.end()
        spans: tuple[Span, ...] = (document.span(start, end),)
        if rule.near_re:
            low, high = max(0, match.start() - rule.window), match.end() + rule.window
            near = rule.near_re.search(text, low, high)
            if near is None:
                return None
            other = document.span(offset + near.start(), offset + near.end())
            spans = tuple(sorted((*spans, other)))
        asked: list[str] = []
        silenced = ""
        if rule.unless_re:
            asked.append("UNLESS")
            if found := rule.unless_re.search(text):
                silenced = self.at("UNLESS", (offset + found.start(), offset + found.end()))
        if not silenced and self.allow:
            silenced = self.allowed(start, end)
        if not silenced:
            table = guards()
            for name in rule.guards:
                asked.append(name)
                if place := table[name].find(document, clause, start, end):
                    silenced = self.at(name, place)
                    break
        marks = []
        for name in rule.marks:
            if place := guards()[name].find(document, clause, start, end):
                marks.append(self.at(name, place))
        return Finding(
            rule.id,
            rule.sets,
            rule.kind,
            spans,
            document.span(clause.start, clause.end),
            tuple(asked),
            silenced,
            tuple(marks),
            rule.reason,
        )

    def combine(self, rule: Rule) -> None:
        """A combination rule: all of these, one of those, none of the others."""
        signals = self.signals
        if any(name not in signals for name in rule.all):
            return
        if rule.any and not any(name in signals for name in rule.any):
            return
        if rule.within == "text":
            places: Iterable[int | None] = (None,)
        else:
            lead = rule.all[0] if rule.all else None
            names = (lead,) if lead else rule.any
            places = sorted({where for name in names for _, where in signals.get(name, ())})
        for place in places:
            parts: list[Finding] = []
            if any(self.first(name, place) for name in rule.none):
                continue
            wanted = [self.first(name, place) for name in rule.all]
            optional = [f for name in rule.any if (f := self.first(name, place))]
            if None in wanted or (rule.any and not optional):
                continue
            parts = [f for f in wanted if f] + optional
            spans = tuple(sorted({span for part in parts for span in part.spans}))
            finding = Finding(
                rule.id,
                rule.sets,
                rule.kind,
                spans,
                parts[0].clause,
                (),
                "",
                tuple(f"FROM {part.rule}" for part in parts),
                rule.reason,
            )
            self.keep(finding, -1 if place is None else place)

    def first(self, signal: str, sentence: int | None) -> Finding | None:
        for finding, where in self.signals.get(signal, ()):
            if sentence is None or where == sentence:
                return finding
        return None

    def keep(self, finding: Finding, sentence: int) -> None:
        key = (finding.rule, finding.counts)
        count = self.counts[key] = self.counts.get(key, 0) + 1
        if count > KEPT:
            return
        self.seen.append((finding, sentence))
        if finding.counts:
            self.signals.setdefault(finding.sets, []).append((finding, sentence))

    def reading(self) -> Reading:
        unlisted: dict[str, int] = {}
        for (rule, _), count in sorted(self.counts.items()):
            if count > KEPT:
                unlisted[rule] = unlisted.get(rule, 0) + count - KEPT
        return Reading(self.document, _ordered(f for f, _ in self.seen), tuple(unlisted.items()))

    def clause_at(self, start: int) -> Clause:
        clauses = self.document.clauses
        return clauses[max(0, bisect_right(clauses, start, key=lambda c: c.start) - 1)]

    def at(self, name: str, place: tuple[int, int]) -> str:
        span = self.document.span(*place)
        return f"{name}@[{span.start},{span.end}]"

    def allowed(self, start: int, end: int) -> str:
        lower = self.document.lower
        for phrase in self.allow:
            at = lower.find(phrase, max(0, end - len(phrase)), start + len(phrase))
            if at >= 0:
                return self.at("ALLOWED", (at, at + len(phrase)))
        return ""


@lru_cache(maxsize=1)
def shipped() -> RuleEngine:
    """The shipped rules for people's texts, without anybody's overlay."""
    return RuleEngine(load_rules(), outputs=False)


@lru_cache(maxsize=1)
def shipped_outputs() -> RuleEngine:
    """The shipped rules for generated texts."""
    return RuleEngine(load_rules(), outputs=True)


def rules_hash() -> str:
    return shipped_hash()


def _named(rule: Rule, names: tuple[str, ...]) -> tuple[str, ...]:
    """Guard names with families unfolded; an unknown one is refused with its place."""
    flat: list[str] = []
    for name in names:
        flat += families().get(name, (name,))
    if unknown := [name for name in flat if name not in guards()]:
        raise RuleError(f"{rule.place} rule {rule.id}: there is no guard {', '.join(unknown)} in guards.toml")
    return tuple(dict.fromkeys(flat))


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (*_first(f)[:2], f.rule)))


def _first(finding: Finding) -> Span:
    return finding.spans[0] if finding.spans else finding.clause
