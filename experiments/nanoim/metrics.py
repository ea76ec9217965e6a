"""All figures of a scorecard, from traces and the probabilities a policy gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.nanoim.features import Floats
from experiments.nanoim.policies import BASELINES, Policy
from experiments.nanoim.turns import ACTIONS, Trace, pairs_of

MEANING: dict[str, str] = {
    "transcript_upper_bound": "best possible accuracy of any policy that sees the transcript only",
    "temporal_aliasing_accuracy": "critical actions that were right, over the members of alias pairs (TAA)",
    "paired_separation_rate": "pairs in which both members were right (PSR)",
    "action_accuracy": "critical actions that were right, over all traces",
    "sequence_action_accuracy": "actions that were right, over all steps of all traces",
    "wait_vs_speak_accuracy": "right among the traces that call for WAIT or SPEAK",
    "false_interrupt_rate": "STOP_SPEAKING chosen where the assistant should have gone on, while it speaks",
    "missed_interrupt_rate": "STOP_SPEAKING not chosen where it was called for",
    "barge_in_recovery_time": "milliseconds from the interruption to the first STOP_SPEAKING, or to the trace's end",
    "clarification_timing_score": "F1 of ASK_CLARIFICATION at critical steps",
    "tool_weaving_score": "right in the pairs that involve a tool or its result",
    "turn_based_baseline_delta": "TAA minus that of the transcript majority",
}
TOOLS = {"CALL_TOOL", "RESUME_WITH_RESULT"}


def chosen(probabilities: Sequence[Floats]) -> list[list[str]]:
    """The action taken at every step."""
    return [[ACTIONS[i] for i in rows.argmax(-1)] for rows in probabilities]


def critical_actions(traces: Sequence[Trace], taken: Sequence[Sequence[str]]) -> list[str]:
    return [steps[trace.critical] for trace, steps in zip(traces, taken, strict=True)]


def right(traces: Sequence[Trace], actions: Sequence[str]) -> dict[str, bool]:
    """Trace name → whether its critical action was right."""
    return {trace.name: trace.target == action for trace, action in zip(traces, actions, strict=True)}


def taa_psr(traces: Sequence[Trace], actions: Sequence[str]) -> tuple[float, float]:
    """The two headline figures."""
    hits = right(traces, actions)
    pairs = pairs_of(traces)
    both = [hits[pair.a.name] and hits[pair.b.name] for pair in pairs]
    each = [hits[member.name] for pair in pairs for member in (pair.a, pair.b)]
    return _share(each), _share(both)


def score(policy: Policy, train: Sequence[Trace], test: Sequence[Trace]) -> dict[str, float | None]:
    """Every metric of a fitted policy on test traces. None: nothing in the data asks for it."""
    taken = chosen(policy.decide(test))
    actions = critical_actions(test, taken)
    taa, psr = taa_psr(test, actions)
    hits = right(test, actions)
    steps = [turn.action == a for trace, row in zip(test, taken, strict=True)
             for turn, a in zip(trace.turns, row, strict=True)]  # fmt: skip
    return {
        "transcript_upper_bound": upper_bound(test),
        "temporal_aliasing_accuracy": taa,
        "paired_separation_rate": psr,
        "action_accuracy": _share(list(hits.values())),
        "sequence_action_accuracy": _share(steps),
        "wait_vs_speak_accuracy": _maybe([hits[t.name] for t in test if t.target in ("WAIT", "SPEAK")]),
        **interruptions(test, actions, taken),
        "clarification_timing_score": _f1(test, actions, "ASK_CLARIFICATION"),
        "tool_weaving_score": _maybe(
            [hits[m.name] for p in pairs_of(test) if {p.a.target, p.b.target} & TOOLS for m in (p.a, p.b)]
        ),
        "turn_based_baseline_delta": taa - baseline_taa(train, test),
    }


def upper_bound(traces: Sequence[Trace]) -> float:
    """What the oracle reaches, by asking it."""
    return policy_taa_psr(BASELINES["transcript_oracle"](), traces, traces)[0]


def baseline_taa(train: Sequence[Trace], test: Sequence[Trace]) -> float:
    return policy_taa_psr(BASELINES["transcript_majority"](), train, test)[0]


def policy_taa_psr(policy: Policy, train: Sequence[Trace], test: Sequence[Trace]) -> tuple[float, float]:
    """Fit, decide, and the two headline figures. The oracle is told the test's own answers."""
    policy.fit(test if policy.name == "transcript_oracle" else train)
    return taa_psr(test, critical_actions(test, chosen(policy.decide(test))))


def interruptions(
    test: Sequence[Trace], actions: Sequence[str], taken: Sequence[Sequence[str]]
) -> dict[str, float | None]:
    stop = "STOP_SPEAKING"
    rows = list(zip(test, actions, taken, strict=True))
    while_speaking = [r for r in rows if r[0].turns[r[0].critical].model_audio_state == "speaking"]
    called_for = [row for row in rows if row[0].target == stop]
    times = [recovery_ms(trace, steps) for trace, _, steps in called_for]
    return {
        "false_interrupt_rate": _maybe([a == stop for t, a, _ in while_speaking if t.target != stop]),
        "missed_interrupt_rate": _maybe([a != stop for _, a, _ in called_for]),
        "barge_in_recovery_time": float(np.mean(times)) if times else None,
    }


def recovery_ms(trace: Trace, steps: Sequence[str]) -> int:
    """From the onset of the state that interrupts to the first step at which the assistant falls silent."""
    state, onset = trace.turns[trace.critical].states(), trace.critical
    while onset > 0 and trace.turns[onset - 1].states() == state:
        onset -= 1
    begun = trace.turns[onset].t_ms - trace.turns[onset].dt_ms
    for turn, action in zip(trace.turns[onset:], steps[onset:], strict=True):
        if action == "STOP_SPEAKING":
            return turn.t_ms - begun
    return trace.turns[-1].t_ms - begun


def by_family(traces: Sequence[Trace], actions: Sequence[str]) -> dict[str, dict[str, float]]:
    """TAA and PSR family by family."""
    found: dict[str, dict[str, float]] = {}
    for family in dict.fromkeys(trace.family for trace in traces):
        rows = [i for i, trace in enumerate(traces) if trace.family == family]
        taa, psr = taa_psr([traces[i] for i in rows], [actions[i] for i in rows])
        found[family] = {"taa": taa, "psr": psr}
    return found


def _f1(traces: Sequence[Trace], actions: Sequence[str], action: str) -> float | None:
    found = sum(a == action and t.target == action for t, a in zip(traces, actions, strict=True))
    asked, called_for = sum(a == action for a in actions), sum(t.target == action for t in traces)
    return 2 * found / (asked + called_for) if asked + called_for else None


def _share(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if hits else 0.0


def _maybe(hits: Sequence[bool]) -> float | None:
    return float(np.mean(hits)) if hits else None


def rounded(figures: Mapping[str, float | None], digits: int = 6) -> dict[str, float | None]:
    return {name: None if value is None else round(value, digits) for name, value in figures.items()}
