"""A language model as a proposer: it is shown the state and the action, and answers with edits, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.verisim.worlds.contract import Action, Delta, Edit, World, canonical_json

# How many arguments each edit takes; what is a number is read as one.
SHAPES: dict[str, dict[str, int]] = {
    "network": {
        "host_up": 1, "host_down": 1, "link_add": 2, "link_del": 2, "port_add": 2, "port_del": 2,
        "deny_add": 2, "deny_del": 2, "flow_open": 3, "flow_close": 3, "clock": 0, "exit": 1,
    },
    "filesystem": {"create": 3, "delete": 1, "modify": 2, "move": 2, "chmod": 2, "cwd": 1, "env": 2, "result": 2},
}  # fmt: skip

Ask = Callable[[str], str]


class Asked:
    """Any writer, as `ask(prompt) -> text`. What it says that is no edit is left out."""

    name = "language model"

    def __init__(self, world: World, ask: Ask) -> None:
        self.world, self.ask = world, ask

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return edits_in(self.world.name, self.ask(prompt(self.world, state, action)))


def prompt(world: World, state: Any, action: Action) -> str:
    shapes = ", ".join(f"{op}/{count}" for op, count in SHAPES[world.name].items())
    return (
        f"You predict one step of a simulated {world.name}.\n"
        f"State: {canonical_json(world.to_json(state))}\n"
        f"Action: {world.line(action)}\n"
        f"Answer with the edits the step makes, one a line: the name, then its arguments. Names/arguments: {shapes}.\n"
        "Hosts are numbers. The last line is the result. Nothing else.\n"
    )


def edits_in(world: str, said: str) -> Delta:
    """The edits among the lines."""
    found = []
    for line in said.splitlines():
        op, *args = line.strip().split()[:4] or [""]
        if SHAPES[world].get(op) == len(args):
            values = [_value(world, arg) for arg in args]
            if None not in values:
                found.append(Edit(op, tuple(values)))
    return tuple(found)


def _value(world: str, word: str) -> int | str | None:
    if world == "filesystem":
        return int(word) if word.isdecimal() and len(word) == 1 else word
    word = word.removeprefix("h")
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else None
