"""What may be shown of the stations' words: audited while they are written; and the fixed words of a tragic fork."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nma13.inner_house.sessions import Words
from nma13.interpreter import structural_text
from nma13.prose.audit import audit_prose, mend
from nma13.prose.contract import Contract, contract_of
from nma13.prose.sentences import SentenceSplitter
from nma13.state import Budgets, PipelineState
from nma13.terms import Move

STATION_MAY_NOT = (Move.IDENTITY_QUESTION, Move.DIRECTIVE, Move.CERTAINTY, Move.VERIFIED)
PRECOMMITTED = re.compile(
    r"\b(?:am i right|was i right|tell me (?:that )?i(?:'m| am) right|validat\w+|confirm (?:that )?(?:i|my)\b|"
    r"stand(?:ing)? by (?:my|the|this) decision|(?:i(?:'ve| have)|i) already (?:made|decided)|"
    r"my mind is made up|back me up|agree with me|approve (?:of )?my)",
    re.I,
)
MAY_TURN = re.compile(r"\b(?:who|kind|sort|self|identity|defines)\b", re.I)
"""An unfinished sentence with one of these may become a question about the person; it waits for its end."""
LOSS = re.compile(
    r"\b(?:los[est]\w*|loss\w*|gone|give[sn]? up|giving up|never again|for good|end(?:s|ing|ed)?)\b", re.I
)


def precommitted(problem: str) -> tuple[str, ...]:
    """The words by which somebody asks to be confirmed in what is already decided."""
    return tuple(dict.fromkeys(match.group() for match in PRECOMMITTED.finditer(problem.replace("’", "'"))))


def station_contract(state: PipelineState) -> Contract:
    """What binds a station: never more than the gates forbid, and always the ban on identity questions."""
    contract = contract_of(state)
    also = tuple(move for move in (Move.COMFORT, Move.REFRAMING) if move in contract.forbidden)
    return replace(contract, forbidden=(*STATION_MAY_NOT, *also), budgets=Budgets(), reviewed=False, duties=())


def resolution_contract(state: PipelineState) -> Contract:
    """What binds the resolution: all that binds an answer, and the ban on identity questions whatever the routing."""
    contract = contract_of(state)
    forbidden = tuple(dict.fromkeys((*contract.forbidden, Move.IDENTITY_QUESTION, Move.DIRECTIVE)))
    return replace(contract, forbidden=forbidden, reviewed=False)


@dataclass(slots=True)
class Speaker:
    """One station while it speaks: whole sentences that passed, the one being written, what was withheld."""

    round: str
    station: str
    state: PipelineState
    contract: Contract
    passed: list[str] = field(default_factory=list)
    withheld: list[Mapping[str, Any]] = field(default_factory=list)
    rest: str = ""
    _splitter: SentenceSplitter = field(default_factory=SentenceSplitter)

    def hear(self, piece: str) -> None:
        self.rest += piece
        for sentence in self._splitter.feed(piece):
            self._judge(sentence)
            found = self.rest.find(sentence)
            self.rest = self.rest[found + len(sentence) :] if found >= 0 else ""

    def so_far(self) -> Words:
        """What may be shown now. The unfinished sentence is audited as far as it has come."""
        shown = list(self.passed)
        written = self.rest.rstrip().rpartition(" ")[0].strip()  # the last word may be half a word
        if written and not MAY_TURN.search(written) and self._violation(written) is None:
            shown.append(written)
        return self._words(shown, done=False)

    def whole(self, text: str, more: Iterable[Mapping[str, Any]] = ()) -> Words:
        """The finished output, from its whole text: the same whether it was heard in pieces or not."""
        splitter = SentenceSplitter()
        self.passed, self.withheld = [], []
        for sentence in (*splitter.feed(text), *splitter.finish()):
            self._judge(sentence)
        cut_off = text.strip()[-1:] not in tuple(".!?…”»\"'")
        if cut_off and (tail := _tail(text, [*self.passed, *(str(one["text"]) for one in self.withheld)])):
            self._judge(tail)
        return self._words(self.passed, done=True, more=tuple(more))

    def _judge(self, sentence: str) -> None:
        why = self._violation(sentence)
        if why is None:
            self.passed.append(sentence)
        else:
            self.withheld.append({"text": sentence, "reason": why})

    def _violation(self, sentence: str) -> str | None:
        found = audit_prose(sentence, self.state, self.contract, whole=False).violations
        return found[0].reason if found else None

    def _words(self, shown: list[str], *, done: bool, more: tuple[Mapping[str, Any], ...] = ()) -> Words:
        audit = "withheld" if self.withheld else "passed"
        return Words(self.round, self.station, " ".join(shown), done, audit, (*self.withheld, *more))


def resolved(text: str, state: PipelineState) -> tuple[str, str, tuple[str, ...]]:
    """The resolution as it may be shown, where it comes from, and what was dropped or added."""
    contract = resolution_contract(state)
    kept, dropped = [], []
    splitter = SentenceSplitter()
    for sentence in (*splitter.feed(text), *splitter.finish()):
        found = audit_prose(sentence, state, contract, whole=False).violations
        if found:
            dropped.append(f"dropped «{sentence}»: {found[0].reason}")
        else:
            kept.append(sentence)
    mended, added = mend(" ".join(kept), contract)
    if kept and len(kept) >= len(dropped) and audit_prose(mended, state, contract).passed:
        return mended, "repaired" if dropped or added else "model", (*dropped, *added)
    return structural_text(state), "structural", tuple(dropped)


def losses(words: Iterable[Words]) -> tuple[str, ...]:
    """Sentences of round 3 that name a loss; all sentences of round 3 where fewer than two do."""
    sentences = [
        sentence.strip()
        for one in words
        if one.round == "R3" and one.text
        for sentence in re.split(r"(?<=[.!?])\s+", one.text)
        if len(sentence.split()) >= 3
    ]
    naming = tuple(dict.fromkeys(sentence for sentence in sentences if LOSS.search(sentence)))
    return naming if len(naming) >= 2 else tuple(dict.fromkeys(sentences))


def tragic_fork(first: str, second: str) -> str:
    """The only words a tragic fork is given."""
    named = " ".join(f"{loss.rstrip('.!?… ')}." for loss in (first, second) if loss)
    middle = f" {named}" if named else ""
    return f"Every path here carries irreversible loss.{middle} This cannot be resolved — only carried."


def _tail(text: str, sentences: list[str]) -> str:
    """What stands after the last whole sentence of a text that its budget cut off."""
    last = max((text.rfind(sentence) + len(sentence) for sentence in sentences if sentence in text), default=0)
    return text[last:].strip()
