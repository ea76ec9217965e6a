"""A model made of rules: deterministic, records its calls, needs no weights. The lab's logic runs on it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nma13.llm.base import Backend, check_options
from nma13.llm.jobs import Job, run_jobs, start_thread
from nma13.llm.stops import StopFilter
from nma13.llm.types import Cancel, Choice, Chunk, Completion, Description, FinishReason, Request

SCRIPT = (
    "the ground holds what the claim leaves open and asks which loss can be borne before a path is named "
    "perhaps two demands meet here and neither yields so the tension stays visible until more is known"
)


class ScriptedModel(Backend):
    """Text from a hash of seed and messages, or from `replies` in turn; `calls` is every request seen."""

    json_attempts = 1

    def __init__(self, *, pace: float = 0.0, replies: Sequence[str] = ()) -> None:
        self.pace = pace
        self.calls: list[Request] = []
        self._replies = list(replies)

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        planned = [self._reply(request) for request in requests]
        self.calls.extend(requests)
        yield from run_jobs(
            requests,
            "scripted",
            start_thread(lambda job: self._write(job, planned[job.index])),
            cancel,
            quiet,
        )

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        check_options(options)
        self.calls.append(request)
        index = _number(request) % len(options)
        return Choice(index, options[index], "scripted")

    def describe(self) -> Description:
        return Description(backend="scripted", model="scripted", source="scripted:", json="scripted")

    def _reply(self, request: Request) -> str:
        if self._replies:
            return self._replies.pop(0)
        if request.json_schema is not None:
            return json.dumps(minimal(request.json_schema))
        number = _number(request)
        words = SCRIPT.split()
        words = [words[(number >> (i % 32)) % len(words)] for i in range(12 + number % 24)]
        return " ".join(words).capitalize() + "."

    def _write(self, job: Job, reply: str) -> Completion:
        """One word is one token. The outputs of one batch end `pace` seconds apart."""
        words = reply.split(" ")
        kept = words[: job.request.max_tokens]
        stops, written = StopFilter(job.request.stop), []
        for place, word in enumerate(kept):
            _wait(job, job.started + self.pace * (job.index + (place + 1) / len(kept)))
            if job.stopped or stops.hit:
                break
            written.append(stops.feed(word if place == 0 else " " + word))
            job.emit(written[-1])
        written.append(stops.rest())
        job.emit(written[-1])
        prompt = sum(len(message.content.split()) for message in job.request.messages)
        text = "".join(written)
        reason: FinishReason = "length" if len(kept) < len(words) and not stops.hit else "stop"
        return Completion(
            text, "cancelled" if job.stopped else reason, prompt, len(text.split()), job.seconds, "scripted"
        )


def minimal(schema: Mapping[str, Any]) -> Any:
    """The smallest JSON value that keeps a schema of the plain kinds the lab uses."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return minimal(schema[union][0])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: minimal(properties.get(name, {})) for name in schema.get("required", properties)}
    if kind == "array":
        return [minimal(schema.get("items", {})) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return ("scripted " * 99)[: max(schema.get("minLength", 0), min(8, schema.get("maxLength", 8)))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return False if kind == "boolean" else None


def _number(request: Request) -> int:
    said = json.dumps([request.seed, [[m.role, m.content] for m in request.messages]])
    return int.from_bytes(hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _wait(job: Job, until: float) -> None:
    while not job.stopped and (left := until - time.perf_counter()) > 0:
        time.sleep(min(left, 0.02))
