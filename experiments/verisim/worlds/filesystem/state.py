"""A filesystem as a value: a map from absolute path to node, a working directory, variables, the last result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from experiments.verisim.worlds.contract import Fact


class Node(NamedTuple):
    """A file, or a directory where content is None."""

    content: str | None
    mode: str


FILE_MODE, DIR_MODE = "644", "755"
NEW_DIR = Node(None, DIR_MODE)


@lru_cache(maxsize=65536)
def digest(words: str) -> str:
    """What is kept of a text: 16 hexadecimal digits."""
    return sha256(words.encode()).hexdigest()[:16]


SILENCE = digest("")


class FsState:
    """Never changed once it is handed out."""

    __slots__ = ("cwd", "env", "exit", "nodes", "out")

    def __init__(
        self,
        nodes: dict[str, Node],
        cwd: str = "/",
        env: dict[str, str] | None = None,
        exit: int = 0,
        out: str = SILENCE,
    ) -> None:
        self.nodes = nodes
        self.cwd = cwd
        self.env = env or {}
        self.exit = exit
        self.out = out

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, FsState)
            and self.exit == other.exit
            and self.out == other.out
            and self.cwd == other.cwd
            and self.nodes == other.nodes
            and self.env == other.env
        )

    def __hash__(self) -> int:
        return hash((frozenset(self.nodes.items()), self.cwd, frozenset(self.env.items()), self.exit, self.out))

    def __repr__(self) -> str:
        return f"FsState({to_json(self)})"


def facts_of(state: FsState) -> frozenset[Fact]:
    found: list[Fact] = [("cwd", state.cwd), ("exit", state.exit), ("out", state.out)]
    found += [("node", path, node.content, node.mode) for path, node in state.nodes.items()]
    found += [("env", key, value) for key, value in state.env.items()]
    return frozenset(found)


def to_json(state: FsState) -> dict[str, Any]:
    return {
        "nodes": {path: list(node) for path, node in sorted(state.nodes.items())},
        "cwd": state.cwd,
        "env": dict(sorted(state.env.items())),
        "exit": state.exit,
        "out": state.out,
    }


def from_json(value: Mapping[str, Any]) -> FsState:
    nodes = {path: Node(content, mode) for path, (content, mode) in value["nodes"].items()}
    return FsState(nodes, value["cwd"], dict(value["env"]), int(value["exit"]), value["out"])
