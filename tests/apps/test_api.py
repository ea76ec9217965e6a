"""The public functions by real requests: HTTP and MCP, with and without sign-in, with wrong names and origins."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from apps.access import Access
from apps.registry import ALL
from nma13.store import open_ro
from tests.served import TOKEN, Served, start
from tests.wire import Reply, ask

PUBLIC = ("gates", "inner_house_start", "inner_house_status", "navigate", "recall", "search_documents")
DANGER = "I want to die and I have the pills here."
PIANIST = "The operation on my hand may end my playing for good, and without it the pain goes on."
JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def post(served: Served, name: str, data: list[Any], *, host: str | None = None, **headers: str) -> Reply:
    body = json.dumps({"data": data}).encode()
    path = f"/gradio_api/call/{name}"
    return ask(served.web, path, method="POST", host=host, headers={**JSON, **headers}, body=body)


def call(served: Served, name: str, *data: Any) -> tuple[str, Any]:
    """The last event of a call and what it carries."""
    begun = post(served, name, list(data))
    assert begun.status == 200, begun.body
    address = f"http://127.0.0.1:{served.web}/gradio_api/call/{name}/{json.loads(begun.body)['event_id']}"
    told = httpx.get(address, timeout=60).text
    event, value = told.strip().rpartition("event: ")[2].split("\ndata: ", 1)
    return event, json.loads(value)


def test_these_functions_and_no_others_are_public(local: Served) -> None:
    listed = json.loads(ask(local.web, "/gradio_api/info").body)
    assert sorted(listed["named_endpoints"]) == [f"/{name}" for name in PUBLIC]
    assert listed["unnamed_endpoints"] == {}
    assert ALL[0].public == frozenset(PUBLIC)


def test_gates_decides_and_stores_nothing(local: Served) -> None:
    event, (answer,) = call(local, "gates", PIANIST, False)
    assert event == "complete"
    assert answer["summary"]["I"] == "HIGH"
    assert answer["summary"]["semantic"] is False
    assert answer["state"]["text"] == PIANIST
    assert not (local.lab.data / "memory.db").exists()


def test_navigate_answers_and_recall_finds_it_again(local: Served) -> None:
    assert call(local, "navigate", PIANIST, False, False, "")[1][0]["episode"] is None
    event, (answer,) = call(local, "navigate", PIANIST, False, True, "a session")
    assert event == "complete"
    assert (answer["source"], answer["session"], answer["written_by"]) == ("structural", "a session", None)
    assert answer["text"]
    with closing(open_ro("memory", local.lab.data)) as connection:
        assert connection.execute("SELECT count(*) FROM episodic_memory").fetchone()[0] == 1
    event, (found,) = call(local, "recall", "an operation on a hand", 5)
    assert [hit["id"] for hit in found] == [answer["episode"]]


def test_a_person_in_danger_gets_help_through_this_door_too(local: Served) -> None:
    _, (answer,) = call(local, "navigate", DANGER, True, False, "")
    assert "CRISIS" in answer["summary"]["red_flags"]
    assert "emergency number" in answer["text"]
    assert answer["source"] == "fixed"


def test_no_deliberation_begins_for_a_person_in_danger_even_where_no_model_is(serve: Any) -> None:
    served = serve(Access())
    event, (answer,) = call(served, "inner_house_start", DANGER, True)
    assert (event, answer["session"], answer["status"]) == ("complete", None, "declined")
    assert "emergency number" in answer["text"]
    assert call(served, "inner_house_start", PIANIST, True)[0] == "error"
    assert not (served.lab.data / "memory.db").exists()


@pytest.fixture
def speaking(tmp_path: Path) -> Iterator[Served]:
    served = start(tmp_path / "spoken", Access(), model="scripted:")
    yield served
    served.servers.stop()


def test_a_deliberation_is_begun_and_followed_to_its_end(speaking: Served) -> None:
    event, (begun,) = call(speaking, "inner_house_start", PIANIST, False)
    assert (event, begun["status"], begun["summary"]["I"]) == ("complete", "starting", "HIGH")
    give_up = time.monotonic() + 60
    while (found := call(speaking, "inner_house_status", begun["session"])[1][0])["status"] in ("starting", "running"):
        assert time.monotonic() < give_up
        time.sleep(0.3)
    assert (found["status"], found["with_terrain"], len(found["outputs"])) == ("done", False, 21)
    assert found["resolution"]
    assert "context" not in found["notes"]
    assert all(
        finding.get("flag") or set(finding) == {"reason"} for one in found["outputs"] for finding in one["findings"]
    )
    assert call(speaking, "inner_house_status", "0123456789ab")[0] == "error"


def test_documents_are_searched(local: Served) -> None:
    assert call(local, "search_documents", "anything", 5) == ("complete", [[]])


@pytest.mark.parametrize(("name", "data"), [("recall", ["x", 0]), ("recall", ["x", 51]), ("gates", ["   ", True])])
def test_what_cannot_be_done_is_an_error_and_no_stack(local: Served, name: str, data: list[Any]) -> None:
    event, told = call(local, name, *data)
    assert event == "error"
    assert "Traceback" not in str(told)


MISFITS: list[tuple[str, str, Any]] = [
    ("/gradio_api/call/gates", "too few values", {"data": [PIANIST]}),
    ("/gradio_api/call/navigate", "far too few", {"data": [PIANIST]}),
    ("/gradio_api/call/gates", "too many", {"data": [PIANIST, False, PIANIST]}),
    ("/gradio_api/call/recall", "a word for a number", {"data": [PIANIST, PIANIST]}),
    ("/gradio_api/call/gates", "an object for a text", {"data": [{"words": PIANIST}, False]}),
    ("/gradio_api/call/gates", "no list", {"data": PIANIST}),
    ("/gradio_api/call/nothing", "no such name", {"data": [PIANIST]}),
    ("/gradio_api/run/gates", "in one step, too few", {"data": [PIANIST]}),
    ("/gradio_api/run/predict", "by a number", {"data": [PIANIST], "fn_index": 10_000}),
    ("/gradio_api/queue/join", "by the page's road", {"data": [PIANIST], "fn_index": 10_000, "session_hash": "s"}),
]


@pytest.mark.parametrize(("path", "misfit", "body"), MISFITS, ids=[f"{name}: {path}" for path, name, _ in MISFITS])
def test_the_words_of_a_call_that_does_not_fit_stay_off_the_terminal(
    local: Served, capfd: pytest.CaptureFixture[str], path: str, misfit: str, body: Any
) -> None:
    begun = ask(local.web, path, method="POST", headers=JSON, body=json.dumps(body).encode())
    if begun.status == 200:
        told = httpx.get(f"http://127.0.0.1:{local.web}{path}/{json.loads(begun.body)['event_id']}", timeout=60).text
        assert told.startswith("event: complete" if misfit == "too many" else "event: error")
    printed = "".join(capfd.readouterr())
    assert "my playing for good" not in printed


def test_a_call_with_too_few_values_is_told_how_many_it_wants(local: Served) -> None:
    event, told = call(local, "gates", PIANIST)
    assert event == "error"
    assert "gates wants 2 values and was given 1" in told["error"]


def test_so_do_those_of_a_call_to_a_handler_of_the_page(local: Served, capfd: pytest.CaptureFixture[str]) -> None:
    base = f"http://127.0.0.1:{local.web}"
    handlers = httpx.get(f"{base}/config", timeout=60).json()["dependencies"]
    asking = max((one for one in handlers if not one["queue"]), key=lambda one: len(one["inputs"]))
    assert len(asking["inputs"]) > 1
    told = httpx.post(
        f"{base}/gradio_api/run/predict", json={"data": [PIANIST], "fn_index": asking["id"], "session_hash": "s"}
    )
    assert told.status_code == 500
    assert "Nothing was run" in told.json()["error"]
    assert "my playing for good" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("path", ["/gradio_api/info", "/gradio_api/mcp/", "/gradio_api/mcp/schema"])
def test_without_sign_in_nothing_is_told(networked: Served, path: str) -> None:
    assert ask(networked.web, path, host="lab.test").status == 401
    assert ask(networked.web, path, host="lab.test", headers=BEARER).status in (200, 307, 405, 406)


def test_a_call_wants_the_token_the_name_and_the_origin(networked: Served) -> None:
    there = f"lab.test:{networked.web}"
    data = [PIANIST, False]
    assert post(networked, "gates", data, host=there).status == 401
    assert post(networked, "gates", data, host=there, Authorization="Bearer wrong-token-here").status == 401
    assert post(networked, "gates", data, host="evil.test", **BEARER).status == 421
    assert post(networked, "gates", data, host=there, Origin="http://evil.test", **BEARER).status == 403
    assert post(networked, "gates", data, host=there, Origin=f"http://{there}", **BEARER).status == 200


def test_a_foreign_page_cannot_call_on_this_machine(local: Served) -> None:
    assert post(local, "gates", [PIANIST, False], Origin="http://evil.test").status == 403
    assert post(local, "gates", [PIANIST, False], host=f"evil.test:{local.web}").status == 421


def tools(served: Served, headers: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    async def talk() -> tuple[list[str], dict[str, Any]]:
        address = f"http://127.0.0.1:{served.web}/gradio_api/mcp/"
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as client,
            streamable_http_client(address, http_client=client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            listed = await session.list_tools()
            answer = await session.call_tool("gates", {"text": PIANIST, "semantic": False})
            return [tool.name for tool in listed.tools], json.loads(answer.content[0].text)

    return asyncio.run(asyncio.wait_for(talk(), 60))


def test_an_agent_finds_the_same_functions_and_calls_one(local: Served, networked: Served) -> None:
    for served, headers in ((local, {}), (networked, BEARER)):
        names, answer = tools(served, headers)
        assert sorted(names) == list(PUBLIC)
        assert answer["summary"]["I"] == "HIGH"


def test_an_agent_without_the_token_gets_nothing(networked: Served) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        tools(networked, {})
    assert "401" in "".join(str(one) for one in _leaves(refused.value))


def _leaves(error: BaseException) -> list[BaseException]:
    inner = getattr(error, "exceptions", None)
    return [leaf for one in inner for leaf in _leaves(one)] if inner else [error]
