"""Sharing one model: the announcement, the guard at the door, and processes that use one copy."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nma13.config import ROOT
from nma13.errors import UsageError
from nma13.llm import Description, ModelServerError, explain_choice, open_model
from nma13.llm.serve import ModelServer, main
from nma13.llm.served import Served as Announced
from nma13.llm.served import announce, announcement, ensure_served, find_served, needs_sharing

JSON = {"Content-Type": "application/json"}
HELLO = json.dumps({"messages": [{"role": "user", "content": "hello"}], "max_tokens": 4})


@pytest.fixture(scope="module")
def scripted(start_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return start_server("scripted:", tmp_path_factory.mktemp("scripted"))


def call(url: str, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port, timeout=10)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_the_announcement_is_private_whole_and_true(scripted: Any, data_folder: Path) -> None:
    place = scripted.data / "serve.json"
    assert place.stat().st_mode & 0o777 == 0o600
    found = find_served(scripted.data)
    assert found is not None
    assert (found.pid, found.spec) == (scripted.process.pid, "scripted:")
    assert find_served(data_folder) is None, "another data folder knows nothing of it"


def test_it_answers_whole_and_in_pieces(scripted: Any) -> None:
    status, body = call(scripted.url, "POST", "/v1/chat/completions", HELLO, JSON)
    assert status == 200
    whole = json.loads(body)["choices"][0]
    assert whole["finish_reason"] == "length"
    streamed = json.dumps({**json.loads(HELLO), "stream": True})
    status, body = call(scripted.url, "POST", "/v1/chat/completions", streamed, JSON)
    events = [line[6:] for line in body.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    deltas = [c["delta"].get("content", "") for e in events[:-1] for c in json.loads(e)["choices"]]
    assert "".join(deltas) == whole["message"]["content"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:7880"},
        {"Host": "lab.localhost.evil.example"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_in_a_browser_get_nothing(headers: dict[str, str], scripted: Any) -> None:
    for method, path in (("GET", "/health"), ("GET", "/v1/models"), ("POST", "/v1/chat/completions")):
        body = HELLO if method == "POST" else ""
        status, answer = call(scripted.url, method, path, body, {**JSON, **headers})
        assert status == 403
        assert "scripted" not in answer


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/chat/completions", HELLO, {"Content-Type": "text/plain"}, 415),
        ("/v1/chat/completions", "{", JSON, 400),
        ("/v1/chat/completions", "[]", JSON, 400),
        ("/v1/chat/completions", '{"messages": []}', JSON, 400),
        ("/v1/chat/completions", '{"messages": [{"role": "tool", "content": "x"}]}', JSON, 400),
        ("/v1/chat/completions", '{"messages": [{"role": "user", "content": 3}]}', JSON, 400),
        (
            "/v1/chat/completions",
            '{"model": "other", "messages": [{"role":"user","content":"x"}]}',
            JSON,
            400,
        ),
        ("/v1/chat/completions", HELLO, {**JSON, "Content-Length": "999999999"}, 413),
        ("/elsewhere", HELLO, JSON, 404),
    ],
)
def test_bad_requests_are_refused_in_words(
    path: str, body: str, headers: dict[str, str], status: int, scripted: Any
) -> None:
    got, answer = call(scripted.url, "POST", path, body, headers)
    assert got == status
    assert json.loads(answer)["error"]["message"]


def test_stale_and_foreign_announcements_are_ignored(scripted: Any, data_folder: Path) -> None:
    assert find_served() is None
    for text in ("", "{", "[]", '{"url": "http://127.0.0.1:9/v1"}'):
        data_folder.mkdir(exist_ok=True)
        announcement().write_text(text)
        assert find_served() is None
    announce(Announced("http://127.0.0.1:9/v1", "gone", "gone:", os.getpid(), 0.0))
    assert find_served() is None, "nobody answers there"
    announce(Announced(scripted.url, "scripted", "scripted:", 1, 0.0))
    assert find_served() is None, "another process answers there"
    assert explain_choice().backend == "llamacpp"


def test_the_running_server_is_the_default_choice(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMA_DATA", str(scripted.data))
    choice = explain_choice()
    assert choice.backend == "openai"
    assert scripted.url in choice.why
    with open_model() as model:
        assert model.describe().model == "scripted"
    assert explain_choice("none").backend == "none", "a named model still goes first"


@pytest.mark.model
def test_two_processes_use_one_copy(served: Any) -> None:
    code = (
        "from nma13.llm import *; import sys, os\n"
        "with open_model() as m:\n"
        "    c = m.generate([Request((Message('user', 'Hi'),), max_tokens=4)])[0]\n"
        "    print(m.describe().backend, c.model, 'xllamacpp' in sys.modules)"
    )
    environment = {**os.environ, "NMA_DATA": str(served.data)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=30)[0].split() for process in both]
    assert said == [["openai", "SmolLM2-135M-Instruct.Q4_1", "False"]] * 2


def test_ensure_served_starts_once_finds_it_again_and_sigterm_withdraws_it() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ModelServerError, match=f"Port {port}"):
            ensure_served("scripted:", port=port)
    first = ensure_served("scripted:", port=0, progress=lambda sentence, _: told.append(sentence))
    try:
        assert told
        assert ensure_served("scripted:") == first
        with pytest.raises(ModelServerError, match="another model"):
            ensure_served("scripted: --pace 1")
    finally:
        os.kill(first.pid, 15)
        os.waitpid(first.pid, 0)
    assert not announcement().exists()


def test_only_large_models_of_our_own_need_sharing() -> None:
    large = Description("llamacpp", "m", "s", size_bytes=3_000_000_000)
    assert needs_sharing(large)
    assert not needs_sharing(Description("openai", "m", "s", size_bytes=3_000_000_000))
    assert not needs_sharing(Description("llamacpp", "m", "s", size_bytes=100_000_000))
    assert not needs_sharing(Description("mlx", "m", "s"))


def test_it_listens_on_this_machine_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="loopback"):
        ModelServer("0.0.0.0", 0)
    assert main(["--host", "192.0.2.1"]) == 2
    assert "loopback" in capsys.readouterr().err


def test_a_port_that_cannot_be_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "99999"]) == 2
    assert "99999 is no port" in capsys.readouterr().err


def test_a_second_one_does_not_take_the_place_of_the_first(
    scripted: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NMA_DATA", str(scripted.data))
    before = find_served(scripted.data)
    assert main(["--model", "scripted:", "--port", "0"]) == 1
    assert f"already shared at {scripted.url}" in capsys.readouterr().err
    assert find_served(scripted.data) == before
