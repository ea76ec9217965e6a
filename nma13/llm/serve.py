"""Share one model on this machine: python -m nma13.llm.serve [--model SPEC] [--port 7880]

One small server speaks the OpenAI dialect for every backend. The libraries bring servers of their own, but
each would need its own guard, its own way to be found and stopped, and its own answers to a grammar or a
canonical run; here every request passes the same seam that a local call passes, so a shared model and one
of your own cannot differ. llama.cpp and MLX still batch what arrives together.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from nma13.config import LOOPBACK, PORTS, is_loopback
from nma13.errors import LabError, UsageError
from nma13.llm.errors import ModelError, ModelTimeout, UnsupportedRequest
from nma13.llm.registry import explain_choice, open_model
from nma13.llm.served import Served, announce, find_served, withdraw
from nma13.llm.types import Cancel, Completion, Message, Model, Request

BODY_CAP = 16 * 1024 * 1024
GONE_S = 0.5  # how often we look whether the client is still there


class ModelServer(ThreadingHTTPServer):
    """Holds the model; `model` is None while it loads."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int) -> None:
        if not is_loopback(host):
            raise UsageError(f"The model is shared on this machine only; {host} is not a loopback address.")
        try:
            super().__init__((host, port), Handler)
        except OverflowError:
            raise UsageError(f"{port} is no port; a number from 1 to 65535 is wanted. Nothing was changed.") from None
        except OSError as error:
            raise UsageError(
                f"Port {port} on {host} is taken ({error.strerror}). Nothing was changed. "
                "Stop what uses it, or give another with --port."
            ) from error
        self.model: Model | None = None
        self.name = ""

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/v1"

    def hold(self, model: Model) -> None:
        self.model, self.name = model, model.describe().model

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is told on one line."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"serve: {type(error).__name__}: {error}", file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """/health, /v1/models, /v1/chat/completions."""

    server: ModelServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # or words wait for an answer to the words before them, up to 40 ms

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: requests carry people's texts."""

    def do_GET(self) -> None:
        if not self._allowed():
            return
        if self.path == "/health":
            ready = self.server.model is not None
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._json(status, {"status": "ok" if ready else "loading", "pid": os.getpid()})
        elif self.path == "/v1/models":
            model = self._model()
            if model is not None:
                described = asdict(model.describe())
                entry = {"id": self.server.name, "object": "model", "owned_by": "nma", "nma": described}
                self._json(HTTPStatus.OK, {"object": "list", "data": [entry]})
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here; try /v1/models.")

    def do_POST(self) -> None:
        if not self._allowed():
            return
        if self.path != "/v1/chat/completions":
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here; try /v1/chat/completions.")
            return
        if (self.headers.get("Content-Type") or "").split(";")[0].strip() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_CAP:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Send up to {BODY_CAP} bytes with a length.")
            return
        try:
            body = json.loads(self.rfile.read(int(length)))
            request, options = read_request(body)
            if body.get("model") not in (None, "", self.server.name):
                raise UsageError(f"This server shares {self.server.name}, not {body['model']}.")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, UsageError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"The request could not be read: {error}")
            return
        model = self._model()
        if model is not None:
            self._answer(model, request, options, stream=bool(body.get("stream")))

    def _answer(self, model: Model, request: Request, options: Sequence[str], *, stream: bool) -> None:
        cancel = Cancel()
        done = threading.Event()
        threading.Thread(target=self._watch, args=(cancel, done), daemon=True).start()
        begun = False
        try:
            if options:
                chosen = model.choose(request, options, cancel).option
                text = json.dumps(chosen, ensure_ascii=False)
                completion = Completion(text, "stop", 0, 1, 0.0, self.server.name)
            elif not stream:
                (completion,) = model.generate([request], cancel)
            else:
                self._begin_stream()
                begun = True
                for chunk in model.stream(request, cancel):
                    if chunk.text:
                        self._event(_piece(self.server.name, {"content": chunk.text}))
                    completion = chunk.completion or Completion("", "stop", 0, 0, 0.0, "")
            if stream:
                if not begun:
                    self._begin_stream()
                    self._event(_piece(self.server.name, {"content": completion.text}))
                self._event(_piece(self.server.name, {}, completion.finish_reason))
                self._event({**_piece(self.server.name, None), "usage": _usage(completion)})
                self._raw(b"data: [DONE]\n\n")
            else:
                self._json(HTTPStatus.OK, _whole(self.server.name, completion))
        except LabError as error:
            if begun:
                self._event({"error": {"message": str(error), "type": type(error).__name__}})
            else:
                self._refuse(_status(error), str(error))
        except (ConnectionError, TimeoutError):
            cancel.cancel()
        finally:
            done.set()

    def _watch(self, cancel: Cancel, done: threading.Event) -> None:
        """Stop writing for a client that has hung up."""
        while not done.wait(GONE_S):
            try:
                readable, _, _ = select.select([self.connection], [], [], 0)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    cancel.cancel()
                    return
            except (OSError, ValueError):
                cancel.cancel()
                return

    def _allowed(self) -> bool:
        """Only programs on this machine: no page in a browser, under whatever host name it comes."""
        try:
            host = urlsplit("//" + self.headers.get("Host", "")).hostname or ""
        except ValueError:
            host = ""
        origin = self.headers.get("Origin")
        if not is_loopback(host) or (origin is not None and origin != f"http://{self.headers.get('Host')}"):
            self._refuse(HTTPStatus.FORBIDDEN, "This server answers only programs on its own machine.")
            return False
        return True

    def _model(self) -> Model | None:
        if self.server.model is None:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The model is still loading; try again soon.")
        return self.server.model

    def _json(self, status: HTTPStatus, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self.close_connection = True
        self._json(status, {"error": {"message": message, "type": status.phrase}})

    def _begin_stream(self) -> None:
        self.close_connection = True  # the end of the stream is the end of the connection
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()

    def _event(self, value: Any) -> None:
        self._raw(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


def read_request(body: dict[str, Any]) -> tuple[Request, list[str]]:
    """Our request from an OpenAI one; and the options, where its schema is a bare choice of texts."""
    messages = tuple(Message(m["role"], _text(m["content"])) for m in body["messages"])
    if not messages or any(m.role not in ("system", "user", "assistant") for m in messages):
        raise UsageError("messages must be a list of system, user and assistant turns")
    schema = None
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]["schema"]
    elif wanted.get("type") == "json_object":
        schema = {"type": "object"}
    stop = body.get("stop") or ()
    timeout = body.get("timeout_s")
    request = Request(
        messages=messages,
        max_tokens=max(1, int(body.get("max_completion_tokens") or body.get("max_tokens") or 256)),
        temperature=float(body.get("temperature") or 0.0),
        seed=int(body.get("seed") or 0),
        json_schema=schema,
        grammar=body.get("grammar"),
        timeout_s=float(timeout) if timeout else None,
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        reproducible=bool(body.get("reproducible")),
    )
    options = schema.get("enum", []) if isinstance(schema, dict) and set(schema) == {"enum"} else []
    return request, options if all(isinstance(option, str) for option in options) else []


def _text(content: Any) -> str:
    """A turn's text; OpenAI also allows a list of text parts."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _piece(model: str, delta: dict[str, str] | None, reason: str | None = None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"object": "chat.completion.chunk", "model": model, "choices": choices}


def _whole(model: str, completion: Completion) -> dict[str, Any]:
    message = {"role": "assistant", "content": completion.text}
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return {"object": "chat.completion", "model": model, "choices": [choice], "usage": _usage(completion)}


def _usage(completion: Completion) -> dict[str, Any]:
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": completion.cached_tokens},
    }


def _status(error: LabError) -> HTTPStatus:
    if isinstance(error, ModelTimeout):
        return HTTPStatus.GATEWAY_TIMEOUT
    if isinstance(error, UnsupportedRequest | UsageError):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR if isinstance(error, ModelError) else HTTPStatus.BAD_REQUEST


def serve(spec: str | None = None, host: str = LOOPBACK, port: int = PORTS["serve"]) -> None:
    """Load the model, announce it, and answer until SIGTERM or Ctrl-C."""
    if (running := find_served()) is not None:  # a second one would take its announcement, and leave nobody announced
        raise LabError(
            f"{running.model} is already shared at {running.url} (process {running.pid}); every command uses it. "
            "Nothing was changed. To share another model, stop that one first: Ctrl-C in its window."
        )
    server = ModelServer(host, port)
    try:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        threading.Thread(target=server.serve_forever, name="nma-serve", daemon=True).start()
        choice = explain_choice(spec, look_for_served=False)
        with open_model(choice.spec, look_for_served=False) as model:
            server.hold(model)
            size = model.describe().size_bytes
            announce(Served(server.url, server.name, choice.spec, os.getpid(), time.time(), size))
            print(f"Sharing {server.name} at {server.url}; stop with Ctrl-C.", file=sys.stderr, flush=True)
            try:
                stopping.wait()
            finally:
                withdraw(os.getpid())
                server.shutdown()
    finally:
        server.server_close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nma13.llm.serve", description="Share one model.")
    parser.add_argument("--model", help="which model, as for every command; default: the lab's choice")
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=PORTS["serve"])
    given = parser.parse_args(arguments)
    try:
        serve(given.model, given.host, given.port)
    except LabError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
