"""Gate 2: what does the text claim, on what ground, and does it raise a red flag?

Also the output side: what a generated text must not do (CONFABULATION, CLOSURE, OVERREACH).
"""

from __future__ import annotations

import re
from itertools import combinations

from nma13.evidence import Derivation, Finding
from nma13.rules.engine import Reading, RuleEngine, shipped_outputs
from nma13.state import Claim, Gate1Output, Gate2Output, OutputViolation, Step0Output
from nma13.terms import ClaimClass, Irreversibility, OutputFault, RedFlag, Routing, Station
from nma13.text import Document, read

# First match wins; a bare assertion is ASSUMED.
CLASS_ORDER = (ClaimClass.UNCERTAIN, ClaimClass.EVIDENCED, ClaimClass.INFERRED, ClaimClass.ASSUMED)
DEFAULT_RULE = "DEFAULT"

_WORDS = """
this that with from have been were they them their there which would could about after before into than then
also only most more some such very what when where while because study review trial found finds shows show
reports report says said
"""
_SMALL = frozenset(_WORDS.split())  # words that two claims may share without speaking of the same thing
_DENIAL = re.compile(r"(?<!\w)(?:not|no|never|neither|nor|without|[a-z]+n't|fails?|failed|lack(?:s|ed)?)(?!\w)")


def audit(reading: Reading, step0: Step0Output, gate1: Gate1Output) -> Gate2Output:
    """Class every claim, raise red flags, and say which routing holds. `step0` is the interlock."""
    del step0
    raised = reading.of("FLAG")
    findings = (*reading.of("CLAIM"), *raised, *filter(_contradicts, reading.of("FRICTION")))
    seen = {f.value for f in raised if f.counts}
    flags = tuple(flag for flag in RedFlag if flag in seen)
    steps = [Derivation(f"flag={flag}", "RED-FLAG", _rules_for(findings, f"FLAG={flag}")) for flag in flags]
    claims = _claims(reading.document, findings)
    routing = gate1.routing
    if RedFlag.CRISIS in flags:
        routing = Routing.REDIRECT
        steps.append(Derivation("routing=REDIRECT", "CRISIS-OVERLAY", ("flag=CRISIS", f"gate1={gate1.routing}")))
    contested = _contested(claims, findings, gate1)
    if contested:
        because = tuple(f"claim@{claim.span.start}" for claim in contested)
        steps.append(Derivation("contested", "TWO-SOURCES-CONTRADICT", because))
    return Gate2Output(claims, flags, routing, contested, tuple(steps), findings)


def output_faults(
    text: str,
    grounds: str = "",
    station: Station | None = None,
    engine: RuleEngine | None = None,
) -> tuple[OutputViolation, ...]:
    """What a generated text does that it must not.

    `grounds` is everything the text may rest on (the input, attached material): a figure or source that
    stands there is no confabulation. `station` is who speaks: naming oneself is no overreach.
    """
    reading = (engine or shipped_outputs()).scan(read(text))
    ground = read(grounds).lower if grounds else ""
    violations = []
    for finding in reading.of("OUTPUT"):
        if not finding.counts or finding.value not in set(OutputFault):
            continue
        words = finding.spans[0].text.lower()
        if finding.value == OutputFault.CONFABULATION and words in ground:
            continue
        if finding.value == OutputFault.OVERREACH and station and finding.kind == station:
            continue
        violations.append(OutputViolation(OutputFault(finding.value), finding.spans[0], finding.rule, finding.reason))
    return tuple(violations)


def _contradicts(finding: Finding) -> bool:
    return finding.sets == "FRICTION=CONTRADICTION"


def _rules_for(findings: tuple[Finding, ...], sets: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.rule for f in findings if f.counts and f.sets == sets))


def _claims(document: Document, findings: tuple[Finding, ...]) -> tuple[Claim, ...]:
    """One claim per clause that asserts: no questions, wishes, orders, intentions, conditions."""
    classed: dict[int, dict[str, str]] = {}
    for finding in findings:
        if not finding.suppressed_by and not _contradicts(finding):
            classed.setdefault(finding.clause.start, {}).setdefault(finding.sets, finding.rule)
    sentences, spanned, assumed = document.sentences, document.norm.span, ClaimClass.ASSUMED
    claims: list[Claim] = []
    for clause in document.clauses:
        if sentences[clause.sentence].question or len(clause.tokens) < 2:
            continue
        span = spanned(clause.start, clause.end)
        seen = classed.get(span[0])
        if seen is None:
            claims.append(Claim(span, assumed, DEFAULT_RULE))
            continue
        if "CLAIM=NONE" in seen and "CLAIM=UNCERTAIN" not in seen:
            continue
        klass = next((c for c in CLASS_ORDER if f"CLAIM={c}" in seen), ClaimClass.ASSUMED)
        rule = seen.get(f"CLAIM={klass}", DEFAULT_RULE)
        rejected = seen.get("FLAG=AUTHORITY", "")
        claims.append(Claim(span, klass, rule, rejected and f"rank offered as proof ({rejected})"))
    return tuple(claims)


def _contested(claims: tuple[Claim, ...], findings: tuple[Finding, ...], gate1: Gate1Output) -> tuple[Claim, ...]:
    """Two traceable claims that contradict each other on the point that decides.

    Something must be open to decide. The contradiction is either said («the second found the opposite») or
    shows: both speak of the same things and only one of them denies.
    """
    open_decision = gate1.irreversibility is not Irreversibility.FALSE or gate1.ambiguity or gate1.advice_risk
    traceable = [c for c in claims if c.klass is ClaimClass.EVIDENCED]
    if not open_decision or len(traceable) < 2:
        return ()
    if any(_contradicts(f) and f.counts for f in findings):
        return traceable[0], traceable[1]
    for one, other in combinations(traceable[:12], 2):
        if _denies(one) != _denies(other) and len(_content(one) & _content(other)) >= 2:
            return one, other
    return ()


def _denies(claim: Claim) -> bool:
    return _DENIAL.search(claim.span.text.lower()) is not None


def _content(claim: Claim) -> set[str]:
    words = re.findall(r"[a-z]{4,}", claim.span.text.lower())
    return {word[:6] for word in words if word not in _SMALL}
