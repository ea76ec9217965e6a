"""A tree and a command as a question to the edit-scoring arm, and its answer as a delta.

The command's paths are resolved lexically (that is text, not truth) and name nodes: the source, the target,
the child of that name inside the target, their parents, the working directory. What a command does to them,
what lies below what, and what becomes of every node under a directory is the network's to learn. Arguments
of edits are pointers: to a path the command names, to a node's own path carried over, to a content, a mode.
"""

from __future__ import annotations

import numpy as np

from experiments.verisim.model.queries import Ints, Layout, Query
from experiments.verisim.worlds.contract import Action, Delta, Edit
from experiments.verisim.worlds.filesystem.oracle import listing
from experiments.verisim.worlds.filesystem.paths import join, name, parent, resolve
from experiments.verisim.worlds.filesystem.state import DIR_MODE, FILE_MODE, SILENCE, FsState, digest
from experiments.verisim.worlds.filesystem.text import SHAPES

ACTIONS = {command: place for place, command in enumerate(SHAPES)}
MANY = {"rm -r": "delete", "cp -r": "create"}  # where every node of the tree is a candidate
CANDIDATES = {command: len(ACTIONS) + place for place, command in enumerate(MANY)}
OPS = ("none", "create", "delete", "modify", "move", "chmod", "cwd", "env")
OP_ID = {op: place for place, op in enumerate(OPS)}
SOURCE, TARGET, INSIDE, SOURCE_PARENT, TARGET_PARENT, CWD, SELF = range(7)
DOWN, UP = range(2)
WHERE = ("source", "target", "inside", "self", "self to target", "self to inside")
CONTENT = ("directory", "nothing", "token", "source", "source and token", "self")
MODE = ("file", "directory", "argument", "source", "self")
OUT = ("nothing", "content", "listing")
BITS = 5
LAYOUT = Layout(
    world="filesystem",
    actions=len(ACTIONS) + len(CANDIDATES),
    node_features=4,
    edge_types=2,
    roles=7,
    bits=BITS,
    heads=(
        ("op", len(OPS)), ("exit", 2), ("where", len(WHERE)), ("to", len(WHERE)),
        ("content", len(CONTENT)), ("mode", len(MODE)), ("out", len(OUT)),
    ),
    marks=1,
)  # fmt: skip
HEAD = {head: place for place, (head, _) in enumerate(LAYOUT.heads)}


class Named:
    """What a command's arguments name, and the tree around them."""

    def __init__(self, state: FsState, action: Action) -> None:
        values = dict(zip(_kinds(action.name), action.args, strict=True))
        self.state, self.action = state, action
        self.source = resolve(state.cwd, values["p"]) if "p" in values else ""
        self.target = resolve(state.cwd, values["P"]) if "P" in values else ""
        self.inside = join(self.target, name(self.source)) if self.target else ""
        self.token = values.get("t", "")
        self.mode = values.get("m", "")
        self.selves = sorted(state.nodes) if action.name in MANY else []

    def rows(self) -> list[str]:
        """One row for the command; where it can touch a whole subtree, one for every node."""
        return ["", *self.selves]

    def where(self, this: str) -> list[str]:
        """The paths an edit of this row can point to, in the order of WHERE."""
        carried = this[len(self.source) :] if self.source != "/" else this
        return [self.source, self.target, self.inside, this, self.target + carried, self.inside + carried]

    def contents(self, this: str) -> list[str | None]:
        source = self.state.nodes.get(self.source)
        held = source.content if source else None
        own = self.state.nodes.get(this)
        return [None, "", self.token, held, (held or "") + self.token, own.content if own else None]

    def modes(self, this: str) -> list[str]:
        source, own = self.state.nodes.get(self.source), self.state.nodes.get(this)
        return [FILE_MODE, DIR_MODE, self.mode, source.mode if source else "", own.mode if own else ""]

    def outs(self) -> list[str]:
        node = self.state.nodes.get(self.source)
        shown = listing(self.state, self.source, node) if node else ""
        return [SILENCE, digest((node.content if node else None) or ""), digest(shown)]


def _kinds(command: str) -> str:
    """Argument kinds with the second path told apart; `export` has a key and a value."""
    return {"pp": "pP", "v": "kv"}.get(SHAPES[command], SHAPES[command])


def lay_out(state: FsState, action: Action, delta: Delta | None = None) -> Query:
    """The question; with the true delta also its labels."""
    named = Named(state, action)
    at = {path: place for place, path in enumerate(state.nodes)}
    nowhere, rows = len(at), named.rows()
    paths = [named.source, named.target, named.inside]
    paths += [parent(named.source), parent(named.target) if named.target else "", state.cwd]
    fixed = [at.get(path, nowhere) if path else nowhere for path in paths]
    roles = np.array([[*fixed, at.get(this, nowhere)] for this in rows], np.int64)
    kinds = np.full(len(rows), CANDIDATES.get(action.name, 0), np.int64)
    kinds[0] = ACTIONS[action.name]
    same = [
        bool(named.target) and named.source == named.target,
        bool(named.inside) and named.source == named.inside,
        named.source == state.cwd,
    ]
    bits = np.array([[*same, this == "", this == named.source] for this in rows], np.float32)
    return Query(_nodes(state), _edges(at), kinds, roles, bits, labels_of(named, delta))


