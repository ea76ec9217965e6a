"""A model server that hangs, lies, or never ends, on a real socket: bounded in time and memory, told in words."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from nma13.llm import ModelServerError, ModelTimeout, Request, openai_server
from nma13.llm.openai_server import OpenAIServer
from tests.nma13.llm.test_openai_server import MODELS, http, read_request, sse, word

Ask = Callable[..., Request]
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@contextmanager
def endless(head: bytes, again: bytes, pause: float = 0.0, models: str = MODELS) -> Iterator[tuple[str, list[int]]]:
    """After the list of models: `head`, then `again` for as long as anybody listens. Tells how much was sent."""
    listener, over, sent = socket.create_server(("127.0.0.1", 0)), threading.Event(), [0]

    def serve() -> None:
        first = bool(models)
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                read_request(connection)
                if first:
                    connection.sendall(http(models).encode())
                    first = False
                    continue
                connection.sendall(head)
                while not over.wait(pause):
                    connection.sendall(again)
                    sent[0] += len(again)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", sent
    finally:
        over.set()
        listener.close()


@pytest.mark.parametrize(
    ("head", "again", "says"),
    [
        pytest.param(STREAM, f"data: {word('ha ' * 50)}\n\n".encode(), "does not stop writing", id="words"),
        pytest.param(STREAM, b"data: " + b"x" * 60_000, "a line of more than", id="one line"),
        pytest.param(http("", "500 Oops").encode(), b"no " * 20_000, "does not come to an end", id="an error"),
        pytest.param(http("", kind="text/html").encode(), b"<p>" * 20_000, "does not come to an end", id="a page"),
    ],
)
def test_an_answer_without_end_is_ended(head: bytes, again: bytes, says: str, ask: Ask) -> None:
    with endless(head, again) as (url, sent), OpenAIServer(url, "m") as model:
        with pytest.raises(ModelServerError, match=says):
            model.generate([ask("a", max_tokens=20)])
        assert sent[0] < 100_000_000, "given up long before memory is short"


def test_signs_of_life_are_no_words(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments keep a connection awake for ever; nobody waits for ever. No deadline was given."""
    monkeypatch.setattr(openai_server, "SILENCE_S", 0.6)
    begun = time.monotonic()
    with (
        endless(STREAM, b": still here\n\n", pause=0.05) as (url, _),
        OpenAIServer(url, "m") as model,
        pytest.raises(ModelTimeout, match="without a word"),
    ):
        model.generate([ask("a", timeout_s=None)])
    assert time.monotonic() - begun < 5


def test_a_drop_every_moment_meets_the_deadline(ask: Ask) -> None:
    piece = f"data: {word('a')}\n\n".encode()
    begun = time.monotonic()
    with endless(STREAM, piece, pause=0.05) as (url, _), OpenAIServer(url, "m") as model:
        with pytest.raises(ModelTimeout) as caught:
            model.generate([ask("a", timeout_s=0.8, max_tokens=4000)])
        assert set(caught.value.partial) == {"a"}
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(("again", "pause"), [(b" " * 60_000, 0.0), (b" ", 0.05)], ids=["flood", "drip"])
def test_a_list_of_models_without_end_is_ended(again: bytes, pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_server, "CONNECT_S", 0.3)
    begun = time.monotonic()
    with (
        endless(http('{"data": [').encode(), again, pause, models="") as (url, sent),
        pytest.raises(ModelServerError, match="does not come to an end"),
    ):
        OpenAIServer(url, "m")
    assert time.monotonic() - begun < 10
    assert sent[0] < 100_000_000


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_server, "CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        begun = time.monotonic()
        with pytest.raises(ModelTimeout, match="silent"):
            OpenAIServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        assert time.monotonic() - begun < 5


@pytest.mark.slow
def test_a_packed_bomb_does_not_unpack_here(ask: Ask) -> None:
    bomb = gzip.compress(b"data: " + b"x" * 200_000_000, 9)
    head = STREAM[:-2] + b"Content-Encoding: gzip\r\n\r\n"
    with (
        endless(head + bomb, b"", pause=0.2) as (url, _),
        OpenAIServer(url, "m") as model,
        pytest.raises(ModelServerError, match="a line of more than"),
    ):
        model.generate([ask("a")])


@pytest.mark.parametrize("count", [-5, 0, 10**30, 1.5, "many", True, None, [3]])
def test_a_false_count_of_tokens_is_not_believed(count: object, ask: Ask) -> None:
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": count}})
    with served(sse(word("one"), word(" two", '"stop"'), usage, "[DONE]")) as url, OpenAIServer(url, "m") as model:
        (done,) = model.generate([ask("a")])
    assert (done.text, done.completion_tokens) == ("one two", 2)
    assert 0 <= done.prompt_tokens < 2**63, "it can be stored"


@pytest.mark.parametrize("usage", [7, "much", [1], {"prompt_tokens_details": 3}])
def test_what_is_no_count_at_all_is_passed_over(usage: object, ask: Ask) -> None:
    piece = json.dumps({"choices": [], "usage": usage})
    with served(sse(word("one", '"stop"'), piece, "[DONE]")) as url, OpenAIServer(url, "m") as model:
        (done,) = model.generate([ask("a")])
    assert (done.text, done.completion_tokens, done.cached_tokens) == ("one", 1, 0)


def test_a_true_count_is_kept(ask: Ask) -> None:
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
    with served(sse(word("one two three", '"stop"'), usage, "[DONE]")) as url, OpenAIServer(url, "m") as model:
        (done,) = model.generate([ask("a")])
    assert (done.prompt_tokens, done.completion_tokens) == (7, 3)


def test_an_answer_of_another_model_says_so(ask: Ask) -> None:
    piece = json.loads(word("so", '"stop"')) | {"model": "other\u0007\n-7b"}
    with served(sse(json.dumps(piece), "[DONE]")) as url, OpenAIServer(url, "m") as model:
        (done,) = model.generate([ask("a")])
    assert done.model == "m (answered as other-7b)"


@pytest.mark.parametrize("content", [["a"], {"b": 1}, 7, "\\ud800", "\\u0000"])
def test_odd_content_is_text_that_can_be_stored_or_refused(content: object, ask: Ask) -> None:
    from nma13.store import storable

    inner = content if isinstance(content, str) else json.dumps(content)
    text = f'"{inner}"' if isinstance(content, str) else inner
    answer = sse(f'{{"choices": [{{"delta": {{"content": {text}}}, "finish_reason": "stop"}}]}}', "[DONE]")
    with served(answer) as url, OpenAIServer(url, "m") as model:
        (done,) = model.generate([ask("a")])
    storable(done.text).encode()


def test_a_nest_of_brackets_is_garbage_and_no_crash(ask: Ask) -> None:
    with (
        served(sse("[" * 200_000)) as url,
        OpenAIServer(url, "m") as model,
        pytest.raises(ModelServerError, match="not an OpenAI-compatible"),
    ):
        model.generate([ask("a")])


@contextmanager
def served(answer: str) -> Iterator[str]:
    from tests.nma13.llm.test_openai_server import stranger

    with stranger(http(MODELS), answer) as url:
        yield url
