"""A state in a terminal: the header, the notices, and the trace with its evidence underlined."""

from __future__ import annotations

from collections.abc import Iterable

from nma13.context import MaterialKind
from nma13.evidence import Finding, Span
from nma13.material import citation, classes
from nma13.navigation_loop import Turn
from nma13.state import PipelineState, summary
from nma13.terms import spelled

UNDERLINE, RESET = "\033[4m", "\033[0m"


def header(state: PipelineState, model: str = "") -> str:
    """Class, mode, routing, friction, override, cycle, model: what has been decided, in one line."""
    row = summary(state)
    parts = [
        str(row["output_class"]),
        str(row["mode"]),
        f"routing {row['routing']}",
        f"friction {row['friction']}",
        f"lead {row['lead']}",
    ]
    parts += [f"override {row['override']}"] if row["override"] not in (None, "NONE") else []
    parts += row["red_flags"]
    parts += [f"cycle {state.context.loop_cycle}"] if state.context.loop_cycle else []
    parts += [f"model {model}"] if model else []
    return " · ".join(parts)


def notices(state: PipelineState) -> list[str]:
    return [f"note: {notice.text}" for notice in state.notices]


def about(turn: Turn) -> list[str]:
    """What a person should know about a finished turn: notices, and where it was stored."""
    lines = notices(turn.state)
    lines += material(turn.state)
    similar = turn.state.context.similar_episodes
    if similar:
        lines.append("resembles: " + ", ".join(f"episode {e.id} ({e.output_class})" for e in similar))
    if turn.episode is not None:
        lines.append(f"stored as episode {turn.episode} in session {turn.loop.session}")
    return lines


def material(state: PipelineState) -> list[str]:
    """What lay at hand: document, page and span of each passage, and what it asserts on what ground."""
    passages = (*state.context.document_passages, *state.context.web_results)
    kinds = {MaterialKind.LIVE: "attached", MaterialKind.WEB: "web, unverified", MaterialKind.TERRAIN: "terrain"}
    return [
        f"at hand [{kinds.get(one.kind, 'document')}]: {printable(citation(one))} ({classes(one)})"
        + ("; kept from the model" if one.withheld else "")
        for one in passages
    ]


def learned(state: PipelineState) -> list[str]:
    """The learned rules that moved this decision, each with the episodes it was learned from."""
    return [f"  rule {prior.id}: {prior.reason}" for prior in state.applied_priors]


def gates(state: PipelineState) -> str:
    """What each gate found, one line each."""
    row = summary(state)
    claims = len(state.gate2.claims) if state.gate2 else 0
    seven = " ".join(f"{name}={spelled(row[name])}" for name in "ICXATRS")
    lines = [
        f"Step 0   fidelity {row['step0_score']}"
        + (f", {', '.join(row['step0_flags'])}" if row["step0_flags"] else ""),
        f"Gate 1   {seven}  → {row['routing_gate1']}",
        f"Gate 2   {claims} claims, red flags: {', '.join(row['red_flags']) or 'none'}",
        f"Gate 3   friction {row['friction']} ({row['friction_level']}), lead {row['lead']}",
        f"Engine   trust {row['trust']} → {row['output_class']}",
        f"Gate 4   {'skipped' if state.gate4 is None else 'traced' if state.gate4.passed else 'rejected'}",
        f"S8       {'halted: ' + state.halt_reason if state.halted else 'passed'}",
    ]
    return "\n".join(lines)


def explain(state: PipelineState, *, colour: bool) -> str:
    """The person's own words with the evidence underlined, then each finding and what followed from it."""
    found = [finding for finding in state.findings if finding.counts]
    silenced = [finding for finding in state.findings if not finding.counts]
    spans = [span for finding in found for span in finding.spans]
    lines = [underlined(state.text, spans, colour=colour), ""]
    lines += [_line(finding) for finding in found] or ["Nothing was found that a rule speaks to."]
    if silenced:
        lines += ["", "Seen, and not counted:"]
        lines += [f"{_line(finding)}  because of {finding.suppressed_by}" for finding in silenced]
    if derived := state.derivations:
        lines += ["", "What followed:"]
        lines += [
            f"  {d.value:<28} by {d.rule}" + (f", because of {', '.join(d.because)}" if d.because else "")
            for d in derived
        ]
    if by_learning := learned(state):
        lines += ["", "Learned from earlier episodes (it can only ask for more caution):", *by_learning]
    return "\n".join(lines)


def underlined(text: str, spans: Iterable[Span], *, colour: bool) -> str:
    """`text` with the spans marked: underlined on a terminal, between _ and _ elsewhere."""
    opening, closing = (UNDERLINE, RESET) if colour else ("_", "_")
    pieces, at = [], 0
    for start, end in _merged(spans):
        pieces += [printable(text[at:start]), opening, printable(text[start:end]), closing]
        at = end
    return "".join([*pieces, printable(text[at:])])


def printable(text: str) -> str:
    """Without control characters that could steer a terminal."""
    return "".join(char for char in text if char in "\n\t" or char.isprintable())


def shortened(text: str, most: int) -> str:
    """On one line, cut between words."""
    words = printable(" ".join(text.split()))
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + " …"


def _merged(spans: Iterable[Span]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.start, span.end))
    return merged


def _line(finding: Finding) -> str:
    words = printable(" + ".join(f"«{span.text}»" for span in finding.spans))
    near = f" (like «{finding.reason}», {finding.similarity:.2f})" if finding.similarity is not None else ""
    kind = f" {finding.kind}" if finding.kind else ""
    return f"  {finding.sets}{kind}  {words}  [{finding.rule}]{near}"
