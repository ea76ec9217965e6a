"""Gate 3: seven stations, what touches them, where two of them pull against each other, who leads."""

from __future__ import annotations

from typing import NamedTuple

from nma13.evidence import Derivation, Finding, Span
from nma13.rules.engine import Reading
from nma13.state import Axis, Gate1Output, Gate2Output, Gate3Output, StationVoice
from nma13.terms import FrictionLevel, FrictionType, Irreversibility, Routing, Station
from nma13.texts import station as words

ACTIVATION = (0.0, 0.25, 0.50, 0.75, 1.0)
"""By number of matched signals; four and more: 1.0."""

LIVE = 0.25
BINDING = 0.75

# The nine pairs of the partner table, and two of ours: S2–S5 and S3–S7.
AXES: tuple[Axis, ...] = (
    Axis(Station.S1, Station.S2, "safety against choice"),
    Axis(Station.S1, Station.S3, "stability against possibility"),
    Axis(Station.S1, Station.S6, "safety against being seen"),
    Axis(Station.S1, Station.S7, "safety against what outlasts"),
    Axis(Station.S2, Station.S6, "boundary against closeness"),
    Axis(Station.S3, Station.S4, "possibility against duty"),
    Axis(Station.S4, Station.S5, "duty against self"),
    Axis(Station.S4, Station.S7, "duty against legacy"),
    Axis(Station.S5, Station.S6, "self against closeness"),
    Axis(Station.S2, Station.S5, "choice against identity"),
    Axis(Station.S3, Station.S7, "possibility against legacy"),
)


class Friction(NamedTuple):
    type: FrictionType
    rule: str
    because: tuple[str, ...]


def deliberate(reading: Reading, gate1: Gate1Output, gate2: Gate2Output) -> Gate3Output:
    """Let the stations speak and name the friction between them."""
    findings = reading.of("STATION", "FRICTION")
    counting = tuple(f for f in findings if f.counts)
    signals = {station: _signals(counting, station) for station in Station}
    forced = gate1.irreversibility is Irreversibility.HIGH or gate2.effective_routing is Routing.NMA3
    voices = tuple(_voice(station, signals[station], forced) for station in Station)
    level = {voice.station: voice.activation for voice in voices}
    axes = tuple(axis for axis in AXES if level[axis.a] >= LIVE and level[axis.b] >= LIVE)
    losses = _losses(counting)
    friction = _friction(counting, gate1, axes, level, losses)
    lead, why = _lead(gate1, level)
    return Gate3Output(
        voices=voices,
        axes=axes,
        friction=friction.type,
        level=_level(friction.type, axes),
        lead=lead,
        losses=losses if friction.type is FrictionType.TRAGIC_FORK else (),
        derivations=(
            Derivation(f"friction={friction.type}", friction.rule, friction.because),
            Derivation(f"lead={lead}", *why),
        ),
        findings=findings,
    )


def _signals(findings: tuple[Finding, ...], station: Station) -> int:
    """Distinct words that touch a station; the same word twice is one signal."""
    return len({f.spans[0].text.lower() for f in findings if f.sets == f"STATION={station}"})


def _voice(station: Station, signals: int, forced: bool) -> StationVoice:
    activation = ACTIVATION[min(signals, 4)]
    must = forced and not signals
    text = words(station, "forced" if must else "speaks") if must or signals else ""
    return StationVoice(station, signals, activation, must, text)


def _losses(findings: tuple[Finding, ...]) -> tuple[Span, ...]:
    """Irreversible losses the person names, one per place."""
    return tuple(dict.fromkeys(f.spans[0] for f in findings if f.sets == "FRICTION=LOSS"))


def _paths(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """How the paths are named: set against each other, or opened by two ifs. Empty: they are not."""
    named = next((f.rule for f in findings if f.sets == "FRICTION=FORK"), "")
    ifs = [f for f in findings if f.sets == "FRICTION=if_path"]
    if named:
        return (named,)
    return tuple(f"{f.rule}@{f.spans[0].start}" for f in ifs) if len(ifs) >= 2 else ()


def _friction(
    findings: tuple[Finding, ...],
    gate1: Gate1Output,
    axes: tuple[Axis, ...],
    level: dict[Station, float],
    losses: tuple[Span, ...],
) -> Friction:
    """The strictest type that holds. Stations that only speak because they must are not active."""
    said = {f.sets: f.rule for f in findings}
    if "FRICTION=TRAGIC" in said:
        return Friction(FrictionType.TRAGIC_FORK, "FRICTION-TRAGIC", (said["FRICTION=TRAGIC"],))
    paths = _paths(findings)
    if len(losses) >= 2 and paths:
        because = (*paths, *(f"loss@{span.start}" for span in losses))
        return Friction(FrictionType.TRAGIC_FORK, "FRICTION-TRAGIC", because)
    if gate1.collision:
        return Friction(FrictionType.IRREDUCIBLE, "FRICTION-COLLISION", ("X=TRUE",))
    if tight := [a for a in axes if level[a.a] >= BINDING and level[a.b] >= BINDING]:
        return Friction(FrictionType.IRREDUCIBLE, "FRICTION-BOTH-BIND", tuple(f"{a.a}–{a.b}" for a in tight))
    names = tuple(f"{a.a}–{a.b}" for a in axes)
    if axes and "FRICTION=CIRCLING" in said:
        return Friction(FrictionType.UNPRODUCTIVE, "FRICTION-CIRCLING", (said["FRICTION=CIRCLING"], *names))
    if axes:
        return Friction(FrictionType.PRODUCTIVE, "FRICTION-LIVE", names)
    return Friction(FrictionType.NONE, "FRICTION-NONE", ("no axis has both ends active",))


def _level(friction: FrictionType, axes: tuple[Axis, ...]) -> FrictionLevel:
    if friction is FrictionType.NONE:
        return FrictionLevel.NONE
    if len(axes) >= 2 or friction in (FrictionType.IRREDUCIBLE, FrictionType.TRAGIC_FORK):
        return FrictionLevel.HIGH
    return FrictionLevel.LOW


def _lead(gate1: Gate1Output, level: dict[Station, float]) -> tuple[Station, tuple[str, tuple[str, ...]]]:
    """A preset leads; else the most active; among equals the lowest number, so nothing active means S1."""
    if gate1.lead_preset:
        return gate1.lead_preset, ("LEAD-PRESET", (f"override={gate1.override}",))
    lead = max(Station, key=lambda station: level[station])
    return lead, ("LEAD-HIGHEST", (f"{lead}={level[lead]}",))
