"""A language model as a proposer: it is shown the state and the action, and answers with edits, a line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from experiments.verisim.worlds.contract import Action, Delta, Edit, World, canonical_json
from experiments.verisim.worlds.filesystem import edits as filesystem
from experiments.verisim.worlds.network import edits as network

SHAPES = {"filesystem": filesystem.SHAPES, "network": network.SHAPES}
HINTS = {
    "filesystem": 'The content of a directory is null, that of an empty file "".',
    "network": "Hosts are numbers.",
}
NUMBER = re.compile(r"h?([0-9]{1,9})")

Ask = Callable[[str], str]


class Asked:
    """Any writer, as `ask(prompt) -> text`. What it says that is no edit is left out."""

    name = "language model"

    def __init__(self, world: World, ask: Ask) -> None:
        self.world, self.ask = world, ask

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return edits_in(self.world.name, self.ask(prompt(self.world, state, action)))


def prompt(world: World, state: Any, action: Action) -> str:
    shapes = ", ".join(f"{op}/{len(shape)}" for op, shape in SHAPES[world.name].items())
    return (
        f"You predict one step of a simulated {world.name}.\n"
        f"State: {canonical_json(world.to_json(state))}\n"
        f"Action: {world.line(action)}\n"
        f"Answer with the edits the step makes, one a line: the name, then its arguments. Names/arguments: {shapes}.\n"
        f"{HINTS[world.name]} The last line is the result. Nothing else.\n"
    )


def edits_in(world: str, said: str) -> Delta:
    """The edits among the lines."""
    found = []
    for line in said.splitlines():
        op, *words = line.split() or [""]
        shape = SHAPES[world].get(op)
        if shape is not None and len(shape) == len(words):
            try:
                args = tuple(_value(word, kind) for word, kind in zip(words, shape, strict=True))
            except ValueError:
                continue
            found.append(Edit(op, args))
    return tuple(found)


def _value(word: str, kind: str) -> int | str | None:
    """A word, nothing, or a number; `ValueError` where a number is due and none stands, or an endless one."""
    if kind == "c" and word == "null":
        return None
    if kind in "cw":
        return "" if word == '""' else word
    number = NUMBER.fullmatch(word)
    if number is None:
        raise ValueError(f"«{word[:20]}» is no number")
    return int(number[1])
