"""Measure a model: does it keep a contract (`small`), and how fast is it. Remembered once per machine.

Whether a model is small is not read off its size. It is asked for eight plain things, each checked by
code; one that keeps fewer than the threshold writes through the selection grammar.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nma13.llm import cache
from nma13.llm.registry import BACKENDS, ModelChoice
from nma13.llm.types import Cancel, Completion, Description, Message, Model, Request

THRESHOLD = 0.75
SYSTEM = Message("system", "Follow the instruction exactly. Add nothing.")
STORY = Message("user", "Describe an old house by the sea, room by room, in plain long sentences.")


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing asked for, and the code that sees whether it was kept."""

    name: str
    prompt: str
    kept: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """How much of the contract was kept; `small` decides whether the selection grammar is used."""

    score: float
    threshold: float
    small: bool
    kept: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """Tokens per second, and the wait for the first word. None: the time did not suffice to tell."""

    single_tokens_per_s: float | None
    seven_tokens_per_s: float | None
    first_token_s: float | None
    seconds: float


def _is_json(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"city": "Oslo", "count": 3})
    except ValueError:
        return False


def _ends(text: str) -> bool:
    return text.rstrip(".!\"'").lower().endswith("harbour")


CLAUSES = (
    Clause("one word", "Answer with exactly one word: what colour is snow?", lambda t: len(t.split()) == 1),
    Clause(
        "given phrase",
        'Write one sentence about rain that contains the phrase "as far as we know".',
        lambda t: "as far as we know" in t.lower(),
    ),
    Clause(
        "no question",
        "Someone asks whether to move house. Reply in two sentences without any question mark.",
        lambda t: bool(t) and "?" not in t,
    ),
    Clause(
        "two sentences",
        "Describe a river in exactly two sentences.",
        lambda t: len(re.findall(r"[.!?](?:\s|$)", t)) == 2,
    ),
    Clause(
        "valid JSON",
        'Write only this as JSON: the key "city" with the value "Oslo", the key "count" with the number 3.',
        _is_json,
    ),
    Clause(
        "three lines",
        "List three kinds of bread, one on each line, without numbers or anything else.",
        lambda t: len(t.splitlines()) == 3 and not re.search(r"\d", t),
    ),
    Clause(
        "forbidden word",
        "Say in one sentence what water is good for, without using the word water.",
        lambda t: bool(t) and "water" not in t.lower(),
    ),
    Clause("last word", "Write one short sentence that ends with the word harbour.", _ends),
)


def probe(model: Model, *, cancel: Cancel | None = None) -> ProbeReport:
    """Ask for every clause at once, at temperature 0, and check the answers."""
    requests = [Request((SYSTEM, Message("user", clause.prompt)), max_tokens=60) for clause in CLAUSES]
    return judge(model.generate(requests, cancel))


def judge(answers: Sequence[Completion]) -> ProbeReport:
    """An answer that was cut off has not kept its clause."""
    kept = tuple(
        clause.name
        for clause, answer in zip(CLAUSES, answers, strict=True)
        if answer.finish_reason == "stop" and clause.kept(answer.text.strip())
    )
    broken = tuple(clause.name for clause in CLAUSES if clause.name not in kept)
    score = len(kept) / len(CLAUSES)
    return ProbeReport(round(score, 3), THRESHOLD, score < THRESHOLD, kept, broken)


def probe_cached(model: Model, *, fresh: bool = False) -> ProbeReport:
    """The probe, once per model: weights and questions unchanged means answers unchanged."""
    key = f"{_identity(model.describe())}|{[clause.prompt for clause in CLAUSES]}"
    known = None if fresh else cache.recall("probe", key)
    if known is not None:
        return ProbeReport(
            known["score"], known["threshold"], known["small"], tuple(known["kept"]), tuple(known["broken"])
        )
    report = probe(model)
    cache.remember("probe", key, asdict(report))
    return report


def measure_speed(model: Model, seconds: float = 10.0, *, remember: bool = True) -> SpeedReport:
    """Half of the time for one text, half for seven together."""
    begun = time.perf_counter()
    single, first = _speed(model, 1, seconds / 2)
    together, _ = _speed(model, 7, seconds / 2)
    report = SpeedReport(single, together, first, round(time.perf_counter() - begun, 2))
    if remember:
        cache.remember("speed", _speed_key(model.describe()), asdict(report))
    return report


def known_speed(description: Description) -> SpeedReport | None:
    """The speed measured earlier on this machine, if it was."""
    known = cache.recall("speed", _speed_key(description))
    return None if known is None else SpeedReport(**{name: known[name] for name in SpeedReport.__slots__})


def model_report(
    model: Model, choice: ModelChoice, *, probed: ProbeReport | None, speed: SpeedReport | None
) -> dict[str, Any]:
    """What `./lab model --json` prints. None means not measured."""
    about = model.describe()
    return {
        "model": about.model,
        "backend": about.backend,
        "source": about.source,
        "spec": choice.spec,
        "why": choice.why,
        "bundled": choice.bundled,
        "alternatives": dict(BACKENDS),
        "how_to_choose": "--model SPEC with any command, or NMA_MODEL for all of them",
        "size_bytes": about.size_bytes,
        "parameters": about.parameters,
        "context": about.context,
        "slots": about.slots,
        "threads": about.threads,
        "threads_why": about.threads_why,
        "json": about.json,
        "grammar": about.grammar,
        "speed": asdict(speed) if speed else None,
        "small": probed.small if probed else None,
        "probe": asdict(probed) if probed else None,
        "leaves_machine": about.leaves_machine,
        "machine": cache.machine(),
    }


def _speed(model: Model, texts: int, seconds: float) -> tuple[float | None, float | None]:
    """(tokens per second while writing, seconds to the first piece). Ends by itself when time is up."""
    cancel = Cancel()
    requests = [Request((SYSTEM, STORY), max_tokens=512, temperature=0.8, seed=seed) for seed in range(texts)]
    begun = time.perf_counter()
    first: float | None = None
    pieces = 0
    for _, chunk in model.stream_many(requests, cancel):
        now = time.perf_counter() - begun
        if chunk.text:
            first = now if first is None else first
            pieces += 1
        if now > seconds:
            cancel.cancel()
    writing = time.perf_counter() - begun - (first or 0.0)
    enough = first is not None and pieces > texts and writing > 0
    return (round(pieces / writing, 1) if enough else None), (round(first, 3) if first is not None else None)


def _identity(about: Description) -> str:
    """The weights, not only their name: a file exchanged under the same name is measured again."""
    path = Path(about.source)
    return f"{about.model}|{cache.file_key(path)}" if path.is_file() else f"{about.model}|{about.source}"


def _speed_key(about: Description) -> str:
    return f"{cache.machine()}|{about.backend}|{about.threads}|{_identity(about)}"
