"""The runner: Step 0 to S8 over one text or many. Governed is the default; execution must be justified."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypeVar

from nma13.context import EMPTY_CONTEXT, NavigationContext
from nma13.errors import LabError
from nma13.gates.engine_bof import decide
from nma13.gates.gate1_icxatrs import route
from nma13.gates.gate2_epistemic import audit
from nma13.gates.gate3_committee import deliberate
from nma13.gates.gate4_trace import trace
from nma13.gates.s8_gatekeeper import enforce, refuse_manipulation
from nma13.gates.step0_fidelity import inject_premise_flags
from nma13.kit import RAISING, Kit, default_kit
from nma13.material import classed
from nma13.reading_notices import notices_for
from nma13.rules.engine import Reading
from nma13.state import Gate1Output, Gate2Output, Notice, PipelineState, Skipped
from nma13.terms import (
    Capacity,
    Gate,
    Irreversibility,
    Mode,
    Origin,
    Override,
    RedFlag,
    Routing,
    Standing,
)
from nma13.text import read
from nma13.texts import crisis, halt

LIMIT_BYTES = 2 * 1024 * 1024
NO_TEXT = "There is no text to work on. Write what you want to think about, then run again."

PREDECESSOR: dict[Gate, Gate] = {
    Gate.GATE1: Gate.STEP0,
    Gate.GATE2: Gate.GATE1,
    Gate.GATE3: Gate.GATE2,
    Gate.ENGINE: Gate.GATE3,
    Gate.GATE4: Gate.ENGINE,
    Gate.S8: Gate.GATE4,
}

_LIGHT_I = (Irreversibility.LOW, Irreversibility.FALSE)

# All nine must hold for EXECUTION; the first that fails is named as the reason for GOVERNED.
EXECUTION_CONDITIONS: tuple[tuple[str, Callable[[Gate1Output, Gate2Output], bool]], ...] = (
    ("override = NONE", lambda one, _: one.override is Override.NONE),
    ("irreversibility = LOW or FALSE", lambda one, _: one.irreversibility in _LIGHT_I),
    ("capacity = LOW or FALSE", lambda one, _: one.capacity in (Capacity.LOW, Capacity.FALSE)),
    ("constraint_collision = FALSE", lambda one, _: not one.collision),
    ("advice_risk = FALSE", lambda one, _: not one.advice_risk),
    ("routing = STANDARD", lambda _, two: two.effective_routing is Routing.STANDARD),
    ("standing = CLEAR or UNKNOWN", lambda one, _: one.standing in (Standing.CLEAR, Standing.UNKNOWN)),
    ("no Gate 2 red flags", lambda _, two: not two.red_flags),
    ("ambiguity = FALSE", lambda one, _: not one.ambiguity),
)


class InputError(LabError):
    """A text the engine does not take, told in words."""

    exit_code = 2


class InterlockError(Exception):
    """A gate was about to run without its predecessor's output."""


def run(text: str, context: NavigationContext = EMPTY_CONTEXT, kit: Kit | None = None) -> PipelineState:
    """Take one text through every gate. Raises InputError for what is no text or too much of it."""
    _accept(text)
    kit = kit or default_kit()
    context, told = classed(context, kit)
    state = PipelineState(text=text, provenance=kit.provenance, context=context)
    try:
        reading = kit.rules.scan(read(text))
    except Exception as error:  # noqa: BLE001  a failure inside halts in words, whatever it is
        return _failed(state, Gate.STEP0, error)
    state = replace(state, notices=(*notices_for(reading, kit), *told))
    state, reading = _second_look(state, reading, kit)
    for gate in Gate:
        state = step(gate, state, reading)
        if state.halted:
            break
    return state


def step(gate: Gate, state: PipelineState, reading: Reading) -> PipelineState:
    """Run one gate: interlock first; a failure inside halts the run with its reason."""
    try:
        interlock_check(gate, state)
        return _STEPS[gate](state, reading)
    except InterlockError as violation:
        return halted(state, "INTERLOCK VIOLATION", str(violation))
    except Exception as error:  # noqa: BLE001  a gate that fails closes the way, visibly
        return _failed(state, gate, error)


def interlock_check(gate: Gate, state: PipelineState) -> None:
    """Raise unless the gate before has left its output or a record of why it was skipped."""
    before = PREDECESSOR.get(gate)
    if before and getattr(state, before.value) is None and state.skip_reason(before) is None:
        raise InterlockError(f"{gate} would have run without the output of {before}")


