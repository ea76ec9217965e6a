"""How prompts are laid out: what all stations share comes first and only grows, a station's own part comes last.

A round's seven prompts then differ in their last message alone, and each round's shared part begins with
the one before it, so that a backend's prefix cache computes every word of the matter once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nma13 import texts
from nma13.deliberation.programme import STATIONS, Programme, Question, Round, station_places
from nma13.llm.types import Message, Request

Said = Mapping[tuple[str, str], str]
"""(round, station) -> text."""


@dataclass(frozen=True, slots=True)
class Block:
    """Material given to all stations beside the matter, under a heading that says what it is worth."""

    heading: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join((self.heading, *self.lines))


@dataclass(frozen=True, slots=True)
class Case:
    """One matter to deliberate."""

    heading: str
    text: str
    seed: int
    seed_step: int = 4
    """From one station's seed to the next; a station's rounds follow each other by one."""
    context: tuple[Block, ...] = ()
    own: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(round, station) -> what fills the programme's own places there."""

    @property
    def grounds(self) -> str:
        """Everything an output may rest on."""
        return "\n".join((self.text, *(line for block in self.context for line in block.lines)))

    def seed_of(self, round_index: int, station: str) -> int:
        return self.seed + STATIONS.index(station) * self.seed_step + round_index


def station_request(programme: Programme, case: Case, said: Said, round_: Round, station: str) -> Request:
    """What one station is asked in one round."""
    places = {**station_places(station), **case.own.get((round_.name, station), {})}
    index = programme.rounds.index(round_)
    return Request(
        (
            shared_part(programme, case, said, round_.sees, round_.task),
            Message("user", round_.turn.format_map(places)),
        ),
        max_tokens=round_.tokens,
        temperature=programme.temperature,
        seed=case.seed_of(index, station),
    )


def question_request(
    programme: Programme, case: Case, said: Said, question: Question, places: Mapping[str, str]
) -> Request:
    """What is asked about the whole."""
    return Request(
        (shared_part(programme, case, said, question.sees), Message("user", question.task.format_map(dict(places)))),
        max_tokens=question.tokens,
        temperature=programme.temperature,
        seed=case.seed_of(len(programme.rounds), STATIONS[0]),
        json_schema=question.schema,
    )


def shared_part(programme: Programme, case: Case, said: Said, rounds: tuple[str, ...], task: str = "") -> Message:
    """One system message: not every model's template takes two turns of the same voice."""
    parts = [programme.rules, f"{case.heading}\n{case.text.strip()}", *(block.text for block in case.context)]
    parts += [_spoken(round_, said) for round_ in programme.rounds if round_.name in rounds]
    return Message("system", "\n\n".join((*parts, task) if task else parts))


def _spoken(round_: Round, said: Said) -> str:
    """A round that is over: what was asked, and who said what."""
    lines = [
        f"{station} {texts.station(station, 'name')}: {' '.join(said[round_.name, station].split())}"
        for station in STATIONS
        if (round_.name, station) in said
    ]
    return "\n".join((f"{round_.task}\n", *lines))
