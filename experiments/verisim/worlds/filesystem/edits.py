"""Edits of a filesystem, and `apply`: total, and the only place where a next state comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from experiments.verisim.worlds.contract import Edit
from experiments.verisim.worlds.filesystem.paths import within
from experiments.verisim.worlds.filesystem.state import FsState, Node

# What each edit's arguments are: c a content (none: a directory), x an exit code, w any other word.
SHAPES: dict[str, str] = {
    "create": "wcw",
    "delete": "w",
    "modify": "ww",
    "move": "ww",
    "chmod": "ww",
    "cwd": "w",
    "env": "ww",
    "result": "xw",
}
KINDS: dict[str, tuple[type, ...]] = {"w": (str,), "c": (str, type(None)), "x": (int,)}


def fits(edit: Edit) -> bool:
    """Is it an edit of a filesystem at all, whatever the state?"""
    shape = SHAPES.get(edit.op)
    if shape is None or len(edit.args) != len(shape):
        return False
    return all(type(each) in KINDS[kind] for each, kind in zip(edit.args, shape, strict=True))


def apply(state: FsState, delta: Iterable[Edit]) -> FsState:
    """The state after the edits, in order. An edit whose target is missing or of the wrong kind does nothing."""
    new = FsState(state.nodes, state.cwd, state.env, state.exit, state.out)
    for op, args in delta:
        APPLY[op](new, state, *args)
    return new


def _own(new: FsState, old: FsState) -> dict[str, Node]:
    if new.nodes is old.nodes:
        new.nodes = old.nodes.copy()
    return new.nodes


def _result(new: FsState, _old: FsState, code: int, out: str) -> None:
    new.exit = code
    new.out = out


def _create(new: FsState, old: FsState, path: str, content: str | None, mode: str) -> None:
    if path != "/":
        _own(new, old)[path] = Node(content, mode)


def _delete(new: FsState, old: FsState, path: str) -> None:
    if path in new.nodes and path != "/":
        del _own(new, old)[path]


def _modify(new: FsState, old: FsState, path: str, content: str) -> None:
    node = new.nodes.get(path)
    if node is not None and node.content is not None:
        _own(new, old)[path] = Node(content, node.mode)


def _chmod(new: FsState, old: FsState, path: str, mode: str) -> None:
    node = new.nodes.get(path)
    if node is not None:
        _own(new, old)[path] = Node(node.content, mode)


def _move(new: FsState, old: FsState, source: str, target: str) -> None:
    if source not in new.nodes or source == "/" or within(target, source):
        return
    nodes = _own(new, old)
    for path in [path for path in nodes if within(path, source)]:
        nodes[target + path[len(source) :]] = nodes.pop(path)


def _cwd(new: FsState, _old: FsState, path: str) -> None:
    new.cwd = path


def _env(new: FsState, _old: FsState, key: str, value: str) -> None:
    new.env = {**new.env, key: value}


APPLY: dict[str, Callable[..., None]] = {
    "create": _create,
    "delete": _delete,
    "modify": _modify,
    "move": _move,
    "chmod": _chmod,
    "cwd": _cwd,
    "env": _env,
    "result": _result,
}
