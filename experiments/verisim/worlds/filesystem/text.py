"""Commands of the filesystem as lines of text: `mkdir /a/b`, `cp -r a /c`, `write a/b alpha`, `export HOME=beta`."""

from __future__ import annotations

import re

from experiments.verisim.worlds.contract import Action, CannotRead

# What each argument of a command is: p a path, t a token of content, m a mode, v NAME=token.
SHAPES: dict[str, str] = {
    "mkdir": "p",
    "rmdir": "p",
    "touch": "p",
    "rm": "p",
    "rm -r": "p",
    "write": "pt",
    "append": "pt",
    "mv": "pp",
    "cp": "pp",
    "cp -r": "pp",
    "chmod": "mp",
    "cd": "p",
    "cat": "p",
    "ls": "p",
    "export": "v",
}
TOKENS = ("alpha", "beta", "gamma", "delta", "omega")
MODES = ("644", "600", "755", "700")
KEYS = ("PATH", "HOME", "LANG", "TERM")
NAMES = tuple("abcdefgh")
WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
PATH = re.compile(r"[A-Za-z0-9_./-]{1,400}")


def parse(line: str) -> Action:
    words = line.split()
    if len(words) > 1 and words[1] == "-r":
        words[:2] = [f"{words[0]} -r"]
    if not words or words[0] not in SHAPES:
        raise CannotRead(f"«{line.strip()}» is no command of this world. There are: {', '.join(SHAPES)}.")
    shape = SHAPES[words[0]]
    if len(words) - 1 != len(shape):
        raise CannotRead(f"{words[0]} wants {len(shape)} arguments and got {len(words) - 1}.")
    values = [value for word, kind in zip(words[1:], shape, strict=True) for value in _argument(word, kind)]
    return Action(words[0], tuple(values))


def line(action: Action) -> str:
    if action.name == "export":
        return f"export {action.args[0]}={action.args[1]}"
    return " ".join([action.name, *action.args])


def _argument(word: str, kind: str) -> list[str]:
    if kind == "p" and PATH.fullmatch(word):
        return [word]
    if kind == "t" and WORD.fullmatch(word):
        return [word]
    if kind == "m" and re.fullmatch("[0-7]{3}", word):
        return [word]
    if kind == "v":
        key, sign, value = word.partition("=")
        if sign and WORD.fullmatch(key) and WORD.fullmatch(value):
            return [key, value]
    wanted = {"p": "a path", "t": "one word", "m": "a mode of three octal digits", "v": "NAME=word"}[kind]
    raise CannotRead(f"«{word}» should be {wanted}.")
