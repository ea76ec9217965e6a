"""The mlx backend on the same weights. The CPU build is slow, so every text here is short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nma13.llm import Cancel, Message, Model, ModelFileBroken, ModelNotFound, Request, UnsupportedRequest
from nma13.llm.llamacpp import LlamaCpp
from nma13.llm.mlx import Mlx, find_local
from nma13.llm.mlx_worker import worker

pytestmark = pytest.mark.model
Ask = Callable[..., Request]


def short(word: str, **options: object) -> Request:
    messages = (Message("system", "Be brief."), Message("user", f"Say {word}."))
    return Request(messages, max_tokens=2, **options)  # type: ignore[arg-type]


def test_seven_in_one_batch_share_their_prefix(mlx: Mlx) -> None:
    assert isinstance(mlx, Model)
    done = mlx.generate([short(word) for word in "abcdefg"])
    assert len(done) == 7
    assert all(c.text for c in done)
    assert all(c.cached_tokens >= 8 for c in done)
    assert len({c.prompt_tokens for c in done}) == 1


def test_it_reads_the_same_prompt_and_the_same_words_as_llamacpp(mlx: Mlx, llamacpp: LlamaCpp) -> None:
    """Same file, two libraries: the tokens of the prompt agree, and so does the most likely beginning."""
    messages = (Message("system", "Be brief."), Message("user", "The capital of France in 2024?\n\tPlease."))
    request = Request(messages, max_tokens=3)
    ours, theirs = mlx.generate([request])[0], llamacpp.generate([request])[0]
    assert ours.prompt_tokens == theirs.prompt_tokens
    assert ours.text.split()[0] == theirs.text.split()[0]


def test_same_seed_same_text_and_neighbours_do_not_disturb(mlx: Mlx) -> None:
    alone = short("fruit", seed=5, temperature=1.0, reproducible=True)
    (first,), (again,) = mlx.generate([alone]), mlx.generate([alone])
    assert first.text == again.text


def test_stream_and_cancel(mlx: Mlx, ask: Ask) -> None:
    cancel, pieces, begun = Cancel(), 0, 0.0
    for chunk in mlx.stream(ask("Tell a long story.", max_tokens=400), cancel):
        pieces += bool(chunk.text)
        if pieces == 2 and not cancel.cancelled:
            begun = time.monotonic()
            cancel.cancel()
    assert time.monotonic() - begun < 1
    assert chunk.completion is not None
    assert chunk.completion.finish_reason == "cancelled"
    assert chunk.completion.text


def test_a_choice_is_taken_by_likelihood(mlx: Mlx, ask: Ask) -> None:
    chosen = mlx.choose(ask("Is snow white? yes or no"), ["yes", "xylophone quartz"])
    assert (chosen.option, chosen.how) == ("yes", "likelihood")


def test_json_that_fails_is_a_status(mlx: Mlx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tokens cannot hold an object. One try here, since tries cost seconds on a CPU."""
    monkeypatch.setattr(mlx, "json_attempts", 1)
    (done,) = mlx.generate([short("it", json_schema={"type": "object"})])
    assert done.parsed is None
    assert done.parse_failure is not None
    assert "not JSON" in done.parse_failure.reason


def test_a_grammar_is_refused_rather_than_ignored(mlx: Mlx) -> None:
    with pytest.raises(UnsupportedRequest, match="grammar"):
        mlx.generate([short("a", grammar='root ::= "a"')])


def test_all_of_mlx_happens_on_one_thread() -> None:
    names = {worker().call(lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"nma-mlx"}
    assert sum(thread.name == "nma-mlx" for thread in threading.enumerate()) == 1


def test_an_error_on_the_worker_comes_back_and_the_worker_lives(mlx: Mlx) -> None:
    with pytest.raises(ZeroDivisionError):
        worker().call(lambda: 1 // 0)
    assert worker().call(lambda: "alive") == "alive"


@pytest.mark.parametrize("source", ["/nowhere/at/all", "somebody/some-model-that-is-not-here"])
def test_what_is_not_here_is_said_and_never_fetched(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelNotFound, match=source):
        Mlx(source)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFileBroken, match=r"config\.json"):
        Mlx(str(tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelFileBroken, match="could not be loaded"):
        Mlx(str(tmp_path))


def test_a_hub_id_is_found_in_the_local_hub_only_when_complete(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--org--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    env = {"HF_HUB_CACHE": str(tmp_path)}
    assert find_local("org/name", env) is None
    (snapshot / "model.safetensors").write_bytes(b"")
    assert find_local("org/name", env) == snapshot
