"""A programme: which rounds, which questions, in which words. Data from TOML; the engine knows no words of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from nma13 import texts
from nma13.errors import LabError
from nma13.terms import Station

COMMON = Path(__file__).with_name("common.toml")
STATIONS = tuple(station.value for station in Station)
KNOWN_KEYS = {"temperature", "rules", "more_rules", "round", "question"}


class ProgrammeError(LabError):
    """A programme's file does not say what it must."""


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the seven stations."""

    name: str
    tokens: int
    task: str
    """What all seven are asked; it stands in the part they share."""
    turn: str
    """A station's own last word; {station}, {name}, {question} and the case's own places are filled in."""
    sees: tuple[str, ...] = ()
    """Rounds whose words stand before it, the same for all stations."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a JSON answer: one of a list, or a text of at most so many letters."""

    name: str
    one_of: tuple[str, ...] = ()
    longest: int = 120

    @property
    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.one_of)} if self.one_of else {"type": "string", "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class Question:
    """Asked once, about the whole: as JSON when it has fields, else as a text."""

    name: str
    tokens: int
    task: str
    sees: tuple[str, ...]
    fields: tuple[Field, ...] = ()

    @property
    def schema(self) -> dict[str, Any] | None:
        if not self.fields:
            return None
        return {
            "type": "object",
            "properties": {part.name: part.schema for part in self.fields},
            "required": [part.name for part in self.fields],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class Programme:
    """Everything that makes one kind of deliberation this kind and no other."""

    rules: str
    rounds: tuple[Round, ...]
    questions: tuple[Question, ...]
    temperature: float = 0.9
    own_places: frozenset[str] = field(default_factory=frozenset)
    """Places in turns and questions that each case must fill, besides the station's."""

    def question(self, name: str) -> Question:
        return next(question for question in self.questions if question.name == name)


@cache
def load_programme(path: Path | None = None) -> Programme:
    """The programme of a file, over what is common to all; rounds and questions are replaced by name."""
    plain = _read(COMMON)
    try:
        if path is not None:
            own = _read(path)
            plain = {
                **plain,
                **own,
                "round": _replaced(plain["round"], own.get("round", [])),
                "question": _replaced(plain["question"], own.get("question", [])),
            }
        rounds = tuple(Round(**_tuples(entry)) for entry in plain["round"])
        questions = tuple(_question(entry) for entry in plain["question"])
        places = {place for task in _tasks(rounds, questions) for place in _places(task)}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ProgrammeError(f"{path or COMMON} has an entry that is none of a programme's: {error}.") from error
    _check_order(rounds, questions, path or COMMON)
    return Programme(
        rules=_rules(plain),
        rounds=rounds,
        questions=questions,
        temperature=float(plain["temperature"]),
        own_places=frozenset(places - {"station", "name", "question"}),
    )


def station_places(station: str) -> dict[str, str]:
    """What fills a task's places for one station."""
    return {
        "station": station,
        "name": texts.station(station, "name"),
        "question": texts.station(station, "question"),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ProgrammeError(f"The programme {path} cannot be read ({error}).") from error
    if unknown := set(plain) - KNOWN_KEYS:
        raise ProgrammeError(f"{path} has keys that no programme has: {', '.join(sorted(unknown))}.")
    return plain


def _replaced(common: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entry by entry: an own one of the same name overrides what it names, a new one is added."""
    found = {entry["name"]: entry for entry in common}
    for entry in own:
        found[entry["name"]] = {**found.get(entry["name"], {}), **entry}
    return list(found.values())


def _question(entry: Mapping[str, Any]) -> Question:
    fields = tuple(Field(**_tuples(part)) for part in entry.get("fields", ()))
    return Question(**{**_tuples(entry), "fields": fields})


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value.strip() if isinstance(value, str) else value
        for name, value in entry.items()
    }


def _check_order(rounds: tuple[Round, ...], questions: tuple[Question, ...], path: Path) -> None:
    """Nobody is shown what has not been said yet."""
    said = [round_.name for round_ in rounds]
    order = [(round_.name, round_.sees, said[:index]) for index, round_ in enumerate(rounds)]
    order += [(question.name, question.sees, said) for question in questions]
    for name, sees, before in order:
        if late := [other for other in sees if other not in before]:
            raise ProgrammeError(f"{path}: {name} sees {', '.join(late)}, which comes later or nowhere.")


def _tasks(rounds: tuple[Round, ...], questions: tuple[Question, ...]) -> tuple[str, ...]:
    """Those that have places to fill."""
    return (*(round_.turn for round_ in rounds), *(question.task for question in questions))


def _rules(plain: Mapping[str, Any]) -> str:
    common = plain["rules"].strip().replace("{stations}", _introductions())
    more = plain.get("more_rules", "").strip()
    return f"{common}\n\n{more}" if more else common


def _places(task: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(task) if name}


def _introductions() -> str:
    return "\n".join(f"{s} {texts.station(s, 'name')}: {texts.station(s, 'question')}" for s in STATIONS)
