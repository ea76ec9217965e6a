"""The second pass: the same questions the gates asked of the person's text, asked of ours.

A text is checked sentence by sentence while it is written (moves, invented figures and quotations) and
as a whole at the end (duties, budgets, Gate 4's and S8's conditions). Mending only ever drops a sentence
or adds an acknowledgement; it never rewrites what somebody wrote.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from nma13.evidence import Finding, Span
from nma13.material import shown_to_models
from nma13.prose.contract import Contract, Duty
from nma13.prose.selection import acknowledgement
from nma13.rules.engine import RuleEngine
from nma13.rules.loader import load_rules
from nma13.state import Audit, Check, OutputViolation, PipelineState
from nma13.terms import Move, OutputClass, RedFlag, TrustGate
from nma13.text import read

RULES = Path(__file__).with_name("prose.toml")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
QUOTATION = re.compile(r"[«“\"]([^»”\"]+)[»”\"]")
HEDGED = re.compile(
    r"\b(?:may|might|could|perhaps|possibly|seems?|appears?|likely|unlikely|uncertain|unclear|cannot (?:be )?"
    r"(?:known|settle|say|tell)|not (?:certain|clear|known|settled)|depends)\b",
    re.I,
)
STANDING_SAID = re.compile(
    r"whose decision|who (?:has the say|decides|may decide)|not (?:settled|clear)[^.]{0,40}\bwho", re.I
)
SHARED_SAID = re.compile(
    r"share[sd]? (?:in )?(?:this|the|with)|shared|not yours alone|others? (?:share|have a part)", re.I
)
QUESTION_MARK = re.compile(r"\?")
OPTION = re.compile(r"\b(?:one option|another option|alternatively|you could also|option (?:one|two|a|b|1|2))\b", re.I)


@cache
def prose_rules() -> RuleEngine:
    return RuleEngine(load_rules([RULES]))


def audit_prose(text: str, state: PipelineState, contract: Contract, *, whole: bool = True) -> Audit:
    """Everything in `text` that breaks the contract; `whole` also asks for what must not be missing."""
    violations = (
        *_forbidden_moves(text, contract),
        *_invented(text, state, contract),
        *_over_budget(text, contract),
    )
    checks = _whole_checks(text, state, contract) if whole else ()
    passed = not violations and all(check.passed for check in checks)
    return Audit(passed, tuple(sorted(violations, key=lambda v: (v.span.start, v.rule))), (), checks)


def mend(text: str, contract: Contract) -> tuple[str, tuple[str, ...]]:
    """Add the acknowledgements that are missing; returns the text and what was added."""
    added = []
    for duty in contract.duties:
        if text and not _said(duty, text, contract):
            sentence = acknowledgement(duty, contract)
            text = f"{text} {sentence}"
            added.append(f"added «{sentence}»")
    return text, tuple(added)


def _forbidden_moves(text: str, contract: Contract) -> list[OutputViolation]:
    forbidden = set(contract.forbidden)
    return [
        OutputViolation(finding.value, _first(finding), finding.rule, finding.reason)
        for finding in prose_rules().scan(read(text)).findings
        if finding.counts and Move(finding.value) in forbidden
    ]


def _first(finding: Finding) -> Span:
    return finding.spans[0]


def _invented(text: str, state: PipelineState, contract: Contract) -> list[OutputViolation]:
    """Figures and quotations that neither the person nor the material gave."""
    given = _given(state)
    figures, plain = set(NUMBER.findall(given)), _plain(given)
    found = []
    if Move.INVENTED_NUMBER in contract.forbidden:
        for match in NUMBER.finditer(text):
            if match.group() not in figures:
                why = f"the figure {match.group()} is not the person's"
                found.append(_violation(Move.INVENTED_NUMBER, match, "P-NUMBER", why))
    if Move.INVENTED_QUOTE in contract.forbidden:
        for match in QUOTATION.finditer(text):
            if _plain(match.group(1)) not in plain:
                why = f"«{match.group(1)}» was not written by the person"
                found.append(_violation(Move.INVENTED_QUOTE, match, "P-QUOTE", why))
    return found


def _violation(fault: str, match: re.Match[str], rule: str, why: str) -> OutputViolation:
    return OutputViolation(fault, Span(match.start(), match.end(), match.group()), rule, why)


def _given(state: PipelineState) -> str:
    passages = shown_to_models(state.context)
    return "\n".join((state.text, *(passage.text for passage in passages)))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split()).strip(" .,;:!?")


def _over_budget(text: str, contract: Contract) -> list[OutputViolation]:
    own = QUOTATION.sub(lambda match: " " * len(match.group()), text)  # the person's own words are not counted
    found = []
    for limit, pattern, fault in (
        (contract.budgets.question, QUESTION_MARK, "QUESTION"),
        (contract.budgets.option, OPTION, "OPTION"),
    ):
        if limit is not None:
            why = f"more {fault.lower()}s than the budget of {limit} allows"
            found += [_violation(fault, m, f"P-{fault}", why) for m in list(pattern.finditer(own))[limit:]]
    return found


def _whole_checks(text: str, state: PipelineState, contract: Contract) -> tuple[Check, ...]:
    written = bool(text.strip())
    checks = [Check("TEXT", written, "there is a text" if written else "nothing was written")]
    checks += [
        Check(duty.value, said := _said(duty, text, contract), f"{duty.value} is {'said' if said else 'missing'}")
        for duty in contract.duties
    ]
    checks += _s8(state, contract)
    return tuple(checks)


def _s8(state: PipelineState, contract: Contract) -> list[Check]:
    """S8's conditions once more, now that there is prose: they hold by construction, and are asked all the same."""
    answer = contract.output_class
    directional = answer in (OutputClass.VECTOR, OutputClass.SEQUENCED_VECTOR)
    crisis = RedFlag.CRISIS in state.red_flags
    decent = not crisis or answer in (OutputClass.EXPLICIT_DECLINE, OutputClass.REBUILD)
    agency = not (directional and state.trust in (TrustGate.DECLINE, TrustGate.HEDGE))
    return [
        Check("Decency", decent, "help comes first in a crisis" if decent else "a crisis was answered with analysis"),
        Check(
            "Agency", agency, "no direction beyond the trust gate" if agency else "a direction beyond the trust gate"
        ),
    ]


def _said(duty: Duty, text: str, contract: Contract) -> bool:
    match duty:
        case Duty.HEDGE:
            return bool(HEDGED.search(text))
        case Duty.STANDING:
            return bool(STANDING_SAID.search(text))
        case Duty.SHARED:
            return bool(SHARED_SAID.search(text))
        case Duty.PREMISES:
            plain = _plain(text)
            return any(_plain(span.text) in plain for span in contract.premises)
