"""A language model given the transcript: each distinct transcript once, at temperature 0, every answer a real one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from experiments.nanoim import metrics
from experiments.nanoim.turns import ACTIONS, Trace, flatten
from nma13.llm import Message, Model, Request

MEANINGS = {
    "WAIT": "stay quiet and go on listening",
    "SPEAK": "begin to talk and give the reply",
    "BACKCHANNEL": "make a short sound of listening",
    "STOP_SPEAKING": "fall silent in the middle of your own sentence",
    "ASK_CLARIFICATION": "ask the user what was meant",
    "REQUEST_APPROVAL": "ask the responsible person for permission",
    "CALL_TOOL": "send the task to a program",
    "RESUME_WITH_RESULT": "go on talking with a result that has come in",
}
SYSTEM = (
    "You decide what a voice assistant does next. Choose exactly one action:\n"
    + "\n".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items())
    + "\nAnswer with the name of the action and nothing else."
)
AT_ONCE = 8
UNREADABLE = ""


def request(transcript: str) -> Request:
    asked = f"Transcript so far:\n{transcript}\n\nWhich action now?"
    return Request((Message("system", SYSTEM), Message("user", asked)), max_tokens=2048, temperature=0.0)


def parse(answer: str) -> str:
    """The action an answer names: its last name in capitals, after any reasoning. Empty where there is none.

    A part of a longer word is no name: «AWAITING» does not say WAIT, nor «STOP_SPEAK» SPEAK; marks around it may stand.
    """
    spoken = answer.rpartition("</think>")[2]
    named = re.findall(rf"(?<![A-Za-z])(?<![A-Za-z]_)(?:{'|'.join(ACTIONS)})(?!_?[A-Za-z])", spoken)
    return named[-1] if named else UNREADABLE


def ask(model: Model, transcripts: Sequence[str], most_tokens: int) -> dict[str, str]:
    """Transcript → the model's own words."""
    answers: dict[str, str] = {}
    for start in range(0, len(transcripts), AT_ONCE):
        part = transcripts[start : start + AT_ONCE]
        done = model.generate([replace(request(text), max_tokens=most_tokens) for text in part])
        answers |= {text: completion.text for text, completion in zip(part, done, strict=True)}
    return answers


def baseline(model: Model, test: Sequence[Trace], most_tokens: int = 2048, constrained: bool = False) -> dict[str, Any]:
    """Score a model. What cannot be read is counted and scores as wrong, never as a default.

    `constrained` lets the model pick among the eight names, so that even a very small one always answers.
    """
    transcripts = list(dict.fromkeys(flatten(trace) for trace in test))
    if constrained:
        answers = {text: model.choose(request(text), ACTIONS).option for text in transcripts}
    else:
        answers = ask(model, transcripts, most_tokens)
    actions = [parse(answers[flatten(trace)]) for trace in test]
    taa, psr = metrics.taa_psr(test, actions)
    about = model.describe()
    return {
        "kind": "llm_baseline",
        "model": about.model,
        "backend": about.backend,
        "parameters": about.parameters,
        "how": "one of eight names" if constrained else "free answer",
        "taa": round(taa, 6),
        "psr": round(psr, 6),
        "calls": len(transcripts),
        "traces": len(test),
        "parse_failures": sum(parse(answer) == UNREADABLE for answer in answers.values()),
        "answers": {text: {"said": answer[:300], "read_as": parse(answer)} for text, answer in answers.items()},
    }
