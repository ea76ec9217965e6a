"""A handler that fails tells a person little and the log everything; asked over real HTTP."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from apps.gradio_setup import gr
from apps.mistakes import calm
from nma13.errors import LabError
from tests.probe_page import SECRET
from tests.served import Served


def call(served: Served, name: str) -> str:
    """What the page is told, by the road the browser takes."""
    base = f"http://127.0.0.1:{served.probe}"
    config = httpx.get(f"{base}/config").json()
    label = {part["id"]: part["props"].get("value") for part in config["components"]}
    handler = next(one for one in config["dependencies"] if label.get(one["targets"][0][0]) == name)
    ticket = {
        "data": [],
        "fn_index": handler["id"],
        "session_hash": "s",
        "trigger_id": handler["targets"][0][0],
    }
    if not handler["queue"]:
        return httpx.post(f"{base}/gradio_api/run/predict", json=ticket).text
    assert httpx.post(f"{base}/gradio_api/queue/join", json=ticket).status_code == 200
    with httpx.stream("GET", f"{base}/gradio_api/queue/data?session_hash=s", timeout=10) as stream:
        lines = []
        for line in stream.iter_lines():
            lines.append(line)
            if '"process_completed"' in line:
                break
        return "\n".join(lines)


@pytest.mark.parametrize("name", ["Fail", "Fail midway"])
def test_a_failure_is_a_calm_sentence_with_an_id_and_a_traceback_in_the_log(
    local: Served, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    told = call(local, name)
    logged = capfd.readouterr().err
    assert SECRET not in told
    assert "Traceback" not in told
    mark = re.search(r"The log has the details under (\w+)\.", told)
    assert mark is not None, told
    assert f"[{mark[1]}] a handler failed" in logged
    assert "Traceback" in logged
    assert SECRET in logged
    assert logged.count("Traceback") == 1


def test_an_error_written_for_people_is_shown_as_words(local: Served, capfd: pytest.CaptureFixture[str]) -> None:
    told = json.loads(call(local, "Fail in words"))
    assert told["error"] == "the &lt;store&gt; is locked; nothing was lost; try again"
    assert "Traceback" not in capfd.readouterr().err


def test_each_kind_of_function_stays_of_its_kind() -> None:
    def now(request: gr.Request) -> int:
        raise LabError("no")

    def steps() -> Iterator[int]:
        yield 1
        raise LabError("no")

    async def later() -> int:
        raise LabError("no")

    async def stream() -> AsyncIterator[int]:
        yield 1
        raise LabError("no")

    async def drain() -> list[int]:
        return [value async for value in calm(stream)()]

    assert inspect.signature(calm(now)) == inspect.signature(now)
    assert inspect.isgeneratorfunction(calm(steps))
    assert inspect.iscoroutinefunction(calm(later))
    assert inspect.isasyncgenfunction(calm(stream))
    for attempt in (
        lambda: calm(now)(None),
        lambda: list(calm(steps)()),
        lambda: asyncio.run(calm(later)()),
        lambda: asyncio.run(drain()),
    ):
        with pytest.raises(gr.Error, match="no"):
            attempt()
