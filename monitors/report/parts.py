"""What a report is made of; the writers turn each part into their own format."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.report.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Heading:
    words: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with the sentence that says what it shows."""

    name: str
    drawing: Drawing
    caption: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Something the programme has noticed and does not explain. It has no field for an answer, on purpose."""

    title: str
    noticed: str
    now: str
    not_shown: str


Part = Heading | Paragraph | Table | Figure | Signal
OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    about: str
    parts: tuple[Part, ...]
