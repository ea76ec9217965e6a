"""The llamacpp backend: a GGUF file run in this process by xllamacpp, several texts at once.

Seven slots by default, one for each station; JSON and grammars are kept while decoding; a request that is
cancelled stops at its next token (the library ends a request whose callback returns True).
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nma13.config import ROOT
from nma13.llm import cache
from nma13.llm.base import Backend, check_options
from nma13.llm.errors import ModelError, ModelFileBroken, ModelUnavailable
from nma13.llm.gguf import read_header
from nma13.llm.jobs import Job, run_jobs, start_thread
from nma13.llm.slots import Slots, shared_text
from nma13.llm.threads import choose_threads
from nma13.llm.types import Cancel, Choice, Chunk, Completion, Description, Message, Request, plain

SLOTS = 7
CONTEXT = 4096  # per slot; the prompts of one round with their shared part fit
CACHE_MIB = 256
BATCH = 512
HEAD_START = 8  # pieces, some words: what is heard of them is on the screen while the other prompts are read
SOCKET = "lib.sock"  # the library takes an address for a socket only if it ends like this
LAST_WAIT_S = 60.0  # how long close() waits for requests that still run


class LlamaCpp(Backend):
    """One loaded GGUF file. Open it once per process and share it between threads."""

    json_attempts = 1  # decoding is constrained: a second try at an answer cut short would be cut short too

    def __init__(self, path: Path, *, slots: int = SLOTS, context: int = CONTEXT) -> None:
        self._info = read_header(path)
        self._context = min(context, self._info.context or context)
        self._slot_count = slots
        check_loads(path)
        self._threads = choose_threads(path, lambda count: _decode_speed(path, count))
        # A folder only we can enter: the library's socket and the saved prefixes lie in it. Kept short,
        # since a Unix socket's path may hold only about a hundred letters.
        self._folder = Path(tempfile.mkdtemp(prefix="nma-"))
        try:
            self._server = _load(path, self._threads.count, self._context, slots, self._folder)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._slots = Slots(slots, self._folder, self._folder / SOCKET)
        self._running: set[threading.Thread] = set()
        self._guard = threading.Lock()
        self._closed = False

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        if self._closed:
            raise ModelUnavailable("This model was closed. Open it again; your data is unchanged.")
        start = start_thread(self._work)
        return run_jobs(requests, self._info.name, start, cancel, quiet, 0 if quiet else HEAD_START)

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        """The options as a grammar: the model can write nothing else."""
        check_options(options)
        asked = replace(
            request,
            grammar="root ::= " + " | ".join(json.dumps(option, ensure_ascii=False) for option in options),
            json_schema=None,
            max_tokens=max(len(option.encode("utf-8", "replace")) for option in options) + 8,
            stop=(),
        )
        completion = self.generate([asked], cancel)[0]
        if completion.text not in options:
            raise ModelError(
                f"{self._info.name} ended before one of the options was complete "
                f"({completion.finish_reason}). Nothing was decided.",
                partial=completion.text,
            )
        return Choice(list(options).index(completion.text), completion.text, "constrained decoding")

    def describe(self) -> Description:
        return Description(
            backend="llamacpp",
            model=self._info.name,
            source=str(self._info.path),
            size_bytes=self._info.size_bytes,
            parameters=self._info.parameters,
            context=self._context,
            slots=self._slot_count,
            threads=self._threads.count,
            threads_why=self._threads.why,
            json="constrained",
            grammar=True,
        )

    def close(self) -> None:
        with self._guard:
            if self._closed:
                return
            self._closed = True
            running = list(self._running)
        for thread in running:  # the library must not be taken down under a request that still runs
            thread.join(LAST_WAIT_S)
        del self._server
        gc.collect()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _work(self, job: Job) -> Completion:
        shared = shared_text(job.request.messages)
        length = sum(len(message.content) for message in job.request.messages[:-1])
        with self._guard:
            if self._closed:
                raise ModelUnavailable("This model was closed. Open it again; your data is unchanged.")
            self._running.add(threading.current_thread())
        try:
            with self._slots.one(shared, job.request.reproducible, lambda: job.stopped) as slot:
                if slot is None:
                    return job.cancelled_completion()
                self._slots.prepare(slot, shared, length, job.request.reproducible, lambda at: self._prefill(job, at))
                return self._decode(job, slot)
        finally:
            with self._guard:
                self._running.discard(threading.current_thread())

    def _prefill(self, job: Job, slot: int) -> None:
        """Compute the shared messages and nothing more."""
        body = {
            "messages": plain(job.request.messages[:-1]),
            "add_generation_prompt": False,
            "max_tokens": 0,
            "id_slot": slot,
            "cache_prompt": not job.request.reproducible,
            "stream": True,
            "return_progress": True,
        }
        # Some chat templates refuse a conversation without a user's turn; the request itself then
        # computes its whole prompt, which is slower and just as right.
        self._server.handle_chat_completions(body, lambda _: job.stopped)

    def _decode(self, job: Job, slot: int) -> Completion:
        reply = _Reply(job)
        alone = job.request.reproducible
        body = _body(job.request, slot, cache_prompt=not alone or len(job.request.messages) > 1)
        answer = self._server.handle_chat_completions(body, reply.take)
        reply.take(answer)
        if reply.error:
            self._slots.forget(slot)
            raise _refused(self._info.name, self._context, reply.error, job)
        if job.stopped and reply.reason is None:
            return job.cancelled_completion()
        return Completion(
            text=reply.text,
            finish_reason="length" if reply.reason == "length" else "stop",
            prompt_tokens=reply.usage.get("prompt_tokens", 0),
            completion_tokens=reply.usage.get("completion_tokens", 0),
            seconds=job.seconds,
            model=self._info.name,
            cached_tokens=(reply.usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
        )


class _Reply:
    """Collects the pieces of one streamed answer; `take` is the library's callback."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._parts: list[str] = []
        self.reason: str | None = None
        self.usage: dict[str, Any] = {}
        self.error: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def take(self, piece: Any) -> bool:
        """True ends the request."""
        if isinstance(piece, dict):
            self.error = piece.get("error") or self.error
            self.usage = piece.get("usage") or self.usage
            for choice in piece.get("choices") or ():
                self.reason = choice.get("finish_reason") or self.reason
                text = (choice.get("delta") or {}).get("content")
                if text:
                    self._parts.append(text)
                    self._job.emit(text)
        return self._job.stopped


