"""The one thread on which everything of MLX happens, and the texts each model has under way on it."""

from __future__ import annotations

import copy
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from nma13.llm.errors import ModelError
from nma13.llm.jobs import Job
from nma13.llm.stops import StopFilter
from nma13.llm.types import Completion, Request, plain

PREFIX_TOKENS = 8  # a shared part shorter than this is not worth keeping
KEEP_TOKENS = 64  # from here on it is kept even for one request: its neighbours may be a moment away
PREFIX_CAP = 512 * 1024 * 1024
STEP = 512


class Worker:
    """Runs calls and model steps in turn. There is one per process (`worker()`)."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._batches: list[Batch] = []
        threading.Thread(target=self._loop, name="nma-mlx", daemon=True).start()

    def call(self, work: Callable[[], Any]) -> Any:
        """Run `work` on the MLX thread and wait for what it returns or raises."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's result()
                future.set_exception(error)

        self._inbox.put(run)
        return future.result()

    def submit(self, batch: Batch, job: Job) -> None:
        self._inbox.put(lambda: batch.waiting.append(job))

    def attach(self, batch: Batch) -> None:
        self._batches.append(batch)

    def detach(self, batch: Batch) -> None:
        batch.fail_all(ModelError("This model was closed while it was writing. Your data is unchanged."))
        self._batches.remove(batch)

    def _loop(self) -> None:
        while True:
            busy = any(batch.busy for batch in self._batches)
            try:
                while True:
                    self._inbox.get(block=not busy)()
                    busy = True  # look for more without waiting, so that a batch starts together
            except queue.Empty:
                pass
            for batch in self._batches:
                if batch.busy:
                    batch.step()


_worker: Worker | None = None
_guard = threading.Lock()


def worker() -> Worker:
    """The process's MLX thread, started when first needed."""
    global _worker
    with _guard:
        if _worker is None:
            _worker = Worker()
        return _worker


@dataclass(slots=True)
class _Running:
    """One text under way: its job and what was written so far."""

    job: Job
    detokenizer: Any
    stops: StopFilter
    prompt_tokens: int
    cached_tokens: int
    written: int = 0
    parts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.job.emit(text)


