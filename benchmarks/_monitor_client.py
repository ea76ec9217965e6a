"""A monitor's page without a browser: it asks what the page would ask, and says how long the answer took."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    ms: float
    length: int
    headers: int
    failure: str = ""
    moved: bool = False


class Client:
    """What a page of a monitor does once a second, without drawing anything: it asks, and when told that something
    moved it asks its tab."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._hash, self._tab = os.urandom(6).hex(), "feed"
        self._http.request("GET", "/config")
        config = json.loads(self._http.getresponse().read())
        self._parts = {part["id"]: part for part in config["components"]}
        self._handlers = config["dependencies"]

    def open(self, tab: str) -> Answer:
        """Choose a tab."""
        self._tab = tab
        return self._ask(
            lambda part, event: part["type"] == "tabitem" and part["props"].get("id") == tab and event == "select"
        )

    def tick(self) -> Answer:
        return self._ask(
            lambda part, event: part["type"] == "timer" and part["props"].get("value") == 1 and event == "tick"
        )

    def follow(self) -> Answer:
        """A tick, and what a page does next if the tick says so; the time of both together."""
        answer = self.tick()
        if not answer.moved:
            return answer
        more = self.open(self._tab)
        return Answer(
            answer.ms + more.ms, answer.length + more.length, answer.headers, answer.failure or more.failure, True
        )

    def _value(self, props: dict[str, Any]) -> Any:
        return self._tab if props.get("label") == "the tab that is seen" else props.get("value")

    def _ask(self, is_meant: Callable[[dict[str, Any], str], bool]) -> Answer:
        handler = next(
            one for one in self._handlers
            if any(id_ in self._parts and is_meant(self._parts[id_], event) for id_, event in one["targets"])
        )  # fmt: skip
        data = [self._value(self._parts[id_]["props"]) for id_ in handler["inputs"]]
        body = json.dumps({"data": data, "fn_index": handler["id"], "session_hash": self._hash})
        began = time.perf_counter()
        self._http.request("POST", "/gradio_api/run/predict", body, {"Content-Type": "application/json"})
        reply = self._http.getresponse()
        said = reply.read()
        ms = (time.perf_counter() - began) * 1000
        failure = "" if reply.status == 200 else f"{reply.status}: {said[:200]!r}"
        headers = sum(len(name) + len(value) + 4 for name, value in reply.getheaders())
        return Answer(ms, len(said), headers, failure, not failure and _moved(said))


def _moved(said: bytes) -> bool:
    """Whether an answer to a tick asks the page's tab to refresh itself: a string of digits among its values."""
    values = json.loads(said).get("data") or []
    return any(isinstance(value, str) and value.isdecimal() for value in values)
