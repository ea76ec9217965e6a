"""Run the rules over a text: wake by words, match in clauses, ask the guards, keep every finding.

Nothing is dropped silently: a finding that a guard silences stays, with the guard and its place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import and_, or_
from re import Match

from nma13.evidence import Finding, Span
from nma13.rules.guards import families, guards
from nma13.rules.index import Candidates, Entry, TriggerIndex, Woken
from nma13.rules.lexicon import lexicon
from nma13.rules.loader import Overlay, load_rules
from nma13.rules.model import Rule, RuleError
from nma13.text import Clause, Document, SentenceBounds

KEPT = 64
"""Findings kept per rule and text, counting and silenced ones apart; the rest is told as a number."""

PASSAGE = 2
"""Sentences before and after the one that woke it in which a rule of scope `text` may match."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text together with everything the rules saw in it."""

    document: Document
    findings: tuple[Finding, ...]
    unlisted: tuple[tuple[str, int], ...] = ()
    """Per rule, how many further findings were counted and not listed."""
    _by_variable: dict[str, list[Finding]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        groups: dict[str, list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault(finding.sets.partition("=")[0], []).append(finding)
        object.__setattr__(self, "_by_variable", groups)

    def of(self, *variables: str) -> tuple[Finding, ...]:
        """Findings for some variables, silenced ones included."""
        groups = self._by_variable
        return tuple(finding for variable in variables for finding in groups.get(variable, ()))

    def with_findings(self, more: Sequence[Finding]) -> Reading:
        return Reading(self.document, _ordered((*self.findings, *more)), self.unlisted)


class RuleEngine:
    """A set of rules made ready to scan texts."""

    def __init__(self, rules: Sequence[Rule], overlay: Overlay | None = None, outputs: bool | None = None) -> None:
        """`outputs` keeps only the rules for generated texts (True), or leaves them out (False) and weighs words."""
        self.overlay = overlay or Overlay()
        self._lexicon = lexicon() if outputs is False else None
        ids = {rule.id for rule in rules}
        if self._lexicon:
            ids |= {column.rule for column in self._lexicon.columns}
        if unknown := [name for name in self.overlay.off if name not in ids]:
            raise RuleError(
                f"The overlay switches off {', '.join(unknown)}, which no rule file holds; mend or remove it."
            )
        self.rules = [
            rule
            for rule in rules
            if rule.id not in self.overlay.off and (outputs is None or rule.sets.startswith("OUTPUT=") == outputs)
        ]
        for rule in self.rules:
            rule.guards, rule.marks = _named(rule, rule.guards), _named(rule, rule.marks)
        self._index = TriggerIndex([rule for rule in self.rules if rule.pattern], tuple(guards().values()))
        self._guard_bits = {rule: _bits(rule) for rule in self.rules}
        self._combinations = [rule for rule in self.rules if not rule.pattern]

    def compile_all(self) -> None:
        """Compile every pattern now, so that a broken one is named before any text is read."""
        for rule in self.rules:
            if rule.pattern:
                rule.compile()

    def scan(self, document: Document) -> Reading:
        """Everything the rules see in the document, in the order of the text."""
        sifted = self._index.sift(document.lower)
        scan = _Scan(document, self.overlay.allow, sifted, self._index.unless, self._guard_bits)
        clauses = document.clauses
        woken, scan.text_mask = self._wake(document, sifted)
        passages: list[tuple[int, Candidates]] = []
        for number, sentence in enumerate(document.sentences):
            wide: Candidates = []
            wider: Candidates = []
            for place in range(sentence.first, sentence.last):
                if not woken[place]:
                    continue
                clause = clauses[place]
                mask = clause.mask
                tried: set[Rule] = set()
                for narrow, to_sentence, to_passage in woken[place]:
                    wide += to_sentence
                    wider += to_passage
                    for rule, need, _ in narrow:
                        if need & mask == need and rule not in tried:
                            tried.add(rule)
                            text = document.span_text(clause) if rule.cased else clause.text
                            if match := rule.search(text):
                                scan.take(rule, match, text, clause.start, clause)
            if wide:
                _try_sentence(scan, wide, sentence)
            if wider:
                passages.append((number, wider))
        if passages:
            _try_passages(scan, passages)
        if self._lexicon:
            for finding, where in self._lexicon.findings(document):
                if finding.rule not in self.overlay.off:
                    scan.keep(scan.unless_allowed(finding), where)
        scan.settle()
        for rule in self._combinations:
            scan.combine(rule)
        return scan.reading()

    def _wake(self, document: Document, sifted: int) -> tuple[list[list[Woken]], int]:
        """Look every word up; leave on clauses and sentences which word groups they hold.

        What is given back, per clause, are the rules that its words wake and the sieve has let through.
        """
        lookup = self._index
        woken: list[list[Woken]] = []
        live: dict[Entry, Woken] = {}
        text_mask = 0
        for sentence in document.sentences:
            sentence_mask = 0
            for clause in document.clauses[sentence.first : sentence.last]:
                mask = 0
                here: list[Woken] = []
                for token in clause.tokens:
                    if (entry := lookup[token]) is not None:
                        mask |= entry.mask
                        if entry.rules & sifted:
                            if entry not in live:
                                live[entry] = entry.sifted(sifted)
                            here.append(live[entry])
                clause.mask = mask
                sentence_mask |= mask
                woken.append(here)
            sentence.mask = sentence_mask
            text_mask |= sentence_mask
        return woken, text_mask


def _try_sentence(scan: _Scan, candidates: Candidates, sentence: SentenceBounds) -> None:
    """Try the rules that the words of a sentence have woken and that may match anywhere in it."""
    mask = sentence.mask
    for rule in dict.fromkeys(rule for rule, need, _ in candidates if need & mask == need):
        scan.seek(rule, sentence.start, sentence.end)


def _try_passages(scan: _Scan, woken: list[tuple[int, Candidates]]) -> None:
    """Try the rules that reach over several sentences: PASSAGE before and after the one that woke them.

    All words a rule needs must stand in that passage; over a whole page they nearly always do.
    """
    sentences = scan.document.sentences
    places: dict[Rule, list[tuple[int, int]]] = {}
    for number, candidates in woken:
        first, last = max(0, number - PASSAGE), min(len(sentences), number + PASSAGE + 1)
        mask = reduce(or_, (sentence.mask for sentence in sentences[first:last]))
        for rule, need, _ in candidates:
            if need & mask == need:
                known = places.setdefault(rule, [])
                if known and first <= known[-1][1]:
                    known[-1] = (known[-1][0], last)
                else:
                    known.append((first, last))
    for rule, passages in places.items():
        for first, last in passages:
            scan.seek(rule, sentences[first].start, sentences[last - 1].end)


class _Scan:
    """What one pass over one text has seen so far."""

    def __init__(
        self,
        document: Document,
        allow: tuple[str, ...],
        sifted: int,
        unless: Mapping[Rule, int],
        bits: Mapping[Rule, tuple[int, ...]],
    ) -> None:
        self.document = document
        self.sifted = sifted
        self.unless = unless
        self.allow = allow
        self.seen: list[tuple[Finding, int]] = []
        self.counts: dict[tuple[str, bool], int] = {}
        self.signals: dict[str, list[tuple[Finding, int]]] = {}
        self.guards = guards()
        self.bits = bits
        """Per rule, the bits of its guards, by how far away the words that wake them may stand."""
        self.text_mask = 0

    def seek(self, rule: Rule, start: int, end: int) -> None:
        """Look for a rule in a stretch that is more than a clause."""
        document = self.document
        text = (document.norm.text if rule.cased else document.lower)[start:end]
        if match := rule.search(text):
            self.take(rule, match, text, start, None)

    def take(self, rule: Rule, match: Match[str], text: str, offset: int, clause: Clause | None) -> None:
        """Keep the first match of the rule here that no guard silences; else the first one."""
        home = clause or self.clause_at(offset + match.start())
        finding = self.weigh(rule, match, text, offset, home)
        if (finding is None or finding.suppressed_by) and not rule.anchored:
            for later in rule.compile().finditer(text, match.end()):
                place = clause or self.clause_at(offset + later.start())
                other = self.weigh(rule, later, text, offset, place)
                if other and (finding is None or not other.suppressed_by):
                    finding, home = other, place
                if finding and not finding.suppressed_by:
                    break
        if finding is not None:
            self.keep(finding, home.sentence)

    def weigh(self, rule: Rule, match: Match[str], text: str, offset: int, clause: Clause) -> Finding | None:
        """The finding for one match, guards asked; None when a required neighbour is missing."""
        spanned = self.document.norm.span
        start, end = offset + match.start(), offset + match.end()
        spans: tuple[Span, ...] = (spanned(start, end),)
        if rule.near_re:
            low, high = max(0, match.start() - rule.window), match.end() + rule.window
            near = rule.near_re.search(text, low, high)
            if near is None:
                return None
            spans = tuple(sorted((*spans, spanned(offset + near.start(), offset + near.end()))))
        asked, silenced = self.silence(rule, text, offset, clause, start, end)
        marks: tuple[str, ...] = ()
        if rule.marks:
            places = ((name, self.guards[name].find(self.document, clause, start, end)) for name in rule.marks)
            marks = tuple(self.at(name, place) for name, place in places if place)
        home = spanned(clause.start, clause.end)
        return Finding(rule.id, rule.sets, rule.kind, spans, home, asked, silenced, marks, rule.reason)

    def silence(
        self, rule: Rule, text: str, offset: int, clause: Clause, start: int, end: int
    ) -> tuple[tuple[str, ...], str]:
        """What was asked, and the first thing that takes the match's force away (or nothing)."""
        asked: tuple[str, ...] = ()
        if rule.unless_re:  # asked of the pattern only where the sieve has seen it
            asked = ("UNLESS",)
            if self.sifted & self.unless[rule] and (found := rule.unless_re.search(text)):
                return asked, self.at("UNLESS", (offset + found.start(), offset + found.end()))
        if self.allow and (silenced := self.allowed(start, end)):
            return asked, silenced
        sentence = self.document.sentences[clause.sentence]
        masks = (clause.mask, sentence.mask, self.text_mask, -1)
        if not any(map(and_, masks, self.bits[rule])):
            return asked + rule.guards, ""  # no word of any guard is there
        for i, name in enumerate(rule.guards):
            guard = self.guards[name]
            if not masks[guard.level] & guard.bit:
                continue
            if place := guard.find(self.document, clause, start, end):
                return asked + rule.guards[: i + 1], self.at(name, place)
        return asked + rule.guards, ""

    def settle(self) -> None:
        """Put what was seen in the order of the text: what a combination cites must not hang on the order of rules."""
        for seen in self.signals.values():
            seen.sort(key=lambda pair: (pair[0].spans[0].start, pair[0].spans[0].end, pair[0].rule))

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
            if any(self.first(name, place) for name in rule.none):
                continue
            wanted = [self.first(name, place) for name in rule.all]
            optional = [f for name in rule.any if (f := self.first(name, place))]
            if None in wanted or (rule.any and not optional):
                continue
            parts = [f for f in wanted if f] + optional
            spans = tuple(sorted({span for part in parts for span in part.spans}))
            marks = tuple(f"FROM {part.rule}" for part in parts)
            finding = Finding(rule.id, rule.sets, rule.kind, spans, parts[0].clause, (), "", marks, rule.reason)
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

    def unless_allowed(self, finding: Finding) -> Finding:
        """A finding made of words is silenced where allowed phrases hold all the words it quotes."""
        phrases = [re.compile(re.escape(phrase)) for phrase in self.allow]
        lower = self.document.lower
        places = [self.document.span(*match.span()) for phrase in phrases for match in phrase.finditer(lower)]
        holding = [[p for p in places if p.start <= s.start and s.end <= p.end] for s in finding.spans]
        if finding.suppressed_by or not all(holding):
            return finding
        place = holding[0][0]
        return finding._replace(suppressed_by=f"ALLOWED@[{place.start},{place.end}]")

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


def _named(rule: Rule, names: tuple[str, ...]) -> tuple[str, ...]:
    """Guard names with families unfolded; an unknown one is refused with its place."""
    flat: list[str] = []
    for name in names:
        flat += families().get(name, (name,))
    if unknown := [name for name in flat if name not in guards()]:
        raise RuleError(f"{rule.place} rule {rule.id}: there is no guard {', '.join(unknown)} in guards.toml")
    return tuple(dict.fromkeys(flat))


def _bits(rule: Rule) -> tuple[int, ...]:
    bits = [0, 0, 0, 0]
    for name in rule.guards:
        guard = guards()[name]
        bits[guard.level] |= guard.bit
    return tuple(bits)


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=_place))


def _place(finding: Finding) -> tuple[int, int, str]:
    start, end, _ = finding.spans[0] if finding.spans else finding.clause
    return start, end, finding.rule
