"""The truth about a filesystem: for each command the edits it makes, the result (exit code, output) last.

Exit codes are 0 and 1; a command that fails changes nothing but the result. The root is protected, nothing
moves or is copied into itself, and a directory that holds the working directory is busy: it can be neither
removed nor moved. So every node's parent is a directory, in every state that can be reached.
"""

from __future__ import annotations

from collections.abc import Callable

from experiments.verisim.worlds.contract import Action, Delta, Edit, Step
from experiments.verisim.worlds.filesystem.edits import apply
from experiments.verisim.worlds.filesystem.paths import join, name, parent, resolve, under, within
from experiments.verisim.worlds.filesystem.state import DIR_MODE, FILE_MODE, SILENCE, FsState, Node, digest

DONE, FAILED = (Edit("result", (code, SILENCE)) for code in range(2))
FAIL: Delta = (FAILED,)


def step(state: FsState, action: Action) -> Step:
    """One command, exactly."""
    delta = RULES[action.name](state, *action.args)
    return Step(apply(state, delta), delta)


def is_dir(state: FsState, path: str) -> bool:
    node = state.nodes.get(path)
    return node is not None and node.content is None


def below(state: FsState, directory: str) -> list[str]:
    """Every path under a directory, sorted."""
    start = under(directory)
    return sorted(path for path in state.nodes if path.startswith(start) and path != directory)


def _mkdir(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    if path in state.nodes or not is_dir(state, parent(path)):
        return FAIL
    return Edit("create", (path, None, DIR_MODE)), DONE


def _rmdir(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    if path == "/" or not is_dir(state, path) or path == state.cwd:
        return FAIL
    start = path + "/"
    for other in state.nodes:
        if other.startswith(start):
            return FAIL
    return Edit("delete", (path,)), DONE


def _touch(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    if path in state.nodes:
        return (DONE,)
    return (Edit("create", (path, "", FILE_MODE)), DONE) if is_dir(state, parent(path)) else FAIL


def _rm(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    node = state.nodes.get(path)
    return FAIL if node is None or node.content is None else (Edit("delete", (path,)), DONE)


def _rm_r(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    if path == "/" or path not in state.nodes or within(state.cwd, path):
        return FAIL
    return *[Edit("delete", (one,)) for one in reversed(below(state, path))], Edit("delete", (path,)), DONE


def _write(state: FsState, raw: str, token: str, *, keep: bool = False) -> Delta:
    path = resolve(state.cwd, raw)
    node = state.nodes.get(path)
    if node is None:
        return (Edit("create", (path, token, FILE_MODE)), DONE) if is_dir(state, parent(path)) else FAIL
    if node.content is None:
        return FAIL
    return Edit("modify", (path, node.content + token if keep else token)), DONE


def _append(state: FsState, raw: str, token: str) -> Delta:
    return _write(state, raw, token, keep=True)


def _target(state: FsState, source: str, target: str) -> str:
    """Into a directory that exists, else the path itself."""
    return join(target, name(source)) if is_dir(state, target) else target


def _mv(state: FsState, raw: str, raw_target: str) -> Delta:
    source = resolve(state.cwd, raw)
    node = state.nodes.get(source)
    if node is None or source == "/" or within(state.cwd, source):
        return FAIL
    target = _target(state, source, resolve(state.cwd, raw_target))
    if target == source and node.content is not None:
        return (DONE,)
    if target in state.nodes or within(target, source) or not is_dir(state, parent(target)):
        return FAIL
    return Edit("move", (source, target)), DONE


def _cp(state: FsState, raw: str, raw_target: str) -> Delta:
    source = resolve(state.cwd, raw)
    node = state.nodes.get(source)
    if node is None or node.content is None:
        return FAIL
    target = _target(state, source, resolve(state.cwd, raw_target))
    if target == source:
        return (DONE,)
    there = state.nodes.get(target)
    if there is not None:
        return FAIL if there.content is None else (Edit("modify", (target, node.content)), DONE)
    return (Edit("create", (target, *node)), DONE) if is_dir(state, parent(target)) else FAIL


def _cp_r(state: FsState, raw: str, raw_target: str) -> Delta:
    source = resolve(state.cwd, raw)
    node = state.nodes.get(source)
    if node is None:
        return FAIL
    if node.content is not None:
        return _cp(state, raw, raw_target)
    target = _target(state, source, resolve(state.cwd, raw_target))
    if source == "/" or target in state.nodes or within(target, source) or not is_dir(state, parent(target)):
        return FAIL
    copies = [(path, state.nodes[path]) for path in (source, *below(state, source))]
    return *[Edit("create", (target + path[len(source) :], *one)) for path, one in copies], DONE


def _chmod(state: FsState, mode: str, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    return (Edit("chmod", (path, mode)), DONE) if path in state.nodes else FAIL


def _cd(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    return (Edit("cwd", (path,)), DONE) if is_dir(state, path) else FAIL


def _cat(state: FsState, raw: str) -> Delta:
    node = state.nodes.get(resolve(state.cwd, raw))
    return FAIL if node is None or node.content is None else (Edit("result", (0, digest(node.content))),)


def _ls(state: FsState, raw: str) -> Delta:
    path = resolve(state.cwd, raw)
    node = state.nodes.get(path)
    return FAIL if node is None else (Edit("result", (0, digest(listing(state, path, node)))),)


def listing(state: FsState, path: str, node: Node) -> str:
    """What `ls` prints: the sorted names of direct children, or a file's own name."""
    if node.content is not None:
        return name(path)
    start = under(path)
    cut = len(start)
    names = [other[cut:] for other in state.nodes if other.startswith(start) and other != path]
    return "\n".join(sorted(one for one in names if "/" not in one))


def _export(_state: FsState, key: str, value: str) -> Delta:
    return Edit("env", (key, value)), DONE


RULES: dict[str, Callable[..., Delta]] = {
    "mkdir": _mkdir,
    "rmdir": _rmdir,
    "touch": _touch,
    "rm": _rm,
    "rm -r": _rm_r,
    "write": _write,
    "append": _append,
    "mv": _mv,
    "cp": _cp,
    "cp -r": _cp_r,
    "chmod": _chmod,
    "cd": _cd,
    "cat": _cat,
    "ls": _ls,
    "export": _export,
}
