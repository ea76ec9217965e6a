"""The process in which a file is taken apart: `python -m nma13.documents.child`, started by extract.py.

The file is standard input, the passages go to standard output (one JSON object a line), what happens is told on
standard error. It has nothing but those three and the limits it puts on itself before it looks at the first byte.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import astuple
from typing import Any, TextIO

from nma13.documents.blocks import Cutter
from nma13.documents.kinds import kind_of
from nma13.documents.limits import Limits, Refused
from nma13.documents.readers import Reading, blocks

TELL_EVERY_S = 0.1
SPOOL = 4  # a limit on what is written, in bytes per character of the longest text


def main(arguments: list[str]) -> int:
    name, limits = arguments[0], Limits(**json.loads(arguments[1]))
    _confine(limits)
    told = os.fdopen(os.dup(2), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries grumble is not for our reader
    try:
        _tell(told, done=_extract(name, limits, told))
    except Refused as refused:
        _tell(told, refused=str(refused))
    except MemoryError:
        _tell(told, refused=_too_much(limits))
    except OSError as error:
        _tell(told, refused=f"It cannot be read ({error.strerror or error}).")
    except RecursionError:
        _tell(told, refused="It is nested too deeply to be read.")
    except Exception as error:  # noqa: BLE001  a reader may meet anything; the parent tells it in words
        _tell(told, failed=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    return 0


def _extract(name: str, limits: Limits, told: TextIO) -> dict[str, Any]:
    file = os.fdopen(0, "rb")
    reading = Reading(file, kind_of(name, file), limits, _progress(told, limits))
    cutter = Cutter(limits.passage, limits.overlap)
    with os.fdopen(1, "w", encoding="utf-8") as out:
        stopped = False
        for block in blocks(reading):
            for passage in cutter.feed(block):
                out.write(json.dumps(astuple(passage)) + "\n")
            if limits.stop_at and cutter.characters >= limits.stop_at:
                stopped = True
                break
            if cutter.characters > limits.characters:
                raise Refused(
                    f"It has more than {limits.characters:,} characters of text. Split it and add the parts you need."
                )
        for passage in cutter.finish():
            out.write(json.dumps(astuple(passage)) + "\n")
    if not cutter.count:
        raise Refused("There is no text in it.")
    return {"kind": reading.kind, "pages": reading.pages, "characters": cutter.characters,
            "passages": cutter.count, "notes": reading.notes, "stopped": stopped}  # fmt: skip


def _progress(told: TextIO, limits: Limits) -> Callable[[int, int], None]:
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= TELL_EVERY_S:
            last = now
            if _peak() - INHERITED > limits.memory:  # where the system does not hold the limit itself
                raise MemoryError
            _tell(told, at=done, of=total)

    return progress


def _confine(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: SPOOL * limits.characters,
        resource.RLIMIT_AS: limits.memory,
    }
    for which, most in wanted.items():
        _, hard = resource.getrlimit(which)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (allowed, allowed))
        except (ValueError, OSError):
            continue  # macOS knows no limit of address space: progress() looks at what is really used


def _peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


INHERITED = _peak()
"""The mark of the process that began this one survives the exec; a lab that holds a model is no large document."""


def _too_much(limits: Limits) -> str:
    return f"Reading it takes more than {limits.memory // (1024 * 1024):,} MB of memory. Split it, or save it anew."


def _tell(told: TextIO, **what: Any) -> None:
    told.write(json.dumps(what) + "\n")
    told.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
