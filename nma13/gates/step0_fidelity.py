"""Step 0: are the premises as firm as they sound? Verified before anything is built on them."""

from __future__ import annotations

from nma13.evidence import Finding
from nma13.rules.engine import Reading
from nma13.state import PremiseFlag, Step0Output
from nma13.terms import PremiseCategory

CLEAN = 100
SERIOUS_BELOW = 60

PENALTY: dict[PremiseCategory, int] = {
    PremiseCategory.STATISTICAL: 25,
    PremiseCategory.AUTHORITY: 20,
    PremiseCategory.CERTAINTY: 15,
    PremiseCategory.EPISTEMIC_STATE: 15,
    PremiseCategory.SELF_CITATION: 20,
}

VERIFY: dict[PremiseCategory, str] = {
    PremiseCategory.STATISTICAL: "The study or count behind the figure: who counted, whom, when.",
    PremiseCategory.AUTHORITY: "The document itself: its title, year and the passage meant.",
    PremiseCategory.CERTAINTY: "What would have to be true for it to turn out otherwise.",
    PremiseCategory.EPISTEMIC_STATE: "What the certainty rests on, apart from being certain.",
    PremiseCategory.SELF_CITATION: "A source other than the person's own earlier words.",
}


def inject_premise_flags(reading: Reading) -> Step0Output:
    """Flag premises that claim more than they show. Never raises: a failure is told as `degraded`."""
    try:
        return _flags(reading)
    except Exception as error:  # noqa: BLE001  the promise of this gate: degrade visibly, never stop the run
        return Step0Output(None, (), (), False, (), f"Step 0 failed: {type(error).__name__}: {error}")


def _flags(reading: Reading) -> Step0Output:
    findings = reading.of("STEP0")
    flags: list[PremiseFlag] = []
    seen: set[tuple[str, int]] = set()
    for finding in findings:
        key = (finding.value, finding.clause.start)
        if not finding.counts or finding.value == "CITED" or key in seen:
            continue  # one penalty per category and clause
        seen.add(key)
        flags.append(_flag(reading, finding))
    score = max(0, CLEAN - sum(flag.penalty for flag in flags))
    cited = tuple(f for f in findings if f.value == "CITED" or f.suppressed_by.startswith("CITED"))
    return Step0Output(score, tuple(flags), cited, score < SERIOUS_BELOW, findings)


def _flag(reading: Reading, finding: Finding) -> PremiseFlag:
    category = PremiseCategory(finding.value)
    document = reading.document
    where = next(
        sentence
        for sentence in document.sentences
        if document.norm.end(sentence.end) >= finding.clause.end or sentence is document.sentences[-1]
    )
    return PremiseFlag(
        category=category,
        span=finding.spans[0],
        sentence=document.span(where.start, where.end),
        penalty=PENALTY[category],
        reason=finding.reason,
        verify=VERIFY[category],
        rule=finding.rule,
    )
