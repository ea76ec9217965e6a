"""From one string to a model (mlx: llamacpp: openai: scripted: none), and which one by default."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nma13.llm.bundled import bundled_gguf
from nma13.llm.errors import WrongModelString
from nma13.llm.types import Model

BACKENDS: dict[str, str] = {
    "mlx": "mlx:<hub id or folder>: Apple silicon through mlx-lm",
    "llamacpp": "llamacpp:<file.gguf>: any machine through llama.cpp",
    "openai": "openai:<base url>#<model>: a server such as Ollama, LM Studio or vLLM",
    "scripted": "scripted: [--pace S]: no weights, deterministic text, for trying the machinery",
    "none": "none: no model; structural prose only",
}
REFERENCE = "mlx-community/Qwen2.5-72B-Instruct-4bit"


@dataclass(frozen=True, slots=True)
class Spec:
    """A model string, read."""

    backend: str
    rest: str

    def __str__(self) -> str:
        return self.backend if self.backend == "none" else f"{self.backend}:{self.rest}"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model would run, and why. Nothing has been loaded."""

    spec: str
    backend: str
    why: str
    size_bytes: int | None = None
    bundled: bool = False


def parse_spec(text: str) -> Spec:
    """Read a model string, or say how one looks."""
    backend, colon, rest = text.strip().partition(":")
    if backend not in BACKENDS or (backend != "none" and not colon):
        meant = f"Did you mean llamacpp:{text.strip()}? " if text.strip().endswith(".gguf") else ""
        raise WrongModelString(f"{text!r} does not name a model. {meant}{_how()}")
    rest = rest.strip()
    if backend in ("mlx", "llamacpp", "openai") and not rest:
        raise WrongModelString(f"{text!r} lacks what stands after the colon. {_how()}")
    if backend == "none" and rest:
        raise WrongModelString(f"{text!r}: none takes nothing after it.")
    return Spec(backend, rest)


def explain_choice(
    spec: str | None = None, *, env: Mapping[str, str] = os.environ, look_for_served: bool = True
) -> ModelChoice:
    """The model that `open_model` would open with the same words, and the reason."""
    named = (spec or "").strip()
    why = "named with --model"
    if not named:
        named, why = env.get("NMA_MODEL", "").strip(), "named by NMA_MODEL"
    if named:
        return _explained(parse_spec(named), why)
    if look_for_served:
        from nma13.llm.served import find_served

        served = find_served()
        if served is not None:
            return ModelChoice(
                f"openai:{served.url}#{served.model}",
                "openai",
                f"a model server of this lab is running at {served.url}; every command shares its copy",
                served.size_bytes,
            )
    if _apple_silicon():
        from nma13.llm.mlx import find_local

        if find_local(REFERENCE, env) is not None:
            return _explained(Spec("mlx", REFERENCE), "the reference model is on this machine (Apple silicon)")
    bundled = bundled_gguf()
    if bundled is not None:
        why = "nothing was named, so the bundled model runs; it shows the machinery, not the prose"
        return _explained(Spec("llamacpp", str(bundled)), why)
    return ModelChoice("none", "none", "nothing was named and the bundled model is not installed")


def open_model(
    spec: str | None = None,
    *,
    allow_download: bool = False,
    env: Mapping[str, str] = os.environ,
    slots: int | None = None,
    context: int | None = None,
    look_for_served: bool = True,
) -> Model:
    """The model that a string names, or the default one. Close it, or use it as a context manager.

    `slots` and `context` size the llamacpp backend: texts at once, and tokens for each.
    """
    found = parse_spec(explain_choice(spec, env=env, look_for_served=look_for_served).spec)
    match found.backend:
        case "mlx":
            from nma13.llm.mlx import Mlx

            return Mlx(found.rest, allow_download=allow_download)
        case "llamacpp":
            from nma13.llm.llamacpp import CONTEXT, SLOTS, LlamaCpp

            path = Path(found.rest).expanduser()
            return LlamaCpp(path, slots=slots or SLOTS, context=context or CONTEXT)
        case "openai":
            from nma13.llm.openai_server import OpenAIServer

            url, _, model = found.rest.partition("#")
            return OpenAIServer(url, model, env=env)
        case "scripted":
            from nma13.llm.scripted import ScriptedModel

            return ScriptedModel(pace=scripted_pace(found.rest))
        case _:
            from nma13.llm.none import NoModel

            return NoModel()


def scripted_pace(options: str) -> float:
    """The seconds in `--pace S`."""
    try:
        words = shlex.split(options)
        if not words:
            return 0.0
        name, value = words[0].split("=", 1) if len(words) == 1 else words
        pace = float(value)
    except ValueError:
        name, pace = "", -1.0
    if name != "--pace" or not 0 <= pace <= 3600:
        raise WrongModelString(
            f"scripted: takes --pace S, with S the seconds between outputs (0 to 3600); not {options!r}."
        )
    return pace


def _explained(spec: Spec, why: str) -> ModelChoice:
    size = None
    if spec.backend == "llamacpp":
        path = Path(spec.rest).expanduser()
        size = path.stat().st_size if path.is_file() else None
    elif spec.backend == "mlx":
        from nma13.llm.mlx import find_local, size_of

        folder = find_local(spec.rest)
        size = size_of(folder) if folder else None
    bundled = bundled_gguf()
    return ModelChoice(str(spec), spec.backend, why, size, bundled=bundled is not None and spec.rest == str(bundled))


def _apple_silicon() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"


def _how() -> str:
    return "Known forms: " + "; ".join(BACKENDS.values()) + "."
