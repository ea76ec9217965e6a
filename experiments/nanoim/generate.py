"""The deterministic generator: a suite and a seed give the same bytes, on every machine."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass

from experiments.nanoim.families import DECOYS, FAMILIES, IDLE, TALKING, Family, Member
from experiments.nanoim.turns import SPLITS, STREAMS, MicroTurn, Split, Trace
from experiments.nanoim.wording import sentences
from nma13.config import SHIPPED_DATA
from nma13.errors import UsageError

HOME = SHIPPED_DATA / "nanoim"
SHORT_MS, LONG_MS = (160, 400), (640, 1200)
"""How long a state has held at the decision. Nothing falls between, so that a margin remains for real clocks."""
TALK_MS = (140, 260)
PAUSE_MS = (500, 1100)
AFTER_MS = (80, 130)


@dataclass(frozen=True, slots=True)
class Suite:
    """How much of what: pairs per family in each split."""

    name: str
    train: int
    val: int
    test: int
    decoys: bool
    seed: int

    @property
    def families(self) -> tuple[Family, ...]:
        return FAMILIES[self.name]


def suites() -> dict[str, Suite]:
    """The shipped suites."""
    with (HOME / "suites.toml").open("rb") as file:
        return {name: Suite(name, **table) for name, table in tomllib.load(file).items()}


def suite_named(name: str) -> Suite:
    """A suite that is generated, and can therefore be trained on and left a family out of."""
    known = suites()
    if name == "pilot":
        raise UsageError(f"The suite 'pilot' is a recording to be scored on; for this there are {', '.join(known)}.")
    if name not in known:
        raise UsageError(f"There is no suite {name!r}; there are {', '.join([*known, 'pilot'])}.")
    return known[name]


def generate(suite: str | Suite, seed: int | None = None) -> list[Trace]:
    """All traces of a suite, pair after pair."""
    chosen = suite if isinstance(suite, Suite) else suite_named(suite)
    seed = chosen.seed if seed is None else seed
    traces: list[Trace] = []
    for split in SPLITS:
        rng = random.Random(f"{chosen.name}/{seed}/{split}")
        number: int = getattr(chosen, split)
        said = sentences(split, number * len(chosen.families), rng)
        for place, (family, index) in enumerate((f, i) for f in chosen.families for i in range(number)):
            name = f"{chosen.name}-{split}-{family.name}-{index:02d}"
            traces += _pair(family, name, split, said[place], index, chosen.decoys, rng)  # type: ignore[arg-type]
    return traces


def _pair(
    family: Family, name: str, split: Split, said: str, index: int, decoys: bool, rng: random.Random
) -> tuple[Trace, Trace]:
    """Two traces with one wording. A pair decided by timing alone shares everything else, step by step."""
    beside = _beside(family, decoys, rng)
    lead = _lead(said, decoys, rng)
    pause = rng.randint(*PAUSE_MS)
    # Counterbalanced: the earlier pause that lengthens the whole trace falls to each member in turn.
    early = {"a": pause, "b": 0} if index % 2 else {"a": 0, "b": pause}
    made = []
    for letter, member in (("a", family.a), ("b", family.b)):
        own = lead if family.by_timing_alone or not decoys else _lead(said, decoys, rng)
        turns = _turns(member, own, beside, early[letter] if decoys else 0, rng)
        made.append(Trace(name, letter, family.name, split, len(turns) - 2, tuple(turns)))  # type: ignore[arg-type]
    return made[0], made[1]


def _beside(family: Family, decoys: bool, rng: random.Random) -> dict[str, str]:
    """Meaningless company at the critical step, in streams that do not decide; the same for both members."""
    deciding = {*family.a.streams, *family.b.streams}
    return {s: rng.choice(values) for s, values in DECOYS.items() if decoys and s not in deciding}


@dataclass(frozen=True, slots=True)
class _Lead:
    """One step before the decision begins: words, and perhaps a passing decoy."""

    words: str
    streams: dict[str, str]


def _lead(said: str, decoys: bool, rng: random.Random) -> list[_Lead]:
    words = said.split()
    cuts = sorted(rng.sample(range(1, len(words)), min(2 + rng.randrange(2), len(words) - 1)))
    pieces = [" ".join(words[i:j]) for i, j in zip([0, *cuts], [*cuts, len(words)], strict=True)]
    steps = []
    for place, piece in enumerate(pieces):
        passing = {s: rng.choice(v) for s, v in DECOYS.items()} if decoys and rng.random() < 0.5 else {}
        steps.append(_Lead((" " if place else "") + piece, passing))
    return steps


def _turns(
    member: Member, lead: list[_Lead], beside: dict[str, str], early_pause: int, rng: random.Random
) -> list[MicroTurn]:
    """The user speaks; the deciding state begins; it has held for a while: the decision; one tick more."""
    rows: list[tuple[int, str, dict[str, str], str]] = []
    for place, step in enumerate(lead):
        dt = rng.randint(*TALK_MS) + (early_pause if place == 1 else 0)
        rows.append((dt, step.words, {**IDLE, "user_audio_state": TALKING, **step.streams}, "WAIT"))
    states = {**member.states(), **beside}
    span = {"short": SHORT_MS, "long": LONG_MS}.get(member.held) or rng.choice((SHORT_MS, LONG_MS))
    rows.append((rng.randint(*TALK_MS), "", states, "WAIT"))
    rows.append((rng.randint(*span), "", states, member.action))
    rows.append((rng.randint(*AFTER_MS), "", states, member.action))
    turns, elapsed = [], 0
    for dt, words, streams, action in rows:
        elapsed += dt
        turns.append(MicroTurn(elapsed, dt, user_text_delta=words, action=action, **{s: streams[s] for s in STREAMS}))
    return turns