def _nodes(state: FsState) -> np.ndarray:
    """Is there, is a directory, is the root, has children; the last row is nowhere."""
    parents = {parent(path) for path in state.nodes if path != "/"}
    found = [(1, node.content is None, path == "/", path in parents) for path, node in state.nodes.items()]
    return np.array([*found, (0, 0, 0, 0)], np.float32)


def _edges(at: dict[str, int]) -> Ints:
    """From each directory to what it holds, and back."""
    pairs = [(at[above], here) for path, here in at.items() if path != "/" and (above := parent(path)) in at]
    both = [(a, b, DOWN) for a, b in pairs] + [(b, a, UP) for a, b in pairs]
    return np.array(both, np.int64).reshape(-1, 3)


def labels_of(named: Named, delta: Delta | None) -> Ints:
    rows = named.rows()
    labels = np.full((len(rows), len(LAYOUT.heads)), -1, np.int64)
    if delta is None:
        return labels
    labels[:, HEAD["op"]] = OP_ID["none"]
    labels[0, HEAD["exit"]], out = delta[-1].args
    labels[0, HEAD["out"]] = _first(named.outs(), out)
    many = MANY.get(named.action.name)
    pending = {path: place for place, path in enumerate(rows) if place}
    for edit in delta[:-1]:
        place = 0
        if edit.op == many:
            path = str(edit.args[0])
            place = pending[path] if many == "delete" else pending[_origin(named, path)]
        _label(labels[place], named, rows[place], edit)
    return labels


def _origin(named: Named, path: str) -> str:
    """Which node a copy comes from."""
    base = named.inside if (path + "/").startswith(named.inside + "/") and _into(named) else named.target
    return named.source + path[len(base) :]


def _into(named: Named) -> bool:
    node = named.state.nodes.get(named.target)
    return node is not None and node.content is None


def _label(row: Ints, named: Named, this: str, edit: Edit) -> None:
    row[HEAD["op"]] = OP_ID[edit.op]
    if edit.op == "env":
        return
    prefer = (3, 4, 5) if this else ()
    row[HEAD["where"]] = _first(named.where(this), edit.args[0], prefer)
    if edit.op == "move":
        row[HEAD["to"]] = _first(named.where(this), edit.args[1], (2, 1) if _into(named) else (1, 2))
    if edit.op in ("create", "modify"):
        sources = {"write": (2,), "append": (4 if edit.op == "modify" else 2,)}.get(named.action.name, ())
        copied = (5,) if this else (3,) if named.action.name.startswith("cp") else ()
        row[HEAD["content"]] = _first(named.contents(this), edit.args[1], (*copied, *sources))
    if edit.op == "create":
        row[HEAD["mode"]] = _first(named.modes(this), edit.args[2], (4,) if this else (3,) if copied else ())
    if edit.op == "chmod":
        row[HEAD["mode"]] = 2


def _first(options: list, wanted: object, prefer: tuple[int, ...] = ()) -> int:
    """Where the wanted value stands; several places may hold it, and the telling one is preferred."""
    for place in prefer:
        if options[place] == wanted:
            return place
    return options.index(wanted)


def read(state: FsState, action: Action, choices: dict[str, Ints]) -> Delta:
    """The delta the choices spell. Subtrees go from the leaves up, copies from the root down, as the oracle does."""
    named = Named(state, action)
    edits: list[Edit] = []
    made: list[Edit] = []
    for place, this in enumerate(named.rows()):
        op = OPS[choices["op"][place]]
        if op != "none":
            edit = _edit(named, this, op, {head: int(values[place]) for head, values in choices.items()})
            (made if this else edits).append(edit)
    if made and made[0].op == "delete":
        made.reverse()
    return (*edits, *made, Edit("result", (int(choices["exit"][0]), named.outs()[choices["out"][0]])))


def _edit(named: Named, this: str, op: str, chosen: dict[str, int]) -> Edit:
    path = named.where(this)[chosen["where"]]
    if op == "create":
        return Edit(op, (path, named.contents(this)[chosen["content"]], named.modes(this)[chosen["mode"]]))
    if op == "modify":
        return Edit(op, (path, named.contents(this)[chosen["content"]] or ""))
    if op == "move":
        return Edit(op, (path, named.where(this)[chosen["to"]]))
    if op == "chmod":
        return Edit(op, (path, named.modes(this)[chosen["mode"]]))
    if op == "env":
        return Edit(op, tuple(named.action.args[:2]))
    return Edit(op, (path,))
