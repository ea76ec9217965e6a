"""A page from elsewhere, open in the same browser, tries everything a web page can try."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.served import TOKEN, Served

pytestmark = pytest.mark.browser

ATTACK = """<!doctype html><title>foreign</title><script>
async function attempt(base) {
  const form = new FormData(); form.append("files", new Blob(["x".repeat(50)]), "planted.txt");
  const call = JSON.stringify({ data: ["planted"], fn_index: 2, session_hash: "planted" });
  const json = { "content-type": "application/json" };
  const tries = {
    read: () => fetch(base + "/config"),
    readWithCookies: () => fetch(base + "/config", { credentials: "include" }),
    blindRead: () => fetch(base + "/config", { mode: "no-cors", credentials: "include" }),
    call: () => fetch(base + "/gradio_api/run/predict", { method: "POST", headers: json, body: call }),
    blindCall: () => fetch(base + "/gradio_api/queue/join", { method: "POST", mode: "no-cors", body: call }),
    upload: () => fetch(base + "/gradio_api/upload", { method: "POST", body: form }),
    blindUpload: () => fetch(base + "/gradio_api/upload",
      { method: "POST", mode: "no-cors", credentials: "include", body: form }),
    picture: () => new Promise((yes, no) => { const i = new Image(); i.onload = yes; i.onerror = no;
      i.src = base + "/static/img/logo.svg" }),
    script: () => new Promise((yes, no) => { const s = document.createElement("script"); s.onload = yes;
      s.onerror = no; s.src = base + "/config"; document.head.append(s) }),
    socket: () => new Promise((yes, no) => {
      const w = new WebSocket(base.replace("http", "ws") + "/queue/join"); w.onopen = yes; w.onerror = no }),
    stream: () => new Promise((yes, no) => { const e = new EventSource(base + "/gradio_api/heartbeat/x");
      e.onmessage = yes; e.onerror = no }),
  };
  const got = {};
  for (const [name, run] of Object.entries(tries)) {
    try { const r = await run(); got[name] = r?.type === "opaque" ? "opaque" : "read " + (await r?.text?.()) }
    catch { got[name] = "refused" }
  }
  return got;
}
</script>"""


def attack(page: Page, base: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """What the script could see, and how the lab answered each request."""
    answers: list[tuple[int, str]] = []
    page.on("response", lambda one: one.url.startswith(base) and answers.append((one.status, one.url)))
    got: dict[str, Any] = page.evaluate("base => attempt(base)", base)
    return got, answers


def uploads() -> set[Path]:
    return set(Path(os.environ["GRADIO_TEMP_DIR"]).rglob("planted.txt"))


@pytest.mark.parametrize("from_host", ["foreign.test", "127.0.0.1", "localhost"])
@pytest.mark.parametrize("to_host", ["127.0.0.1", "localhost"])
def test_another_site_gets_nothing(
    open_page: Callable[..., Page], local: Served, stranger: Any, from_host: str, to_host: str
) -> None:
    """The same host on another port is another site's neighbour, not ours."""
    stranger.page = ATTACK
    page = open_page(f"http://{from_host}:{stranger.port}/", strict=False)
    got, answers = attack(page, f"http://{to_host}:{local.probe}")
    assert set(got.values()) <= {"refused", "opaque"}, got
    assert got["read"] == got["call"] == got["upload"] == got["picture"] == got["socket"] == "refused"
    assert {status for status, _ in answers} <= {403}, answers
    assert uploads() == set()


def test_a_name_bent_to_this_machine_gets_nothing(open_page: Callable[..., Page], local: Served, stranger: Any) -> None:
    """DNS rebinding: the foreign name leads to our port, so for the browser everything is same-origin."""
    page = open_page(f"http://foreign.test:{local.probe}/", strict=False)
    assert page.evaluate("() => document.body.innerText") == "This address is not served here."
    statuses = page.evaluate(
        "() => Promise.all(['/', '/config', '/healthz', '/gradio_api/info']"
        ".map(path => fetch(path).then(reply => reply.status)))"
    )
    assert statuses == [421] * 4


def test_somebody_signed_in_is_not_used_by_another_site(
    open_page: Callable[..., Page], networked: Served, stranger: Any
) -> None:
    stranger.page = ATTACK
    code = networked.sign_in.mint_code()
    page = open_page(f"http://lab.test:{networked.probe}/?token={code}", strict=False)
    assert page.evaluate("() => fetch('/config').then(r => r.status)") == 200
    page.goto(f"http://foreign.test:{stranger.port}/")
    got, answers = attack(page, f"http://lab.test:{networked.probe}")
    assert set(got.values()) <= {"refused", "opaque"}, got
    assert {status for status, _ in answers} <= {401, 403}, answers
    assert uploads() == set()
    assert TOKEN not in str(page.context.cookies())


def test_the_lab_cannot_be_framed(open_page: Callable[..., Page], local: Served, stranger: Any) -> None:
    stranger.page = f"<iframe src='http://127.0.0.1:{local.web}/'></iframe>"
    page = open_page(f"http://foreign.test:{stranger.port}/", strict=False)
    page.wait_for_timeout(500)
    assert "NMA" not in page.frames[1].content()
