"""The openai backend: any OpenAI-compatible server (Ollama, LM Studio, vLLM, llama-server, our own serve).

A server is a stranger: whatever it answers is checked, redirects are never followed, and an answer that
breaks off keeps what had arrived.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from nma13.config import is_loopback
from nma13.llm import answers
from nma13.llm.base import Backend, refuse_grammar
from nma13.llm.errors import ModelError, ModelNotFound, ModelServerError, ModelTimeout, WrongModelString
from nma13.llm.jobs import Job, run_jobs, start_thread
from nma13.llm.types import Cancel, Chunk, Completion, Description, Request, plain

CONNECT_S = 5.0
SILENCE_S = 300.0  # a large model may read a long prompt for minutes before its first word
# What an honest server never reaches: how long a token is at most, a line of a stream, an answer that is no stream.
TOKEN_CHARACTERS = 128
LINE_BYTES = WHOLE_BYTES = 2_000_000
COUNT_LIMIT = 10**12
KEEPS_GRAMMARS = ("nma", "llamacpp")  # servers known by their signature to keep the `grammar` field


class OpenAIServer(Backend):
    """One model behind a URL. Opening asks the server what it offers."""

    def __init__(self, base_url: str, model: str = "", *, env: Mapping[str, str] = os.environ) -> None:
        self.url, host = _checked_url(base_url)
        self._loopback = is_loopback(host)
        self._client = _client(self.url, self._loopback, env.get("NMA_MODEL_KEY", ""))
        try:
            self._offer = self._pick(model)
        except BaseException:
            self._client.close()
            raise
        self._model = str(self._offer["id"])
        self._grammar = bool(self._meta.get("grammar", self._offer.get("owned_by") in KEEPS_GRAMMARS))
        self._constrains = self._meta.get("json") == "constrained"

    def run(self, requests: Sequence[Request], cancel: Cancel | None, quiet: bool) -> Iterator[tuple[int, Chunk]]:
        if not self._grammar:
            refuse_grammar(requests, f"The server at {self.url}")
        return run_jobs(requests, self._model, start_thread(self._ask), cancel, quiet)

    def describe(self) -> Description:
        meta = self._meta
        return Description(
            backend="openai",
            model=self._model,
            source=self.url,
            size_bytes=_whole(meta.get("size_bytes")),
            parameters=_whole(meta.get("parameters")),
            context=_whole(meta.get("context")),
            slots=_whole(meta.get("slots")),
            threads=_whole(meta.get("threads")),
            threads_why=str(meta.get("threads_why", "")),
            json="constrained" if self._constrains else "validated",
            grammar=self._grammar,
            leaves_machine=not self._loopback,
        )

    def close(self) -> None:
        self._client.close()

    @property
    def _meta(self) -> Mapping[str, Any]:
        meta = self._offer.get("nma")
        return meta if isinstance(meta, Mapping) else {}

    def _pick(self, wanted: str) -> Mapping[str, Any]:
        """The server's entry for the wanted model, or for its first one if none was named."""
        with (
            self._failures("", CONNECT_S * 2),
            self._client.stream("GET", "models", timeout=CONNECT_S * 2) as response,
        ):
            said = self._whole_answer(response, CONNECT_S * 4)
        if response.status_code == 404 and wanted:
            return {"id": wanted}  # a server without a list; the first request will tell
        _check_status(response.status_code, response.headers, said, self.url)
        try:
            offers = [offer for offer in json.loads(said)["data"] if isinstance(offer["id"], str)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _garbage(self.url, said, "") from error
        for offer in offers:
            if not wanted or offer["id"] == wanted:
                return dict(offer)
        listed = ", ".join(offer["id"] for offer in offers) or "none"
        raise ModelNotFound(
            f"The server at {self.url} does not offer {wanted or 'any model'}; it offers: {listed}. "
            "Nothing was changed. Name one of these after the # sign."
        )

    def _ask(self, job: Job) -> Completion:
        silence = min(SILENCE_S, job.request.timeout_s or SILENCE_S)
        reply = _Reply(job, self.url)
        with (
            self._failures(job, silence),
            self._client.stream("POST", "chat/completions", json=self._body(job.request), timeout=silence) as r,
        ):
            if r.status_code != 200:
                _check_status(r.status_code, r.headers, self._whole_answer(r, silence), self.url)
            if "text/event-stream" not in r.headers.get("content-type", ""):
                raise _garbage(self.url, self._whole_answer(r, silence), "")
            for line in _lines(r, reply):
                if job.stopped:
                    return job.cancelled_completion()
                if line is not None and reply.take(line):
                    break
                reply.refuse_chatter(silence)
        return reply.completion(self._model)

    def _whole_answer(self, response: Any, within_s: float) -> str:
        """An answer that should be short: read to its end, but neither for ever nor without measure."""
        give_up, found = time.monotonic() + within_s, bytearray()
        for chunk in response.iter_bytes():
            found += chunk
            if len(found) > WHOLE_BYTES or time.monotonic() > give_up:
                raise ModelServerError(
                    f"The server at {self.url} does not come to an end with an answer that should be short "
                    f"({len(found)} bytes so far). Nothing was stored. Check the address; it usually ends in /v1."
                )
        return found.decode("utf-8", "replace")

    def _body(self, request: Request) -> dict[str, Any]:
        if not self._constrains:  # said in words too, for servers that overlook response_format
            request = answers.in_words(request)
        body: dict[str, Any] = {
            "model": self._model,
            "messages": plain(request.messages),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed % 2**32,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.grammar:
            body["grammar"] = request.grammar
        elif request.json_schema is not None:
            schema = {"name": "answer", "schema": dict(request.json_schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if self._offer.get("owned_by") == "nma":
            body["reproducible"] = request.reproducible
        return body

    @contextmanager
    def _failures(self, job: Job | str, silence: float) -> Iterator[None]:
        """The library's errors in our words, with what had arrived."""
        import httpx

        try:
            yield
        except (httpx.TimeoutException, httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            partial = job.text if isinstance(job, Job) else ""
            arrived = f"{len(partial)} characters had arrived" if partial else "nothing had arrived"
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                raise ModelServerError(
                    f"No model server answers at {self.url}. Nothing was changed. "
                    "Start it (./lab serve starts ours), or choose another model.",
                    partial=partial,
                ) from error
            if isinstance(error, httpx.TimeoutException):
                raise ModelTimeout(
                    f"The server at {self.url} was silent for {silence:g} s; {arrived}. Nothing was stored. "
                    "It may be overloaded or stuck; try again, or restart it.",
                    partial=partial,
                ) from error
            raise ModelServerError(
                f"The server at {self.url} broke off in the middle of an answer "
                f"({type(error).__name__}); {arrived}. Nothing was stored. Is it still running?",
                partial=partial,
            ) from error


class _Reply:
    """Reads one stream of server-sent events."""

    def __init__(self, job: Job, url: str) -> None:
        self._job, self._url = job, url
        self._parts: list[str] = []
        self._reason: str | None = None
        self._usage: Mapping[str, Any] = {}
        self._named: Any = None
        self._done = False
        self._characters, self._said_at = 0, time.monotonic()

    def take(self, line: str) -> bool:
        """True when the stream says it is complete."""
        if not line or line.startswith(":"):
            return False
        if not line.startswith("data:"):
            if line.startswith(("event:", "id:", "retry:")):
                return False
            raise _garbage(self._url, line, self._text)
        said = line[5:].strip()
        if said == "[DONE]":
            self._done = True
            return True
        try:
            piece = json.loads(said)
            if piece.get("error"):
                raise ModelServerError(
                    f"The server at {self._url} reports: {_message(piece['error']).rstrip('.')}. Nothing was stored.",
                    partial=self._text,
                )
            self._named = piece.get("model") or self._named
            if isinstance(piece.get("usage"), Mapping):
                self._usage = piece["usage"]
            for choice in piece.get("choices") or ():
                self._reason = choice.get("finish_reason") or self._reason
                text = (choice.get("delta") or {}).get("content")
                if text:
                    self._add(str(text))
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise _garbage(self._url, said, self._text) from error
        return False

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._characters += len(text)
        self._said_at = time.monotonic()
        if self._characters > _limit(self._job) * TOKEN_CHARACTERS:
            raise ModelServerError(
                f"The server at {self._url} was asked for {self._job.request.max_tokens} tokens and does not stop "
                f"writing; {self._characters} characters had arrived. Nothing was stored. Is it an OpenAI-compatible "
                "server? It overlooks max_tokens.",
                partial=self._text,
            )
        self._job.emit(text)

    def refuse_chatter(self, silence: float) -> None:
        """Signs of life are no words: a server that sends only those is as silent as one that sends nothing."""
        if time.monotonic() - self._said_at > silence:
            raise ModelTimeout(
                f"The server at {self._url} kept the line open for {silence:g} s without a word; "
                f"{self._characters} characters had arrived. Nothing was stored. "
                "It may be overloaded or stuck; try again, or restart it.",
                partial=self._text,
            )

    @property
    def _text(self) -> str:
        return "".join(self._parts)

    def too_long(self) -> ModelError:
        return _garbage(self._url, f"a line of more than {LINE_BYTES} bytes", self._text)

    def completion(self, model: str) -> Completion:
        if not self._done and self._reason is None:
            raise ModelServerError(
                f"The server at {self._url} ended its answer in the middle; {len(self._text)} characters had "
                "arrived. Nothing was stored. Is it still running?",
                partial=self._text,
            )
        details = self._usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
        return Completion(
            text=self._text,
            finish_reason="length" if self._reason == "length" else "stop",
            prompt_tokens=_whole(self._usage.get("prompt_tokens")) or 0,
            completion_tokens=self._counted(),
            seconds=self._job.seconds,
            model=self._written_by(model),
            cached_tokens=_whole(cached) or 0,
        )

    def _written_by(self, asked: str) -> str:
        """Another name than the one asked for (an alias, or another model) belongs in the record."""
        said = "".join(letter for letter in str(self._named or "")[:80] if letter.isprintable()).strip()
        return asked if said in ("", asked) else f"{asked} (answered as {said})"

    def _counted(self) -> int:
        """What the server counted, if that many tokens can make this text; otherwise the pieces that came."""
        said = _whole(self._usage.get("completion_tokens")) or 0
        believable = said <= _limit(self._job) and said * TOKEN_CHARACTERS >= self._characters
        return said if said and believable else len(self._parts)


def _limit(job: Job) -> int:
    """How many tokens may come: those asked for, and a few for what servers send around them."""
    return job.request.max_tokens + 64


def _lines(response: Any, reply: _Reply) -> Iterator[str | None]:
    """The lines of a stream; None after a chunk that ended none, so that whoever waits can look at the clock."""
    pending = bytearray()
    for chunk in response.iter_bytes():
        pending += chunk
        *whole, rest = bytes(pending).splitlines(keepends=True) or [b""]
        if rest.endswith((b"\n", b"\r")):
            whole, rest = [*whole, rest], b""
        pending = bytearray(rest)
        if len(pending) > LINE_BYTES:
            raise reply.too_long()
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r\n")
        if not whole:
            yield None
    if pending:
        yield pending.decode("utf-8", "replace")


def _checked_url(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise WrongModelString(
            f"{text!r} is not the address of a server; write for example "
            "openai:http://127.0.0.1:11434/v1#name-of-the-model"
        )
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}/", host


def _client(url: str, loopback: bool, key: str) -> Any:
    import httpx

    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        follow_redirects=False,  # a text must not travel to a host nobody named
        trust_env=not loopback,  # no proxy between us and this very machine
        timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=64),
    )


def _check_status(status: int, headers: Mapping[str, str], text: str, url: str) -> None:
    if status == 200:
        return
    said = text
    with suppress(ValueError, AttributeError):
        said = _message(json.loads(text).get("error", text))
    said = " ".join(said.split())[:200].rstrip(".")
    if 300 <= status < 400:
        raise ModelServerError(
            f"The server at {url} points to another address ({headers.get('location', 'not named')}). "
            "We do not follow it, so that your text goes only where you sent it. Name that address itself."
        )
    advice = {
        401: "It asks for a key: set NMA_MODEL_KEY.",
        403: "It does not let us in: check NMA_MODEL_KEY.",
        404: "Check the address and the model's name.",
        429: "It is overloaded; try again later.",
    }.get(status, "Look at the server's own messages.")
    raise ModelServerError(f"The server at {url} answered {status}: {said}. Nothing was stored. {advice}")


def _garbage(url: str, text: str, partial: str) -> ModelError:
    begin = " ".join(text.split())[:80]
    return ModelServerError(
        f"What answers at {url} is not an OpenAI-compatible server; it said: {begin!r}. Nothing was stored. "
        "Check the address; it usually ends in /v1.",
        partial=partial,
    )


def _message(error: Any) -> str:
    return str(error.get("message", error)) if isinstance(error, Mapping) else str(error)


def _whole(value: Any) -> int | None:
    """A count a server named, if it can be one (and can be stored)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_LIMIT else None
