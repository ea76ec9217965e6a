"""One finished run as a person reads it: chips, their own words underlined, the trace, the gates. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps import pieces
from apps.html import Html, el, text
from apps.pieces import Tone
from nma13.counterfactual import Change
from nma13.evidence import Finding
from nma13.navigation_loop import Turn
from nma13.state import PipelineState, summary
from nma13.terms import Station, spelled
from nma13.texts import crisis, station

LIMIT_SHOWN = 20_000  # characters of the person's text that are shown with marks
STATION_NAMES = {one.value: station(one.value, "name") for one in Station}
TONES: dict[str, Tone] = {
    "EXPLICIT DECLINE": "alarm", "TRAGIC FORK": "alarm", "REBUILD": "warm", "EPISTEMIC FORK": "warm",
    "HEDGED VECTOR": "warm", "SEQUENCED VECTOR": "calm", "VECTOR": "calm",
    "REDIRECT": "alarm", "NMA-3": "warm", "CLARIFY": "warm",
    "CRISIS": "alarm", "MANIPULATION": "alarm", "AUTHORITY": "warm",
}  # fmt: skip
WHAT = {"routing": "routing", "trust": "trust", "output_class": "answer", "mode": "mode", "halted": "halted"}


def chips(state: PipelineState) -> Html:
    """What has been decided, each with what it means."""
    row = summary(state)
    shown = [
        pieces.chip(row["output_class"], TONES.get(row["output_class"], "plain"), "kind of answer that is allowed"),
        pieces.chip(str(row["mode"]).lower(), "plain", row["mode_reason"]),
        pieces.chip(f"routing {row['routing']}", TONES.get(row["routing"], "plain"), "where the case is sent"),
        pieces.chip(
            f"friction {row['friction'].lower()}", "plain", f"tension among the stations: {row['friction_level']}"
        ),
        pieces.chip(f"{STATION_NAMES[row['lead']]} speaks first", "plain", f"lead station {row['lead']}"),
    ]
    shown += [pieces.chip(flag, TONES.get(flag, "alarm"), "red flag") for flag in row["red_flags"]]
    if row["override"] not in (None, "NONE"):
        shown.append(pieces.chip(row["override"], "warm", "override: tone, budgets and locks"))
    if row["step0_score"] is not None and row["step0_score"] < 100:
        shown.append(pieces.chip(f"premises {row['step0_score']}", "warm", "fidelity of the premises; 100 is clean"))
    if row["halted"]:
        shown.append(pieces.chip("halted", "alarm", row["halt_reason"]))
    return el("div", shown, class_="chips", role="list", aria_label="What was decided")


def own_words(state: PipelineState) -> Html:
    """The person's text, premises and evidence underlined, each saying on hover what it was read as."""
    marks: list[tuple[int, int, str, str]] = []
    if state.step0:
        marks += [
            (f.span.start, f.span.end, "premise", f"unverified premise: {f.reason} {f.verify}")
            for f in state.step0.flags
        ]
    by_rule = {f.sets for f in state.findings if f.counts and f.origin == "rule"}
    for finding in state.findings:
        said_by_rule = finding.origin == "rule" or finding.sets not in by_rule
        if finding.counts and said_by_rule and not finding.sets.startswith(("STEP0", "CLAIM", "STATION")):
            marks += [(span.start, span.end, "seen", f"{finding.sets}: {_reason(finding)}") for span in finding.spans]
    shown = state.text[:LIMIT_SHOWN]
    rest = f" … ({len(state.text) - LIMIT_SHOWN:,} more characters)" if len(state.text) > LIMIT_SHOWN else ""
    body = Html("".join(_marked(shown, marks)))
    return el("blockquote", body, rest, class_="own-words", aria_label="Your words, with what was read in them")


def _marked(shown: str, marks: Sequence[tuple[int, int, str, str]]) -> Iterable[Html]:
    """Overlapping marks become one; the first one's meaning stands, the others are added to it."""
    merged: list[tuple[int, int, str, str]] = []
    for start, end, kind, meaning in sorted(marks):
        if merged and start < merged[-1][1]:
            low, high, first, said = merged[-1]
            kind = "premise" if "premise" in (first, kind) else first
            merged[-1] = (low, max(high, end), kind, said if meaning in said else f"{said} · {meaning}")
        else:
            merged.append((start, end, kind, meaning))
    at = 0
    for start, end, kind, meaning in merged:
        if start >= len(shown):
            break
        yield text(shown[at:start])
        yield el("mark", shown[start:end], class_=kind, title=meaning)
        at = end
    yield text(shown[at:])


def prose(words: str, state: PipelineState | None = None, *, note: str = "") -> Html:
    """The answer; who wrote it stands beneath."""
    paragraphs = [el("p", part) for part in words.split("\n") if part.strip()]
    source = el("p", _source(state), class_="source") if state is not None else el("p", note, class_="source")
    urgent = state is not None and "CRISIS" in summary(state)["red_flags"]
    vouched = el("p", _vouched(state), class_="source") if urgent and state is not None else None
    kind = "answer urgent" if urgent else "answer"
    return el("article", paragraphs, source, vouched, class_=kind, aria_live="polite")


def _vouched(state: PipelineState) -> str:
    """Who stands behind the help text, and for which country: nobody should have to guess."""
    return crisis(state.context.locale).provenance


