"""The same commands in the real shell and coreutils, below a temporary root: what our oracle is checked against.

Deliberate differences, which the script below makes explicit because the tools decide otherwise:
- paths are lexical: `x/../y` does not ask whether x exists;
- `mv` never overwrites, and moving or copying a file onto itself is done, not an error;
- `cp -r` refuses an existing target instead of merging, and copies nothing at all into itself;
- the root is protected, and a directory that holds the working directory is busy;
- variables are kept under a prefix, or `export PATH=beta` would take the tools away.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from experiments.verisim.worlds.contract import Action
from experiments.verisim.worlds.filesystem.paths import name, resolve, within
from experiments.verisim.worlds.filesystem.state import FsState, Node, digest
from experiments.verisim.worlds.filesystem.text import SHAPES

# $1 and $2 are the arguments; a path on the command line is quoted, so nothing is expanded twice.
_INTO = 't=$2; [ -d "$t" ] && t=$t/$(basename "$1"); '
_ITSELF = '[ -f "$1" ] && [ "$1" -ef "$t" ] && return 0; '
SCRIPT = (
    "umask 022; LC_ALL=C; export LC_ALL\n"
    'c_mkdir() { mkdir "$1"; }; c_rmdir() { rmdir "$1"; }; c_touch() { touch "$1"; }; c_rm() { rm "$1"; }\n'
    'c_rmr() { rm -r "$1"; }; c_write() { printf %s "$2" >"$1"; }; c_append() { printf %s "$2" >>"$1"; }\n'
    'c_chmod() { chmod "$1" "$2"; }; c_cd() { cd "$1"; }; c_cat() { cat "$1"; }; c_export() { export "V_$1=$2"; }\n'
    'c_ls() { if [ -d "$1" ]; then ls "$1"; else ls "$1" >/dev/null && basename "$1"; fi; }\n'
    "c_mv() { " + _INTO + _ITSELF + '[ -e "$t" ] && return 1; mv -T "$1" "$t"; }\n'
    "c_cp() { " + _INTO + _ITSELF + 'cp -T "$1" "$t"; }\n'
    "c_cpr() { "
    + _INTO
    + _ITSELF
    + '[ -d "$1" ] && { [ -e "$t" ] && return 1; '
    + 'case $(realpath -m "$t")/ in "$(realpath "$1")"/*) return 1;; esac; }; '
    + 'cp -rT "$1" "$t"; }\n'
)


class RealShell:
    """One shell process working below `root`; every step's result is read back from the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._out = root.parent / "out"
        self._env: dict[str, str] = {}
        self._exit = 0
        self._cwd = "/"
        self._shell = subprocess.Popen(
            ["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root
        )
        self._send(SCRIPT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._shell.communicate()

    def refused(self, action: Action) -> bool:
        """The deliberate differences that no script can express: the root and the busy directory."""
        if action.name not in ("rmdir", "rm", "rm -r", "mv", "cp -r"):
            return False
        path = resolve(self._cwd, action.args[0])
        busy = path == self._cwd if action.name == "rmdir" else within(self._cwd, path)
        return path == "/" or (busy and action.name != "cp -r" and self._at(path).is_dir())

    def step(self, action: Action) -> FsState:
        """Run one command and read everything back."""
        if self.refused(action):
            self._exit, out = 1, ""
        else:
            words = [
                self._word(value, kind) for value, kind in zip(action.args, SHAPES[action.name] + "t", strict=False)
            ]
            function = "c_" + action.name.replace(" -", "")
            self._send(f"{function} {' '.join(words)} >{self._out} 2>/dev/null </dev/null; echo $?; pwd\n")
            assert self._shell.stdout is not None
            self._exit = int(bool(int(self._shell.stdout.readline())))
            self._cwd = "/" + os.path.relpath(self._shell.stdout.readline().strip(), self.root).removeprefix(".")
            out = self._out.read_text("utf-8") if not self._exit else ""
            if action.name == "export":
                self._env = {**self._env, action.args[0]: self._echo(action.args[0])}
        return FsState(self._nodes(), self._cwd, self._env, self._exit, digest(out.removesuffix("\n")))

    def _word(self, value: str, kind: str) -> str:
        """Absolute where `..` is involved (ours is lexical), as typed otherwise."""
        if kind != "p":
            return f"'{value}'"
        if value.startswith("/") or ".." in value or value == ".":
            return f"'{self._at(resolve(self._cwd, value))}'"
        return f"'{value}'"

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _echo(self, key: str) -> str:
        self._send(f'echo "$V_{key}"\n')
        assert self._shell.stdout is not None
        return self._shell.stdout.readline().strip()

    def _send(self, words: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(words)
        self._shell.stdin.flush()

    def _nodes(self) -> dict[str, Node]:
        nodes = {"/": Node(None, f"{self.root.stat().st_mode & 0o777:o}")}
        for folder, directories, files in os.walk(self.root):
            base = "/" + os.path.relpath(folder, self.root).removeprefix(".")
            for child in (*directories, *files):
                path = Path(folder) / child
                content = None if path.is_dir() else path.read_text("utf-8")
                nodes[resolve(base, name("/" + child))] = Node(content, f"{path.stat().st_mode & 0o777:o}")
        return nodes
