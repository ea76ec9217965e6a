"""What holds for any text at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nma13.jsonio import dump_state, load_state
from nma13.kit import Kit
from nma13.pipeline import InputError, run
from nma13.rules import load_rules, shipped
from nma13.state import PipelineState

KIT = Kit(shipped())
HITS = sorted({example for rule in load_rules() for example in rule.hits})
MIXED = st.lists(st.one_of(st.sampled_from(HITS), st.text(max_size=40)), min_size=1, max_size=8).map(" ".join)


def outcome(text: str) -> PipelineState | None:
    try:
        return run(text, kit=KIT)
    except InputError:
        return None


@settings(max_examples=150, deadline=None)
@given(st.one_of(MIXED, st.text(st.characters(), max_size=120)))
def test_no_text_breaks_it_and_every_span_quotes_it(text: str) -> None:
    state = outcome(text)
    if state is None:
        return
    assert state.halt_reason not in ("GATE FAILURE", "INTERLOCK VIOLATION"), state.notices
    assert not state.degraded
    for finding in state.findings:
        assert finding.spans
        for span in (*finding.spans, finding.clause):
            assert text[span.start : span.end] == span.text
    if state.gate2:
        assert all(text[c.span.start : c.span.end] == c.span.text for c in state.gate2.claims)


@settings(max_examples=40, deadline=None)
@given(MIXED)
def test_same_text_same_bytes(text: str) -> None:
    first, second = outcome(text), outcome(text)
    if first and second:
        assert dump_state(first) == dump_state(second)
        assert load_state(dump_state(first)) == first


@settings(max_examples=60, deadline=None)
@given(MIXED, st.sampled_from([e for r in load_rules() if r.sets.startswith("STEP0=") for e in r.hits]))
def test_one_more_premise_never_raises_the_score(text: str, premise: str) -> None:
    before, after = outcome(text), outcome(f"{text}\n\n{premise}")
    if before and after and before.step0 and after.step0:
        assert (after.step0.score or 0) <= (before.step0.score or 0)
