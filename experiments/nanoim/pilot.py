"""The pilot: scripted local events recorded against a real clock, then imported like any other event log."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

from experiments.manifest import write_whole
from experiments.nanoim.families import HARD, IDLE, TALKING, Member
from experiments.nanoim.generate import LONG_MS, SHORT_MS
from experiments.nanoim.turns import TICK_MS, Trace
from experiments.nanoim.wording import sentences

CONSENT = {"given": True, "scope": "scripted, no person was recorded"}


def script(member: Member, said: str, rng: random.Random) -> list[tuple[int, str, str]]:
    """(pause before it in ms, event, value) of one scripted session."""
    steps: list[tuple[int, str, str]] = [(0, "user_audio_state", TALKING)]
    for place, word in enumerate(said.split()):
        steps.append((0 if place == 0 else rng.randint(60, 200), "user_text", (" " if place else "") + word))
    first = True
    for stream, value in {"user_audio_state": "silent", **member.streams}.items():
        if value != IDLE[stream] or stream == "user_audio_state":
            steps.append((rng.randint(150, 230) if first else 0, stream, value))
            first = False
    span = {"short": SHORT_MS, "long": LONG_MS}.get(member.held) or rng.choice((SHORT_MS, LONG_MS))
    steps.append((TICK_MS + rng.randint(*span), "decision", member.action))
    steps.append((100, "end", ""))
    return steps


def record(
    path: Path,
    seed: int = 7,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Play the scripts and write when each event really happened. Takes about half a minute."""
    rng = random.Random(f"pilot/{seed}")
    said = sentences("test", len(HARD), rng)
    lines: list[dict[str, object]] = []
    for family, words in zip(HARD, said, strict=True):
        for letter, member in (("a", family.a), ("b", family.b)):
            name = f"pilot-{family.name}-{letter}"
            lines.append({
                "session": name, "event": "session", "consent": CONSENT, "redaction": "nothing to redact",
                "recorded_by": "scripted", "pair": f"pilot-{family.name}", "member": letter, "family": family.name,
            })  # fmt: skip
            begun = clock()
            for number, (pause, kind, value) in enumerate(script(member, words, rng)):
                sleep(pause / 1000)
                moment = round((clock() - begun) * 1000) if number else 0
                lines.append({"session": name, "t_ms": moment, "event": kind, "value": value})
    write_whole(path, "".join(json.dumps(line) + "\n" for line in _joined(lines)))
    return len(HARD) * 2


def _joined(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """Events without a pause between them share one moment, however long the machine took to write both."""
    last: dict[str, object] = {}
    for line in lines:
        same = last.get("session") == line["session"] and "t_ms" in line and "t_ms" in last
        if same and 0 < int(str(line["t_ms"])) - int(str(last["t_ms"])) <= 2:
            line["t_ms"] = last["t_ms"]
        last = line
    return lines


def imported(path: Path) -> list[Trace]:
    """The traces of an event log."""
    from experiments.nanoim.events import read_sessions, to_traces

    return to_traces(read_sessions(path))
