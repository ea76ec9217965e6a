"""The openai backend against a real server, and against servers that die, hang and lie."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nma13.llm import (
    Cancel,
    ModelError,
    ModelNotFound,
    ModelServerError,
    ModelTimeout,
    Request,
    UnsupportedRequest,
    WrongModelString,
)
from nma13.llm.openai_server import OpenAIServer

Ask = Callable[..., Request]
MODELS = '{"data": [{"id": "m"}]}'


@contextmanager
def stranger(*answers: str, hold: float = 0.0) -> Iterator[str]:
    """A server that sends these raw answers, one a connection (the last one for ever), then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        for turn in range(100):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                read_request(connection)
                connection.sendall(answers[min(turn, len(answers) - 1)].encode())
                if turn > 0:
                    over.wait(hold)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        over.set()
        listener.close()


def read_request(connection: socket.socket) -> None:
    """All of it: hanging up on unread bytes would reset the connection."""
    with connection.makefile("rb") as file:
        length = 0
        while (line := file.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        file.read(length)


def http(body: str, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> str:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n{extra}\r\n{body}"


def sse(*pieces: str) -> str:
    return http("".join(f"data: {piece}\n\n" for piece in pieces), kind="text/event-stream")


def word(text: str, reason: str = "null") -> str:
    return f'{{"choices": [{{"delta": {{"content": "{text}"}}, "finish_reason": {reason}}}]}}'


@pytest.mark.model
def test_seven_through_a_shared_server(remote: OpenAIServer, seven: list[Request]) -> None:
    done = remote.generate(seven)
    assert all(c.text and 0 < c.completion_tokens <= 12 for c in done)
    assert max(c.cached_tokens for c in done) > 100, "the server computes the shared part for all"
    about = remote.describe()
    assert about.backend == "openai"
    assert about.parameters
    assert not about.leaves_machine


@pytest.mark.model
def test_streams_json_choice_grammar_and_seed_cross_the_wire(remote: OpenAIServer, ask: Ask) -> None:
    chunks = list(remote.stream(ask("Name a river.", max_tokens=8)))
    assert chunks[-1].completion is not None
    assert "".join(chunk.text for chunk in chunks) == chunks[-1].completion.text
    schema = {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}
    (rated,) = remote.generate([ask("Rate.", json_schema=schema, max_tokens=40)])
    assert rated.parsed["a"] in ("x", "y")
    assert remote.choose(ask("Which?"), ["left", "right"]).option in ("left", "right")
    (kept,) = remote.generate([ask("Hm?", grammar='root ::= "so be it"')])
    assert kept.text == "so be it"
    lone = ask("Invent a name.", temperature=1.0, seed=4, max_tokens=8, reproducible=True)
    assert remote.generate([lone])[0].text == remote.generate([lone])[0].text


@pytest.mark.model
def test_cancel_and_deadline_reach_the_server(remote: OpenAIServer, ask: Ask) -> None:
    long = ask("Tell a very long story.", max_tokens=900, temperature=0.9)
    cancel, first_word_s, begun = Cancel(), 0.0, time.monotonic()
    for chunk in remote.stream(long, cancel):
        if chunk.text and not cancel.cancelled:
            first_word_s = time.monotonic() - begun
            cancel.cancel()
    assert chunk.completion is not None
    assert chunk.completion.finish_reason == "cancelled"
    with pytest.raises(ModelTimeout) as caught:
        remote.generate([replace(long, timeout_s=3 * first_word_s)])
    assert caught.value.partial
    # The server noticed that nobody listens any more: it is free for a request that must run alone.
    begun = time.monotonic()
    remote.generate([ask("Hi.", max_tokens=1, reproducible=True)])
    assert time.monotonic() - begun < 6


@pytest.mark.model
def test_a_wrong_model_name_is_told_with_the_right_ones(remote: OpenAIServer) -> None:
    with pytest.raises(ModelNotFound, match="SmolLM2"):
        OpenAIServer(remote.url, "gpt-99")


@pytest.mark.model
def test_an_error_of_the_shared_model_arrives_in_its_words(remote: OpenAIServer, ask: Ask) -> None:
    with pytest.raises(ModelServerError, match="has room for"):
        remote.generate([ask("word " * 6000)])


def test_a_server_killed_in_mid_stream_keeps_what_had_arrived(
    start_server: Callable[..., Any], tmp_path: Path, ask: Ask
) -> None:
    server = start_server("scripted: --pace 30", tmp_path)
    with OpenAIServer(server.url) as model:
        chunks = model.stream(ask("Tell it.", max_tokens=200))
        assert next(chunks).text
        server.process.send_signal(signal.SIGKILL)
        with pytest.raises(ModelServerError, match="characters") as caught:
            list(chunks)
    assert caught.value.partial


def test_a_server_that_falls_silent_runs_into_the_deadline(ask: Ask) -> None:
    begun = time.monotonic()
    with stranger(http(MODELS), sse(word("once")), hold=20) as url, OpenAIServer(url, "m") as model:
        with pytest.raises(ModelTimeout) as caught:
            model.generate([ask("a", timeout_s=0.5)])
        assert caught.value.partial == "once"
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http("<html>Welcome</html>", kind="text/html"), "not an OpenAI-compatible"),
        (http('{"choices": 3}'), "not an OpenAI-compatible"),
        (sse("{this is not json"), "not an OpenAI-compatible"),
        (sse('["a list"]'), "not an OpenAI-compatible"),
        (sse(word("half")), "in the middle"),
        (sse('{"error": {"message": "out of memory"}}'), "out of memory"),
        (http('{"error": {"message": "boom"}}', "500 Internal Server Error"), "500: boom"),
        (http("no", "401 Unauthorized"), "NMA_MODEL_KEY"),
        (http("", "302 Found", extra="Location: http://elsewhere.example/\r\n"), "elsewhere.example"),
        ("not even http\r\n\r\n", "broke off"),
        ("", "broke off"),
    ],
)
def test_lies_are_told_as_such(answer: str, says: str, ask: Ask) -> None:
    with (
        stranger(http(MODELS), answer) as url,
        OpenAIServer(url, "m") as model,
        pytest.raises(ModelServerError, match=says),
    ):
        model.generate([ask("a")])


@pytest.mark.parametrize("listing", ["<html></html>", '{"data": 7}', '{"data": [{"name": "m"}]}', "[]"])
def test_a_list_of_models_that_is_none_is_told(listing: str) -> None:
    with stranger(http(listing)) as url, pytest.raises(ModelServerError):
        OpenAIServer(url, "m")


def test_bad_json_is_asked_again_then_recorded(ask: Ask) -> None:
    done = '"stop"'
    with stranger(http(MODELS), sse(word("no json", done), "[DONE]")) as url, OpenAIServer(url) as model:
        (completion,) = model.generate([ask("a", json_schema={"type": "object"})])
        assert completion.parse_failure is not None
        assert completion.parse_failure.attempts == 3
        with pytest.raises(ModelError, match="options"):
            model.choose(ask("a"), ["x", "y"])


def test_a_grammar_is_refused_where_the_server_may_ignore_it(ask: Ask) -> None:
    with stranger(http(MODELS)) as url, OpenAIServer(url) as model, pytest.raises(UnsupportedRequest):
        model.generate([ask("a", grammar='root ::= "a"')])


def test_nobody_there_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ModelServerError, match="No model server answers"):
        OpenAIServer(f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize("url", ["ftp://host/", "http://", "127.0.0.1:80", "http://[::1", "http://h:x/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(WrongModelString):
        OpenAIServer(url)
