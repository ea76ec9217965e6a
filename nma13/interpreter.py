"""The interpreter: prose inside decided constraints, audited sentence by sentence before anybody sees it.

Reviewed texts never meet a model. A small model chooses among sentences that keep the contract; a large
one writes freely and is audited: a sentence that breaks the contract is dropped, a missing acknowledgement
added; what cannot be mended is written again, at most twice, with the violation named; then the structural
text stands in. Whatever happens is recorded on the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nma13.llm import Cancel, Model, Request
from nma13.llm.errors import ModelError, ModelUnavailable
from nma13.prose import selection
from nma13.prose.audit import audit_prose, mend
from nma13.prose.contract import Contract, contract_of
from nma13.prose.prompt import messages_for
from nma13.prose.sentences import SentenceSplitter
from nma13.state import Attempt, Audit, Interpretation, Notice, PipelineState
from nma13.terms import ProseSource

ATTEMPTS = 3  # the first and two more
MAX_TOKENS = 320
KEPT_SHARE = 0.5  # a text that lost more than half of its sentences is written again


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence that has passed the audit and may be displayed."""

    text: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was shown so far is replaced; why, in words."""

    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: the state with its interpretation and audit."""

    state: PipelineState


Event = Shown | Withdrawn | Finished


@dataclass(frozen=True, slots=True)
class Voice:
    """Who writes, and how."""

    model: Model
    small: bool
    seed: int = 0
    temperature: float = 0.4
    timeout_s: float | None = 180.0


def interpret(state: PipelineState, voice: Voice | None, cancel: Cancel | None = None) -> PipelineState:
    """The finished state of `stream`, for callers that do not show the writing."""
    for event in stream(state, voice, cancel):
        if isinstance(event, Finished):
            return event.state
    raise AssertionError("stream always ends with Finished")


def stream(state: PipelineState, voice: Voice | None, cancel: Cancel | None = None) -> Iterator[Event]:
    """Write the prose of a finished state; `voice` None means structural prose."""
    contract = contract_of(state)
    if contract.reviewed:
        yield from _finish_with(state, contract, fixed_text(state), ProseSource.FIXED)
        return
    if voice is None:
        yield from _finish_with(state, contract, structural_text(state), ProseSource.STRUCTURAL)
        return
    write, shown = _by_selection if voice.small else _freely, False
    try:
        for event in write(state, contract, voice, cancel):
            shown = shown or isinstance(event, Shown)
            yield event
    except ModelUnavailable:
        if shown:
            yield Withdrawn("the model was closed")
        yield from _finish_with(state, contract, structural_text(state), ProseSource.STRUCTURAL)
    except ModelError as error:
        yield Withdrawn("the model failed")
        noted = replace(state, notices=(*state.notices, Notice("MODEL", f"{error} The structural text stands in.")))
        yield from _finish_with(noted, contract, structural_text(state), ProseSource.STRUCTURAL)


def fixed_text(state: PipelineState) -> str:
    """A reviewed text: what a halt says, or the decided text of a decline or a fork."""
    return state.halt_message if state.halted and state.halt_message else structural_text(state)


def structural_text(state: PipelineState) -> str:
    """The text the engine composed itself; what --no-model prints."""
    return state.engine.text if state.engine else state.halt_message


def _finish_with(
    state: PipelineState,
    contract: Contract,
    text: str,
    source: ProseSource,
    rejected: tuple[Attempt, ...] = (),
    voice: Voice | None = None,
) -> Iterator[Event]:
    yield Shown(text)
    audit = audit_prose(text, state, contract) if source is not ProseSource.FIXED else Audit(passed=True)
    yield Finished(_with(state, text, source, audit, rejected, voice))


def _by_selection(state: PipelineState, contract: Contract, voice: Voice, cancel: Cancel | None) -> Iterator[Event]:
    written: list[str] = []
    for sentence in selection.write(
        voice.model, state.text, contract, seed=voice.seed, temperature=voice.temperature, cancel=cancel
    ):
        violations = audit_prose(sentence, state, contract, whole=False).violations
        if violations:  # a quoted span can carry what a frame may not say
            continue
        written.append(sentence)
        yield Shown(sentence if len(written) == 1 else f" {sentence}")
    text = " ".join(written)
    audit = audit_prose(text, state, contract)
    if audit.passed and written:
        yield Finished(_with(state, text, ProseSource.MODEL, audit, (), voice))
        return
    rejected = (Attempt(text, _reasons(audit)),)
    yield Withdrawn("the chosen sentences did not keep every term")
    yield from _finish_with(state, contract, structural_text(state), ProseSource.STRUCTURAL, rejected, voice)


def _freely(state: PipelineState, contract: Contract, voice: Voice, cancel: Cancel | None) -> Iterator[Event]:
    rejected: tuple[Attempt, ...] = ()
    for number in range(ATTEMPTS):
        complaint = rejected[-1].why if rejected else ()
        request = Request(
            messages_for(state, contract, complaint),
            max_tokens=MAX_TOKENS,
            temperature=voice.temperature,
            seed=voice.seed + number,
            timeout_s=voice.timeout_s,
        )
        kept: list[str] = []
        dropped: list[str] = []
        for sentence in _sentences(voice.model, request, cancel):
            violations = audit_prose(sentence, state, contract, whole=False).violations
            if violations:
                dropped += [f"dropped «{sentence}»: {violation.reason}" for violation in violations[:1]]
                continue
            kept.append(sentence)
            yield Shown(sentence if len(kept) == 1 else f" {sentence}")
        text, added = mend(" ".join(kept), contract)
        audit = audit_prose(text, state, contract)
        enough = bool(kept) and len(kept) >= KEPT_SHARE * (len(kept) + len(dropped))
        if audit.passed and enough:
            addition = text[len(" ".join(kept)) :]
            if addition:
                yield Shown(addition)
            repairs = (*dropped, *added)
            source = ProseSource.REPAIRED if repairs else ProseSource.MODEL
            yield Finished(_with(state, text, source, replace(audit, repairs=repairs), rejected, voice))
            return
        why = (*dropped, *_reasons(audit)) or ("nothing was left of it",)
        rejected = (*rejected, Attempt(text, why))
        yield Withdrawn(why[0])
        if cancel is not None and cancel.cancelled:
            break
    yield from _finish_with(state, contract, structural_text(state), ProseSource.STRUCTURAL, rejected, voice)


def _sentences(model: Model, request: Request, cancel: Cancel | None) -> Iterator[str]:
    """Whole sentences as they are finished; an unfinished last one is left out."""
    splitter = SentenceSplitter()
    for chunk in model.stream(request, cancel):
        yield from splitter.feed(chunk.text)
    yield from splitter.finish()


def _with(
    state: PipelineState,
    text: str,
    source: ProseSource,
    audit: Audit,
    rejected: tuple[Attempt, ...],
    voice: Voice | None,
) -> PipelineState:
    model = voice.model.describe().model if voice and source in (ProseSource.MODEL, ProseSource.REPAIRED) else ""
    seed = voice.seed if model and voice else None
    interpretation = Interpretation(text, source, model, seed, len(text.split()), rejected)
    return replace(state, interpretation=interpretation, audit=audit)


def _reasons(audit: Audit) -> tuple[str, ...]:
    return tuple(dict.fromkeys([v.reason for v in audit.violations] + [c.reason for c in audit.checks if not c.passed]))
