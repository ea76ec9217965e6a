"""The structural text: plain sentences that follow from the state alone, each with what it rests on."""

from __future__ import annotations

from nma13.evidence import Span
from nma13.state import Gate1Output, Gate2Output, Gate3Output, Sentence, Step0Output
from nma13.terms import (
    ClaimClass,
    Constraint,
    FrictionType,
    OutputClass,
    Override,
    RedFlag,
    Routing,
    Standing,
    TraceMark,
)
from nma13.texts import crisis, station, table

QUOTE_LIMIT = 160


def compose(
    output_class: OutputClass,
    gate1: Gate1Output,
    gate2: Gate2Output,
    gate3: Gate3Output | None,
    step0: Step0Output,
    locale: str,
    degraded: bool,
) -> tuple[Sentence, ...]:
    """Help first in danger; then what must be said; then what the class allows; forced voices last."""
    if RedFlag.CRISIS in gate2.red_flags:
        return tuple(Sentence(line, ("flag=CRISIS",), TraceMark.TRACED) for line in crisis(locale).lines)
    said = _acknowledgements(gate1, gate2, step0, degraded)
    if output_class is OutputClass.TRAGIC_FORK:
        return (*said, *_tragic(gate3))
    said += _body(output_class, gate1, gate2, gate3)
    if gate3:
        said += _friction(gate3)
        said += [
            Sentence(voice.text, (f"routing={gate2.effective_routing}",), TraceMark.LABELLED)
            for voice in gate3.voices
            if voice.forced
        ]
    if gate2.effective_routing is Routing.CLARIFY:
        question = str(table("structural")["clarify"]["question"])
        said.append(Sentence(question, ("routing=CLARIFY",), TraceMark.LABELLED))
    return tuple(said)


def quote(span: Span) -> str:
    """The person's own words, shortened at a word where they are long."""
    text = " ".join(span.text.split())
    return text if len(text) <= QUOTE_LIMIT else text[:QUOTE_LIMIT].rsplit(" ", 1)[0] + " …"


def _acknowledgements(gate1: Gate1Output, gate2: Gate2Output, step0: Step0Output, degraded: bool) -> list[Sentence]:
    words = table("structural")["acknowledge"]
    said: list[Sentence] = []

    def add(key: str, rests_on: str, mark: TraceMark = TraceMark.TRACED, text: str = "") -> None:
        said.append(Sentence(str(words[key]).replace("{quote}", text), (rests_on,), mark))

    if gate1.standing is Standing.ABSENT:
        add("ABSENT", "S=ABSENT")
    for constraint in (Constraint.STANDING_FLAG, Constraint.SHARED_FLAG, Constraint.HEDGE_FLOOR):
        if constraint in gate1.constraints:
            add(constraint, f"constraint={constraint}")
    if step0.flags:
        add("PREMISE", f"premise@{step0.flags[0].span.start}", text=quote(step0.flags[0].span))
    if rejected := [claim for claim in gate2.claims if claim.rejected]:
        add("AUTHORITY", "flag=AUTHORITY", text=quote(rejected[0].span))
    if degraded:
        add("DEGRADED", "degraded")
    if unsure := [claim for claim in gate2.claims if claim.klass is ClaimClass.UNCERTAIN]:
        add("UNCERTAIN", f"claim@{unsure[0].span.start}", TraceMark.GROUNDED, quote(unsure[0].span))
    return said


def _body(
    output_class: OutputClass, gate1: Gate1Output, gate2: Gate2Output, gate3: Gate3Output | None
) -> list[Sentence]:
    lines = [str(line) for line in table("structural")["class"][output_class.value]]
    rests: tuple[str, ...] = (f"class={output_class}",)
    if output_class is OutputClass.EPISTEMIC_FORK:
        a, b = gate2.contested
        lines[0] = lines[0].replace("{a}", quote(a.span)).replace("{b}", quote(b.span))
        rests = (*rests, f"claim@{a.span.start}", f"claim@{b.span.start}")
    elif output_class is OutputClass.SEQUENCED_VECTOR and gate3:
        axis = gate3.axes[0]
        lines[0] = lines[0].replace("{first}", station(axis.a, "name")).replace("{second}", station(axis.b, "name"))
        rests = (*rests, f"axis={axis.a}–{axis.b}")
    elif output_class is OutputClass.HEDGED_VECTOR:
        if gate2.claims:
            lines[1] = lines[1].replace("{quote}", quote(gate2.claims[0].span))
            rests = (*rests, f"claim@{gate2.claims[0].span.start}")
        else:
            del lines[1]
    elif output_class is OutputClass.EXPLICIT_DECLINE:
        lines.append(_decline(gate1))
    return [Sentence(line, rests, TraceMark.LABELLED) for line in lines]


def _decline(gate1: Gate1Output) -> str:
    words = table("structural")["decline"]
    if gate1.standing is Standing.ABSENT:
        return str(words["S_ABSENT"])
    return str(words["O-TC20" if gate1.override is Override.TC20 else "OTHER"])


def _friction(gate3: Gate3Output) -> list[Sentence]:
    text = str(table("structural")["friction"][gate3.friction.value])
    if gate3.axes:
        axis = gate3.axes[0]
        text = text.replace("{a}", station(axis.a, "name")).replace("{b}", station(axis.b, "name"))
    return [Sentence(text, (f"friction={gate3.friction}",), TraceMark.LABELLED)] if text else []


def _tragic(gate3: Gate3Output | None) -> list[Sentence]:
    """Only what is permitted: every path costs, the losses in the person's words, and that it is carried."""
    opening, _, _, closing = (str(line) for line in table("structural")["class"]["TRAGIC FORK"])
    losses = gate3.losses if gate3 else ()
    on = (f"friction={FrictionType.TRAGIC_FORK}",)
    named = [Sentence(f"«{quote(s)}».", (*on, f"loss@{s.start}"), TraceMark.TRACED) for s in losses]
    return [Sentence(opening, on, TraceMark.LABELLED), *named, Sentence(closing, on, TraceMark.LABELLED)]