def halted(state: PipelineState, reason: str, detail: str = "") -> PipelineState:
    """Stop the run: the reason for the record, a sentence for the person, help first in a crisis."""
    message = halt(reason)
    if RedFlag.CRISIS in state.red_flags:
        message = f"{crisis(state.context.locale).text} {message}"
    notice = Notice("halt", f"{reason}: {detail}" if detail else reason)
    return replace(state, halted=True, halt_reason=reason, halt_message=message, notices=(*state.notices, notice))


def _accept(text: str) -> None:
    if not isinstance(text, str):
        raise InputError(f"A text was expected, not {type(text).__name__}. Nothing was run.")
    if not text.strip():
        raise InputError(NO_TEXT)
    if len(text) * 4 > LIMIT_BYTES:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > LIMIT_BYTES:
            raise InputError(
                f"The text has {size:,} bytes; the engine takes up to {LIMIT_BYTES:,}. Nothing was run: "
                "send the part the decision turns on, or add the rest as a document."
            )


def _failed(state: PipelineState, gate: Gate, error: Exception) -> PipelineState:
    return halted(state, "GATE FAILURE", f"{gate}: {type(error).__name__}: {error}")


def _degrade(state: PipelineState, part: str, text: str) -> PipelineState:
    return replace(state, degraded=(*state.degraded, part), notices=(*state.notices, Notice(f"degraded-{part}", text)))


def _second_look(state: PipelineState, reading: Reading, kit: Kit) -> tuple[PipelineState, Reading]:
    """Let the semantic screen add caution; it cannot take any away, and its failure is told."""
    if kit.screen is None:
        return state, reading
    try:
        seen = kit.screen(reading.document)
    except Exception as error:  # noqa: BLE001  the core decides alone where the second look fails
        told = f"The semantic screen failed ({type(error).__name__}: {error}); the rules decided alone."
        return _degrade(state, "semantic", told), reading
    raising = [f for f in seen if f.sets in RAISING and f.origin is Origin.SEMANTIC]
    return state, reading.with_findings(raising)


T = TypeVar("T")


def _have(value: T | None, gate: Gate) -> T:
    """The output of a gate that the interlock promises; the type checker and the run both ask."""
    if value is None:
        raise InterlockError(f"the output of {gate} is missing")
    return value


def _step0(state: PipelineState, reading: Reading) -> PipelineState:
    output = inject_premise_flags(reading)
    state = replace(state, step0=output)
    if output.degraded:
        told = f"{output.degraded}. The premises are unchecked; the run goes on governed and hedged."
        state = _degrade(state, "step0", told)
    return state


def _gate1(state: PipelineState, reading: Reading) -> PipelineState:
    return replace(state, gate1=route(reading, _have(state.step0, Gate.STEP0)))


def _gate2(state: PipelineState, reading: Reading) -> PipelineState:
    gate1 = _have(state.gate1, Gate.GATE1)
    gate2 = audit(reading, _have(state.step0, Gate.STEP0), gate1)
    state = replace(state, gate2=gate2)
    if RedFlag.MANIPULATION in gate2.red_flags:
        reason = "MANIPULATION: S8 at once"
        state = replace(state, mode_reason=reason, skipped=_skipped(reason, Gate.GATE3, Gate.ENGINE, Gate.GATE4))
        return state
    unread = ("a text in English",) if any(n.code == "language" for n in state.notices) else ()
    broken = tuple(f"{part} in working order" for part in state.degraded)
    mode, why = choose_mode(gate1, gate2, (*broken, *unread))
    skipped = _skipped("EXECUTION mode", Gate.GATE3) if mode is Mode.EXECUTION else ()
    return replace(state, mode=mode, mode_reason=why, skipped=skipped)


def choose_mode(gate1: Gate1Output, gate2: Gate2Output, lacking: tuple[str, ...] = ()) -> tuple[Mode, str]:
    """EXECUTION if all nine conditions hold and nothing is lacking besides; else GOVERNED and what failed."""
    failed = [name for name, holds in EXECUTION_CONDITIONS if not holds(gate1, gate2)]
    failed += lacking
    if failed:
        return Mode.GOVERNED, "EXECUTION would need: " + "; ".join(failed)
    return Mode.EXECUTION, "all nine conditions hold"


