"""The filesystem world behind the common contract."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.verisim.worlds.contract import Action, Edit, Fact, Step
from experiments.verisim.worlds.filesystem import drivers, edits, oracle, text
from experiments.verisim.worlds.filesystem import state as states
from experiments.verisim.worlds.filesystem.drivers import STARTS
from experiments.verisim.worlds.filesystem.paths import join, parent, under, within
from experiments.verisim.worlds.filesystem.state import NEW_DIR, FsState


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One tree of files, one shell."""

    name: str = "filesystem"
    drivers: tuple[str, ...] = tuple(drivers.WEIGHTS)
    starts: tuple[str, ...] = ("empty", *STARTS)

    def initial(self) -> FsState:
        return FsState({"/": NEW_DIR})

    def start(self, kind: str, rng: random.Random) -> FsState:
        return self.initial() if kind == "empty" else drivers.populated(kind, rng)

    def parse(self, line: str) -> Action:
        return text.parse(line)

    def line(self, action: Action) -> str:
        return text.line(action)

    def step(self, state: FsState, action: Action) -> Step:
        return oracle.step(state, action)

    def apply(self, state: FsState, delta: Iterable[Edit]) -> FsState:
        return edits.apply(state, delta)

    def fits(self, edit: Edit) -> bool:
        return edits.fits(edit)

    def draw(self, driver: str, state: FsState, rng: random.Random) -> Action:
        return drivers.draw(driver, state, rng)

    def facts(self, state: FsState) -> frozenset[Fact]:
        return states.facts_of(state)

    def to_json(self, state: FsState) -> dict[str, Any]:
        return states.to_json(state)

    def from_json(self, value: Mapping[str, Any]) -> FsState:
        return states.from_json(value)

    def parts(self, state: FsState) -> Sequence[str]:
        return sorted(path for path, node in state.nodes.items() if node.content is None)

    def references(self, fact: Fact) -> frozenset[Hashable]:
        return frozenset({parent(str(fact[1]))}) if fact[0] == "node" else frozenset()

    def probe(self, truth: FsState, belief: FsState, part: Hashable) -> tuple[FsState, int]:
        """One directory with its direct children; what lay below a child that is gone, goes with it."""
        directory = str(part)
        start = under(directory)
        seen = {path: node for path, node in truth.nodes.items() if path == directory or parent(path) == directory}
        held = {path for path, node in seen.items() if node.content is None}

        def stays(path: str) -> bool:
            child, below, _ = path[len(start) :].partition("/")
            return not within(path, directory) or (bool(below) and start + child in held)

        nodes = {path: node for path, node in belief.nodes.items() if stays(path)}
        nodes.update(seen)
        nodes.setdefault("/", NEW_DIR)
        return FsState(nodes, belief.cwd, belief.env, belief.exit, belief.out), 1 + len(seen)

    def flip(self, state: FsState, rng: random.Random) -> Edit:
        path = rng.choice(sorted(state.nodes))
        node = state.nodes[path]
        kind = rng.choice(("create", "delete", "chmod", "modify"))
        if kind == "delete" and path != "/":
            return Edit("delete", (path,))
        if kind == "modify" and node.content is not None:
            return Edit("modify", (path, node.content + rng.choice(text.TOKENS)))
        if kind == "chmod":
            return Edit("chmod", (path, rng.choice([mode for mode in text.MODES if mode != node.mode])))
        while path in state.nodes:
            path = join(path if node.content is None else parent(path), rng.choice(text.NAMES) + rng.choice("123"))
        return Edit("create", (path, "", states.FILE_MODE))