def _source(state: PipelineState) -> str:
    made = state.interpretation
    if made is None:
        return ""
    who = {
        "model": f"written by {made.model} inside the decided limits, audited",
        "repaired": f"written by {made.model}, mended by the audit",
        "structural": "composed by the engine itself; no model wrote this",
        "fixed": "a fixed text; no model writes this kind of answer",
    }[made.source.value]
    return f"{who}. {len(made.rejected)} attempt(s) were withdrawn." if made.rejected else f"{who}."


def notices(state: PipelineState) -> Html:
    """What the person should know of the run, never hidden."""
    if not state.notices:
        return Html("")
    return el("ul", [el("li", notice.text) for notice in state.notices], class_="notices", aria_label="Notices")


def why(state: PipelineState, changes: Sequence[Change]) -> Html:
    """The trace: what was seen, what was seen and not counted, what followed, what would change it."""
    counted = [f for f in state.findings if f.counts]
    silenced = [f for f in state.findings if not f.counts]
    parts: list[Html] = []
    if state.engine and state.engine.priors:
        parts.append(_learned(state))
    if changes:
        parts.append(pieces.panel("What would change this decision", el("ul", [_change(change) for change in changes])))
    seen = pieces.table(("Read as", "In your words", "Because", "Rule"), [_row(f) for f in counted], "What was seen")
    parts.append(pieces.panel("What was seen", seen if counted else el("p", "Nothing that a rule speaks to.")))
    if silenced:
        rows = [(f.sets, _words(f), f.suppressed_by, pieces.code(f.rule)) for f in silenced]
        table = pieces.table(
            ("Read as", "In your words", "Not counted because of", "Rule"), rows, "Seen and not counted"
        )
        parts.append(pieces.panel("Seen, and not counted", table))
    rows = [(d.value, pieces.code(d.rule), ", ".join(d.because)) for d in state.derivations]
    parts.append(pieces.panel("What followed", pieces.table(("Value", "By", "Because of"), rows, "What followed")))
    return el("div", parts, class_="why")


def kept(turn: Turn) -> Html:
    """Where the run was kept, and what it resembles."""
    similar = ", ".join(f"#{e.id} ({e.output_class.lower()})" for e in turn.state.context.similar_episodes)
    if turn.episode is None:
        return el("p", "Nothing of this run was kept.", class_="source")
    parts = [f"Kept as episode {turn.episode} in session {turn.loop.session}, cycle {turn.loop.cycle}."]
    parts += [f"It resembles {similar}."] if similar else []
    return el("p", " ".join(parts), class_="source")


def _learned(state: PipelineState) -> Html:
    """The learned rules that asked for more caution than the gates alone, with their episodes."""
    rows = [el("li", f"Rule {prior.id}: {prior.reason}.") for prior in state.applied_priors]
    where = el("p", "It moved PROCEED to HEDGE. Any rule can be switched off under Patterns.", class_="source")
    return pieces.panel("Learned from earlier episodes", el("ul", rows), where)


def gates(state: PipelineState) -> Html:
    """One row a gate."""
    row = summary(state)
    seven = ", ".join(f"{name} {spelled(row[name])}" for name in "ICXATRS")
    rows = [
        ("Step 0", f"fidelity {row['step0_score']}", ", ".join(row["step0_flags"]) or "no unverified premise"),
        ("Gate 1", seven, f"routing {row['routing_gate1']}"),
        (
            "Gate 2",
            f"{len(state.gate2.claims) if state.gate2 else 0} claims",
            ", ".join(row["red_flags"]) or "no red flag",
        ),
        ("Gate 3", _gate3(state), f"friction {row['friction']}, level {row['friction_level']}"),
        ("Engine", f"trust {row['trust']}", row["output_class"]),
        (
            "Gate 4",
            "skipped" if state.gate4 is None else f"{len(state.gate4.traces)} sentences traced",
            state.gate4.reason if state.gate4 else "",
        ),
        ("S8", "halted" if row["halted"] else "passed", row["halt_reason"] or ""),
    ]
    table = pieces.table(("Gate", "Found", "Decided"), rows, "What each gate decided")
    return el("div", pieces.panel("Gates", table), class_="why")


def _gate3(state: PipelineState) -> str:
    if state.gate3 is None:
        return "skipped"
    active = [f"{STATION_NAMES[v.station.value]} {v.activation:g}" for v in state.gate3.voices if v.activation]
    return ", ".join(active) or "no station is active"


def _row(finding: Finding) -> tuple[Html | str, ...]:
    kind = f" ({finding.kind})" if finding.kind else ""
    return f"{finding.sets}{kind}", _words(finding), _reason(finding), pieces.code(finding.rule)


def _words(finding: Finding) -> str:
    return " + ".join(f"«{span.text[:160]}»" for span in finding.spans)


def _reason(finding: Finding) -> str:
    if finding.similarity is not None:
        return f"like «{finding.reason[:120]}» ({finding.similarity:.2f})"
    return finding.reason


def _change(change: Change) -> Html:
    words = ", ".join(f"«{span.text[:120]}»" for span in change.spans[:3])
    told = "; ".join(f"{WHAT[name]} {after} instead of {before}" for name, before, after in change.differences)
    return el("li", el("b", f"Without {words}"), f" ({change.without}): {told}.")