def _gate3(state: PipelineState, reading: Reading) -> PipelineState:
    if state.skip_reason(Gate.GATE3) is not None:
        return state
    gate1, gate2 = _have(state.gate1, Gate.GATE1), _have(state.gate2, Gate.GATE2)
    return replace(state, gate3=deliberate(reading, gate1, gate2))


def _engine(state: PipelineState, reading: Reading) -> PipelineState:
    del reading
    if state.skip_reason(Gate.ENGINE) is not None:
        return state
    output = decide(
        _have(state.gate1, Gate.GATE1),
        _have(state.gate2, Gate.GATE2),
        state.gate3,
        _have(state.step0, Gate.STEP0),
        state.context,
        bool(state.degraded),
    )
    return replace(state, engine=output)


def _gate4(state: PipelineState, reading: Reading) -> PipelineState:
    del reading
    if state.skip_reason(Gate.GATE4) is not None:
        return state
    output = trace(
        _have(state.step0, Gate.STEP0),
        _have(state.gate1, Gate.GATE1),
        _have(state.gate2, Gate.GATE2),
        state.gate3,
        _have(state.engine, Gate.ENGINE),
        bool(state.degraded),
    )
    state = replace(state, gate4=output)
    return state if output.passed else halted(state, "GATE 4 REJECT", output.reason)


def _s8(state: PipelineState, reading: Reading) -> PipelineState:
    del reading
    gate2 = _have(state.gate2, Gate.GATE2)
    if RedFlag.MANIPULATION in gate2.red_flags:
        return halted(replace(state, s8=refuse_manipulation()), "MANIPULATION")
    output = enforce(
        _have(state.gate1, Gate.GATE1),
        gate2,
        state.gate3,
        _have(state.engine, Gate.ENGINE),
        _have(state.gate4, Gate.GATE4),
    )
    state = replace(state, s8=output)
    failed = [result for result in output.criteria if not result.passed]
    if failed:
        return halted(state, f"S8 {failed[0].criterion.upper()}", "; ".join(r.reason for r in failed))
    return state


_STEPS: dict[Gate, Callable[[PipelineState, Reading], PipelineState]] = {
    Gate.STEP0: _step0,
    Gate.GATE1: _gate1,
    Gate.GATE2: _gate2,
    Gate.GATE3: _gate3,
    Gate.ENGINE: _engine,
    Gate.GATE4: _gate4,
    Gate.S8: _s8,
}


def _skipped(reason: str, *gates: Gate) -> tuple[Skipped, ...]:
    return tuple(Skipped(gate, reason) for gate in gates)


Outcome = PipelineState | InputError
"""A finished run, or why the text was not taken."""


def run_many(
    texts: Iterable[str],
    workers: int = 1,
    context: NavigationContext = EMPTY_CONTEXT,
    kit: Callable[[], Kit] = default_kit,
    executor: Executor | None = None,
    chunk: int = 64,
) -> Iterator[Outcome]:
    """Run texts one after another or in parallel processes; results come in the order of the texts.

    `kit` is a function that each process calls for each chunk of texts, so it must be importable and remember what
    is dear to make, as `default_kit` does. `executor`: somebody's own (a cluster's, say) in place of local processes;
    it stays open. Texts are drawn as results are taken: a long list is never held in memory whole.
    """
    if executor is None and workers <= 1:
        ready = kit()
        yield from (_outcome(text, context, ready) for text in texts)
        return
    with nullcontext(executor) if executor else ProcessPoolExecutor(workers) as pool:
        yield from _in_order(pool, iter(texts), partial(_run_chunk, context=context, kit=kit), chunk, max(workers, 1))


def _in_order(
    pool: Executor,
    texts: Iterator[str],
    work: Callable[[list[str]], list[Outcome]],
    chunk: int,
    workers: int,
) -> Iterator[Outcome]:
    waiting: deque[Future[list[Outcome]]] = deque()
    while True:
        while len(waiting) < 2 * workers and (batch := list(islice(texts, chunk))):
            waiting.append(pool.submit(work, batch))
        if not waiting:
            return
        yield from waiting.popleft().result()


def _run_chunk(texts: list[str], context: NavigationContext, kit: Callable[[], Kit]) -> list[Outcome]:
    ready = kit()
    return [_outcome(text, context, ready) for text in texts]


def _outcome(text: str, context: NavigationContext, kit: Kit) -> Outcome:
    try:
        return run(text, context, kit)
    except InputError as refused:
        return refused
