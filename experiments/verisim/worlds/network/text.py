"""Actions of a network as lines of text: `link_up h0 h3`, `connect h1 h2 443`, `advance`."""

from __future__ import annotations

import re

from experiments.verisim.worlds.contract import Action, CannotRead

NUMBER = re.compile("[0-9]{1,9}")
# What each argument of a command is: h a host, p a port.
SHAPES: dict[str, str] = {
    "host_up": "h",
    "host_down": "h",
    "link_up": "hh",
    "link_down": "hh",
    "svc_up": "hp",
    "svc_down": "hp",
    "fw_deny": "hh",
    "fw_allow": "hh",
    "connect": "hhp",
    "close": "hhp",
    "advance": "",
}


def parse(line: str) -> Action:
    words = line.split()
    if not words or words[0] not in SHAPES:
        raise CannotRead(f"«{line.strip()}» is no action. There are: {', '.join(SHAPES)}.")
    shape = SHAPES[words[0]]
    if len(words) - 1 != len(shape):
        raise CannotRead(f"{words[0]} wants {len(shape)} arguments and got {len(words) - 1}. {usage(words[0])}")
    return Action(words[0], tuple(_argument(word, kind) for word, kind in zip(words[1:], shape, strict=True)))


def line(action: Action) -> str:
    shape = SHAPES[action.name]
    words = [f"h{value}" if kind == "h" else str(value) for value, kind in zip(action.args, shape, strict=True)]
    return " ".join([action.name, *words])


def usage(name: str) -> str:
    return "It is written: " + " ".join([name, *("h0" if kind == "h" else "443" for kind in SHAPES[name])])


def _argument(word: str, kind: str) -> int:
    digits = word[1:] if kind == "h" else word
    if not NUMBER.fullmatch(digits) or (kind == "h" and word[0] != "h"):
        raise CannotRead(
            f"«{word[:20]}» is no {'host; hosts are written h0, h1, …' if kind == 'h' else 'port number'}."
        )
    return int(digits)