class Batch:
    """The texts one model writes together. Every method runs on the MLX thread."""

    def __init__(self, model: Any, tokenizer: Any, name: str, context: int | None) -> None:
        from mlx_lm.generate import BatchGenerator, StopSequences

        self.model, self.tokenizer, self.name, self.context = model, tokenizer, name, context
        self.waiting: list[Job] = []
        self._running: dict[int, _Running] = {}
        self._ends = StopSequences([(token,) for token in tokenizer.eos_token_ids])
        self._generator = BatchGenerator(model, prefill_step_size=STEP)
        self._prefixes: OrderedDict[tuple[int, ...], list[Any]] = OrderedDict()

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self._running)

    def step(self) -> None:
        """Take in what waits, write one token of every text."""
        try:
            self._drop_stopped()
            self._admit()
            _, responses = self._generator.next() if self._running else ((), ())
            for response in responses:
                self._take(response)
        except Exception as error:  # noqa: BLE001 - every waiting caller must hear of it
            self.fail_all(error)

    def fail_all(self, error: Exception) -> None:
        self._generator.remove(list(self._running))
        for job in [*self.waiting, *(running.job for running in self._running.values())]:
            job.fail(error)
        self.waiting.clear()
        self._running.clear()

    def prompt(self, request: Request) -> list[int]:
        messages = plain(request.messages)
        return list(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True))

    def prefix(self, request: Request, prompt: list[int]) -> tuple[int, ...]:
        """The tokens of everything before the last message, if the prompt really begins with them."""
        if len(request.messages) < 2:
            return ()
        from jinja2 import TemplateError

        messages = plain(request.messages[:-1])
        try:
            tokens = tuple(self.tokenizer.apply_chat_template(messages, add_generation_prompt=False))
        except TemplateError:  # some templates refuse a conversation without a user's turn: no sharing then
            return ()
        fits = PREFIX_TOKENS <= len(tokens) < len(prompt) and tuple(prompt[: len(tokens)]) == tokens
        return tokens if fits else ()

    def computed(self, tokens: tuple[int, ...], keep: bool = True) -> list[Any]:
        """The model's state after these tokens, always computed from nothing, as a copy of one's own."""
        import mlx.core as mx
        from mlx_lm.models.cache import make_prompt_cache

        state = self._prefixes.get(tokens)
        if state is None:
            state = make_prompt_cache(self.model)
            with mx.stream(self._generator.stream):
                for start in range(0, len(tokens), STEP):
                    self.model(mx.array(tokens[start : start + STEP])[None], cache=state)
                    mx.eval([layer.state for layer in state])
            if not keep:
                return list(state)
            self._prefixes[tokens] = state
            while sum(c.nbytes for kept in self._prefixes.values() for c in kept) > PREFIX_CAP:
                self._prefixes.popitem(last=False)
        elif keep:
            self._prefixes.move_to_end(tokens)
        own: list[Any] = copy.deepcopy(state)
        return own

    def _admit(self) -> None:
        """Start the texts that wait. A reproducible one runs alone, so it waits for an empty house."""
        if any(running.job.request.reproducible for running in self._running.values()):
            return
        alone = [job for job in self.waiting if job.request.reproducible]
        taken = [job for job in self.waiting if not job.request.reproducible]
        if not taken and alone and not self._running:
            taken = alone[:1]
        prompts = [self.prompt(job.request) for job in taken]
        prefixes = [self.prefix(job.request, p) for job, p in zip(taken, prompts, strict=True)]
        for job, prompt, prefix in zip(taken, prompts, prefixes, strict=True):
            self.waiting.remove(job)
            if self.context and len(prompt) + 1 > self.context:
                job.fail(_too_long(self.name, len(prompt), self.context))
                continue
            known = (
                prefix in self._prefixes
                or prefixes.count(prefix) > 1
                or len(prefix) >= KEEP_TOKENS
                or job.request.reproducible
            )
            self._start(job, prompt, prefix if known else ())

    def _start(self, job: Job, prompt: list[int], prefix: tuple[int, ...]) -> None:
        (uid,) = self._generator.insert(
            [prompt[len(prefix) :]],
            max_tokens=[job.request.max_tokens],
            caches=[self.computed(prefix)] if prefix else None,
            all_tokens=[list(prefix)],
            samplers=[_sampler(job.request)],
            stop_sequences=[self._ends],
        )
        stops = StopFilter(job.request.stop)
        self._running[uid] = _Running(job, self.tokenizer.detokenizer, stops, len(prompt), len(prefix))

    def _drop_stopped(self) -> None:
        self.waiting = [job for job in self.waiting if not job.stopped]
        gone = [uid for uid, running in self._running.items() if running.job.stopped]
        if gone:
            self._generator.remove(gone)
            for uid in gone:
                del self._running[uid]

    def _take(self, response: Any) -> None:
        running = self._running[response.uid]
        running.written += 1
        if response.finish_reason != "stop":
            running.detokenizer.add_token(response.token)
            running.add(running.stops.feed(running.detokenizer.last_segment))
        if response.finish_reason is None and not running.stops.hit:
            return
        if response.finish_reason is None:
            self._generator.remove([response.uid])
        if not running.stops.hit:
            running.detokenizer.finalize()
            running.add(running.stops.feed(running.detokenizer.last_segment))
            running.add(running.stops.rest())
        del self._running[response.uid]
        cut = response.finish_reason == "length" and not running.stops.hit
        running.job.finish(
            Completion(
                text="".join(running.parts),
                finish_reason="length" if cut else "stop",
                prompt_tokens=running.prompt_tokens,
                completion_tokens=running.written,
                seconds=running.job.seconds,
                model=self.name,
                cached_tokens=running.cached_tokens,
            )
        )


def _sampler(request: Request) -> Any:
    """Greedy at temperature 0; else one random stream a text, so that neighbours do not disturb it."""
    if request.temperature <= 0:
        return None
    import mlx.core as mx

    state = mx.random.key(request.seed % 2**63)

    def sample(logprobs: Any) -> Any:
        nonlocal state
        state, key = mx.random.split(state)
        return mx.random.categorical(logprobs / request.temperature, key=key)

    return sample


def _too_long(name: str, tokens: int, context: int) -> ModelError:
    return ModelError(
        f"The prompt has {tokens} tokens, {name} has room for {context}. Nothing was written. "
        "Shorten the text, or choose a model with a longer context."
    )
