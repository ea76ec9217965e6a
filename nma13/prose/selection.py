"""How a small model writes: it chooses sentences and the person's own words, and nothing else.

A 135M model does not keep constraints it is told (measured: 0 of 24 texts). Here every sentence it can
choose keeps them already, so it can be plain and never unsafe. Works on every backend, because all it
needs is the seam's `choose`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nma13.llm import Cancel, Message, Model, Request
from nma13.prose.contract import Contract, Duty

MAX_OPTIONS = 8
FRAMES = Path(__file__).with_name("frames.toml")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the text and the sentences that may stand there."""

    name: str
    options: tuple[str, ...]


@cache
def _frames() -> dict[str, Any]:
    return tomllib.loads(FRAMES.read_text(encoding="utf-8"))


def slots_of(contract: Contract) -> tuple[Slot, ...]:
    """The text's places, with every sentence already filled from the contract."""
    frames = _frames()
    order = frames["order"].get(contract.output_class.value, frames["order"]["HEDGED VECTOR"])
    slots = []
    for name in order:
        if name in frames["duty"]:
            if Duty(name) in contract.duties:
                slots.append(Slot(name, _fill(frames["duty"][name], contract)))
        elif name == "question":
            if contract.budgets.question is None or contract.budgets.question > 0:
                slots.append(Slot(name, _fill(frames["slots"][name], contract)))
        elif name == "lead":
            slots.append(Slot(name, _fill(frames["lead"][contract.lead.value], contract)))
        else:
            slots.append(Slot(name, _fill(frames["slots"][name], contract)))
    return tuple(slot for slot in slots if slot.options)


def acknowledgement(duty: Duty, contract: Contract) -> str:
    """The sentence that is added when a text lacks what it owes."""
    return _fill(_frames()["duty"][duty.value], contract)[0]


def _fill(frames: list[str], contract: Contract) -> tuple[str, ...]:
    """Each frame with each fitting span; a frame that needs words the person did not give is left out."""
    filled: list[str] = []
    for frame in frames:
        if "{quote}" in frame:
            filled += [frame.replace("{quote}", span.text) for span in contract.quotes]
        elif "{premise}" in frame:
            filled += [frame.replace("{premise}", " ".join(span.text.split())) for span in contract.premises[:1]]
        else:
            filled.append(frame)
    if len(filled) > MAX_OPTIONS:  # spread over the text rather than its beginning only
        step = len(filled) / MAX_OPTIONS
        filled = [filled[int(index * step)] for index in range(MAX_OPTIONS)]
    return tuple(dict.fromkeys(filled))


def write(
    model: Model, text: str, contract: Contract, *, seed: int, temperature: float = 0.0, cancel: Cancel | None = None
) -> Iterator[str]:
    """Sentence after sentence, each one chosen by the model given the person's text and what stands already."""
    written: list[str] = []
    for slot in slots_of(contract):
        if cancel is not None and cancel.cancelled:
            return
        if len(slot.options) == 1:
            sentence = slot.options[0]
        else:
            request = Request(
                (
                    Message("system", "You continue a short, calm answer with the sentence that fits best."),
                    Message("user", _shown(text)),
                    Message("assistant", " ".join(written) or "…"),
                    Message("user", "Which sentence comes next?"),
                ),
                max_tokens=96,
                temperature=temperature,
                seed=seed + len(written),
            )
            sentence = model.choose(request, slot.options, cancel).option
        written.append(sentence)
        yield sentence


def _shown(text: str) -> str:
    """Enough of the person's text for a small context: the beginning and the end."""
    return text if len(text) <= 2400 else f"{text[:1600]} […] {text[-800:]}"
