"""Who types commands, and how; and trees worth starting from."""

from __future__ import annotations

import random

from experiments.verisim.worlds.contract import Action, weighted_choice
from experiments.verisim.worlds.filesystem.oracle import step
from experiments.verisim.worlds.filesystem.paths import join, parent, within
from experiments.verisim.worlds.filesystem.state import NEW_DIR, FsState
from experiments.verisim.worlds.filesystem.text import KEYS, MODES, NAMES, SHAPES, TOKENS

_BUILD = {"mkdir": 3.0, "touch": 3.0, "write": 3.0, "append": 2.0, "cp": 1.5, "mv": 1.5}
WEIGHTS: dict[str, dict[str, float]] = {
    "uniform": dict.fromkeys(SHAPES, 1.0),
    "weighted": {**dict.fromkeys(SHAPES, 1.0), **_BUILD, "rm -r": 0.5},
    "adversarial": {
        **dict.fromkeys(SHAPES, 0.6),
        "rm -r": 4.0,
        "mv": 3.0,
        "rmdir": 3.0,
        "rm": 2.0,
        "cp -r": 1.5,
        "mkdir": 2.0,
        "write": 1.5,
    },
    "coverage": dict.fromkeys(SHAPES, 1.0),
}
# How often a new name is meant, rather than something that exists: commands that create want new ones.
NEW = {"mkdir": 0.75, "touch": 0.7, "write": 0.5, "append": 0.3}
STARTS: dict[str, int] = {"small": 12, "home": 54, "large": 400}


def draw(driver: str, state: FsState, rng: random.Random) -> Action:
    """The next command, with arguments from the tree as it is; kinds are not looked at, so failures arise."""
    name = weighted_choice(WEIGHTS[driver], rng)
    args: list[str] = []
    for kind in SHAPES[name]:
        if kind == "p":
            args.append(_path(driver, state, name, len(args), rng))
        elif kind == "t":
            args.append(rng.choice(TOKENS))
        elif kind == "m":
            args.append(rng.choice(MODES))
        else:
            args += [rng.choice(KEYS), rng.choice(TOKENS)]
    if driver == "coverage" and SHAPES[name] == "pp" and rng.random() < 0.2:
        args[1] = args[0] if rng.random() < 0.5 else join(args[0], rng.choice(NAMES))  # itself, or into itself
    return Action(name, tuple(args))


def _path(driver: str, state: FsState, command: str, place: int, rng: random.Random) -> str:
    paths = list(state.nodes)
    path = rng.choice(paths)
    fresh = NEW.get(command, 0.45 if place else 0.1)
    if rng.random() < fresh:
        base = path if rng.random() < 0.15 or state.nodes[path].content is None else parent(path)
        path = join(base, rng.choice(NAMES))
    if driver == "coverage" and rng.random() < 0.05:
        path = rng.choice(("/", join(path, "a/b"), "..", ".", state.cwd))
    return _relative(state.cwd, path) if rng.random() < 0.25 else path


def _relative(cwd: str, path: str) -> str:
    """The same place seen from the working directory, where that is below it."""
    if path == cwd:
        return "."
    if cwd != "/" and path == parent(cwd):
        return ".."
    return path[len(cwd) :].lstrip("/") if within(path, cwd) else path


def populated(kind: str, rng: random.Random) -> FsState:
    """A tree of about this many nodes, grown by commands, so that it is one that can be reached."""
    wanted = STARTS[kind]
    state = FsState({"/": NEW_DIR})
    for _ in range(wanted * 12):
        if len(state.nodes) >= wanted:
            break
        state = step(state, draw("weighted", state, rng)).state
    return state
