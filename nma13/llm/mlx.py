"""The mlx backend: mlx-lm, the default on Apple silicon; on Linux its CPU build, slow, used by tests.

Takes a folder, a hub id present on this machine, or a llama-family GGUF file. JSON is checked and asked
again, since decoding cannot be constrained; choices are taken by likelihood.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nma13.llm import answers
from nma13.llm.base import Backend, check_options, refuse_grammar
from nma13.llm.errors import ModelError, ModelFileBroken, ModelNotFound, ModelUnavailable
from nma13.llm.jobs import run_jobs
from nma13.llm.mlx_gguf import load_gguf
from nma13.llm.mlx_worker import Batch, worker
from nma13.llm.types import Cancel, Choice, Chunk, Description, Request

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class Mlx(Backend):
    """One model on the process's MLX thread."""

    def __init__(self, source: str, *, allow_download: bool = False) -> None:
        self._path = find_local(source) or _download(source, allow_download)
        self._source = source
        self._name = source.rstrip("/").rsplit("/", 1)[-1].removesuffix(".gguf")
        self._size = size_of(self._path)
        self._worker = worker()
        self._batch: Batch | None = self._worker.call(self._open)

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        refuse_grammar(requests, "The mlx backend")
        batch = self._opened()
        asked = [answers.in_words(request) for request in requests]
        return run_jobs(asked, self._name, lambda job: self._worker.submit(batch, job), cancel, quiet)

    def choose(self, request: Request, options: Sequence[str], cancel: Cancel | None = None) -> Choice:
        """The option the model finds most likely as its whole answer."""
        check_options(options)
        batch = self._opened()
        scores = self._worker.call(lambda: _likelihoods(batch, request, options, cancel))
        index = max(range(len(options)), key=scores.__getitem__)
        return Choice(index, options[index], "likelihood")

    def describe(self) -> Description:
        batch = self._opened()
        return Description(
            backend="mlx",
            model=self._name,
            source=self._source,
            size_bytes=self._size,
            parameters=self._parameters,
            context=batch.context,
            threads_why="MLX decides; all its work happens on one thread of this process",
        )

    def close(self) -> None:
        batch, self._batch = self._batch, None
        if batch is not None:
            self._worker.call(lambda: self._worker.detach(batch))

    def _opened(self) -> Batch:
        if self._batch is None:
            raise ModelUnavailable("This model was closed. Open it again; your data is unchanged.")
        return self._batch

    def _open(self) -> Batch:
        """Load on the MLX thread."""
        _import_mlx()
        from mlx_lm.utils import get_total_parameters, load

        try:
            if self._path.suffix == ".gguf":
                model, tokenizer = load_gguf(self._path)
            else:
                model, tokenizer = load(str(self._path))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelFileBroken(
                f"{self._path} could not be loaded as an MLX model ({type(error).__name__}: {error}). "
                "Your data is unchanged. Fetch it again, or choose another model (./lab model)."
            ) from error
        self._parameters = int(get_total_parameters(model))
        args = getattr(model, "args", None)
        batch = Batch(model, tokenizer, self._name, getattr(args, "max_position_embeddings", None))
        self._worker.attach(batch)
        return batch


def find_local(source: str, env: Mapping[str, str] = os.environ) -> Path | None:
    """The folder or GGUF file a source means on this machine, without importing or asking anybody."""
    path = Path(source).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return path
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelFileBroken(f"{path} holds no config.json; it is not an MLX model folder.")
        return path
    if not HUB_ID.fullmatch(source):
        return None
    home = Path(env.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(env.get("HF_HUB_CACHE") or home / "hub")
    snapshots = sorted((hub / f"models--{source.replace('/', '--')}" / "snapshots").glob("*/config.json"))
    complete = [found.parent for found in snapshots if any(found.parent.glob("*.safetensors"))]
    return complete[-1] if complete else None


def size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.glob("*.safetensors"))


def _download(source: str, allowed: bool) -> Path:
    """Nothing is ever fetched silently."""
    if not HUB_ID.fullmatch(source):
        raise ModelNotFound(
            f"There is no model folder at {source}. Nothing was changed. "
            "Check the path, or run ./lab model to see what can be used."
        )
    if not allowed:
        raise ModelNotFound(
            f"The model {source} is not on this machine, and nothing is downloaded without your word. "
            "Fetch it with ./lab model, or choose another one."
        )
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(source))
    except (ImportError, OSError, ValueError) as error:
        raise ModelNotFound(
            f"The model {source} could not be fetched ({error}). Nothing was changed. "
            "Check the name and the connection, then try again; what arrived is kept."
        ) from error


def _import_mlx() -> None:
    # Said before transformers is imported: it would remark on torch being absent, which is meant so.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    try:
        import mlx.core as mx
        import mlx_lm  # noqa: F401 - asked for here so that its absence is one clear sentence
    except ImportError as error:
        raise ModelUnavailable(
            f"The mlx backend needs mlx and mlx-lm, which are not installed here ({error}). "
            "On Apple silicon run ./lab setup; elsewhere use llamacpp:."
        ) from error
    if sys.platform == "linux":
        mx.disable_compile()  # run-time compilation would call a C++ compiler


def _likelihoods(batch: Batch, request: Request, options: Sequence[str], cancel: Cancel | None) -> list[float]:
    """The log-probability of each option, followed by the end of the answer."""
    import copy

    import mlx.core as mx

    prompt = batch.prompt(replace(request, json_schema=None))
    shared = tuple(prompt[:-1])
    state = batch.computed(shared, keep=False)
    end = min(batch.tokenizer.eos_token_ids)
    scores = []
    for option in options:
        if cancel is not None and cancel.cancelled:
            raise ModelError("The choice was cancelled; nothing was decided.")
        tokens = [*batch.tokenizer.encode(option, add_special_tokens=False), end]
        own: Any = copy.deepcopy(state)
        logits = batch.model(mx.array([prompt[-1], *tokens[:-1]])[None], cache=own)[0].astype(mx.float32)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        scores.append(float(sum(logprobs[i, token].item() for i, token in enumerate(tokens))))
    return scores