def check_loads(path: Path) -> None:
    """Load a file never seen before in a child process first, so that a crash in C++ is only a sentence."""
    key = cache.file_key(path)
    if cache.recall("loads", key) is not None:
        return
    with tempfile.TemporaryDirectory(prefix="nma-") as folder:
        command = [sys.executable, "-c", "from nma13.llm.llamacpp import try_load; try_load()"]
        child = subprocess.run([*command, str(path), folder], capture_output=True, text=True, check=False, cwd=ROOT)
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["it crashed"])[-1]
        raise ModelFileBroken(
            f"{path} has a sound header but llama.cpp cannot load it ({last[:200]}). Your data is "
            "unchanged. Fetch the file again, choose another model (./lab model), or update the lab: "
            "the model may be newer than its llama.cpp."
        )
    cache.remember("loads", key, {"loads": True})


def try_load() -> None:
    """What the child process of `check_loads` runs; it leaves without taking anything down."""
    _load(Path(sys.argv[1]), 1, 256, 1, Path(sys.argv[2]))
    os._exit(0)


def _load(path: Path, threads: int, context: int, slots: int, folder: Path) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelUnavailable(
            f"The llamacpp backend needs xllamacpp, which is not installed here ({error}). "
            "Run ./lab setup, or: pip install -r requirements.txt"
        ) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = slots
    params.n_ctx = slots * context  # the library divides it between the slots
    params.n_batch = BATCH
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = CACHE_MIB
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    params.fit_params = False  # we sized it; silent resizing would make runs differ
    # The library always opens its HTTP door. A socket in a folder of our own keeps everybody else out.
    params.hostnames = [str(folder / SOCKET)]
    params.slot_save_path = str(folder) + "/"
    try:
        with _unsignalled():
            server = xllamacpp.Server(params)
            # One token, so that its loop is known to run: a server taken down before that never ends.
            server.handle_completions({"prompt": "a", "max_tokens": 1, "cache_prompt": False}, lambda _: False)
    except RuntimeError as error:
        raise ModelFileBroken(
            f"llama.cpp could not load {path} with {slots} × {context} tokens of context ({error}). "
            "Your data is unchanged. There may be too little memory, or the file may be damaged."
        ) from error
    return server


@contextmanager
def _unsignalled() -> Iterator[None]:
    """What asks us to end waits while the library loads: it would take the signal for itself, and never come back."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _decode_speed(path: Path, threads: int) -> float:
    """Tokens per second of a short text, for choosing the number of threads."""
    with tempfile.TemporaryDirectory(prefix="nma-") as folder:
        server = _load(path, threads, 256, 1, Path(folder))
        body = _body(Request((Message("user", "Count to thirty in words."),), max_tokens=32), 0, True)
        server.handle_chat_completions({**body, "max_tokens": 8}, lambda _: False)  # warm the memory up
        timings: dict[str, Any] = {}
        server.handle_chat_completions(body, lambda piece: bool(timings.update(piece.get("timings") or {})))
        del server
        gc.collect()
    return float(timings.get("predicted_per_second", 0.0))


def _body(request: Request, slot: int, cache_prompt: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": plain(request.messages),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed % 2**32,
        "stop": list(request.stop),
        "id_slot": slot,
        "cache_prompt": cache_prompt,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # calls back while the prompt is read, so that a cancel is seen then too
    }
    if request.grammar:
        body["grammar"] = request.grammar
    elif request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _refused(model: str, context: int, error: Mapping[str, Any], job: Job) -> ModelError:
    if error.get("type") == "exceed_context_size_error":
        return ModelError(
            f"The prompt has {error.get('n_prompt_tokens')} tokens, {model} has room for {context}. "
            "Nothing was written. Shorten the text, or choose a model with a longer context.",
            partial=job.text,
        )
    return ModelError(f"{model} refused the request: {error.get('message', error)}.", partial=job.text)
