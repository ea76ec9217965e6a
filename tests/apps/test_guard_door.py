"""Who: tokens, links, cookies and every route of the pages, asked for real."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from apps.access import Access
from tests.served import TOKEN, Served
from tests.wire import Reply, ask

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HTML = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def fresh_slate(networked: Served) -> None:
    networked.sign_in.throttle.__init__()  # type: ignore[misc]  # failures of one test must not slow the next


def routes(app: Any) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        for inner in (getattr(route, "app", None), getattr(route, "original_router", None)):
            if hasattr(inner, "routes"):
                yield from routes(inner)
        path = re.sub(r"\{[^}]*\}", "x", getattr(route, "path", "") or "/")
        for method in getattr(route, "methods", None) or {"GET"}:
            yield method, path


def test_every_route_asks_for_sign_in_except_health_and_the_door(networked: Served) -> None:
    for port, (server, _) in zip(networked.ports, networked.servers._servers, strict=True):
        found = set(routes(server.config.app._app.app))
        assert len(found) > 60
        assert ("POST", "/gradio_api/upload") in found
        for method, path in sorted(found | {("GET", "/nothing"), ("OPTIONS", "/config"), ("PUT", "/")}):
            reply = ask(port, path, method=method, host="lab.test")
            assert reply.status == 401, (method, path)
            assert b"Probe" not in reply.body
        for path in ("/healthz", "/sign-in"):
            assert ask(port, path, host="lab.test").status == 200


@pytest.mark.parametrize("path", ["/healthz/", "//healthz", "/healthz/../config", "/healthz%2f..%2fconfig"])
def test_open_paths_open_nothing_beside_them(networked: Served, path: str) -> None:
    assert ask(networked.web, path, host="lab.test").status == 401


def test_health_says_which_page_this_is_and_no_more(networked: Served) -> None:
    reply = ask(networked.probe, "/healthz", host="lab.test")
    assert json.loads(reply.body).keys() == {"ok", "app", "title", "version"}
    assert ask(networked.probe, "/healthz", method="POST", host="lab.test").status == 401


def test_the_sign_in_page_names_nothing_and_is_the_same_everywhere(networked: Served) -> None:
    replies = [ask(port, "/", host="lab.test", headers=HTML) for port in networked.ports]
    assert {reply.status for reply in replies} == {401}
    assert replies[0].body == replies[1].body
    page = replies[0].body.decode().lower().replace("label", "")
    for word in ("probe", "nma lab", "lab", "gradio", "navigate", "api", "version", "<script"):
        assert word not in page
    policy = replies[0].get("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_the_bearer_token_opens_and_a_wrong_one_does_not(networked: Served) -> None:
    assert ask(networked.web, "/config", host="lab.test", headers=BEARER).status == 200
    assert ask(networked.web, "/config", host="evil.example", headers=BEARER).status == 421
    basic = base64.b64encode(f"user:{TOKEN}".encode()).decode()
    for word in ("Bearer ", f"Basic {basic}", f"Bearer {TOKEN[:-1]}"):
        assert ask(networked.web, "/config", host="lab.test", headers={"Authorization": word}).status == 401


def test_a_link_signs_in_once_and_on_all_pages(networked: Served) -> None:
    code = networked.sign_in.mint_code()
    assert TOKEN not in code
    for guess in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}):
        assert ask(networked.web, f"/?token={code}", host="lab.test", headers=guess).status == 401
    assert ask(networked.web, f"/?token={code}", method="HEAD", host="lab.test").status == 401
    first = ask(networked.web, f"/?tab=memory&token={code}", host="lab.test")
    assert (first.status, first.get("location")) == (303, "/?tab=memory")
    for port in networked.ports:
        again = ask(port, f"/?token={code}", host="lab.test", headers=HTML)
        assert again.status == 401
        assert b"used or is too old" in again.body
        assert ask(port, "/config", host="lab.test", headers={"Cookie": cookie_of(first)}).status == 200


def test_the_long_lived_token_is_not_taken_from_a_link(networked: Served) -> None:
    assert ask(networked.web, f"/?token={TOKEN}", host="lab.test").status == 401


@pytest.mark.parametrize("path", ["//evil.example/x", "/%5cevil.example", "/%0d%0aset-cookie:a=b"])
def test_a_link_cannot_lead_elsewhere(networked: Served, path: str) -> None:
    code = networked.sign_in.mint_code()
    reply = ask(networked.web, f"{path}?token={code}", host="lab.test")
    assert reply.status in (303, 400)
    if reply.status == 303:
        assert re.match(r"/[^/\\]", reply.get("location") or "")
        assert len(reply.all("set-cookie")) == 1


def test_the_cookie_is_http_only_lax_and_not_the_token(networked: Served) -> None:
    reply = sign_in(networked.web, TOKEN)
    assert (reply.status, reply.get("location")) == (303, "/")
    flags = reply.get("set-cookie") or ""
    assert all(flag in flags for flag in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="))
    assert "Secure" not in flags  # plain http: a Secure cookie would never come back
    assert TOKEN not in flags
    good = cookie_of(reply)
    assert ask(networked.web, "/config", host="lab.test", headers={"Cookie": good}).status == 200
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    prolonged = re.sub(r"=(\d+)\.", lambda found: f"={int(found[1]) + 9}.", good)
    for bad in (
        forged,
        prolonged,
        f"nma_session={TOKEN}",
        "nma_session=",
        "nma_session=9.x.",
        "nma_session",
        "é",
    ):
        assert ask(networked.web, "/config", host="lab.test", headers={"Cookie": bad}).status == 401


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(networked: Served, target: str) -> None:
    assert re.match(r"/(?![/\\])", sign_in(networked.web, TOKEN, target).get("location") or "")


def test_signing_in_from_another_site_is_refused(networked: Served) -> None:
    assert sign_in(networked.web, TOKEN, headers={"Origin": "http://evil.example"}).status == 403


def test_signing_out_takes_the_cookie_back(networked: Served) -> None:
    reply = ask(networked.web, "/sign-out", method="POST", host="lab.test")
    assert reply.status == 303
    assert "Max-Age=0" in (reply.get("set-cookie") or "")


def test_guessing_is_slowed_and_the_right_word_waits_too(networked: Served) -> None:
    statuses = [sign_in(networked.web, f"guess number {n}").status for n in range(12)]
    assert statuses[:3] == [401, 401, 401]
    assert set(statuses[3:]) == {429}
    late = sign_in(networked.web, TOKEN)
    assert late.status == 429
    assert int(late.get("retry-after") or 0) >= 1
    assert ask(networked.probe, "/config", host="lab.test", headers=BEARER).status == 429  # one slate for all pages
    code = networked.sign_in.mint_code()
    assert ask(networked.web, f"/?token={code}", host="lab.test").status == 303  # 192 bits need no slowing


def test_guessing_by_header_is_slowed_too(networked: Served) -> None:
    guesses = [
        ask(networked.web, "/", host="lab.test", headers={"Authorization": f"Bearer {n}"}).status for n in range(8)
    ]
    assert guesses[:2] == [401, 401]
    assert set(guesses[3:]) == {429}


def test_a_long_word_at_the_door_is_refused_unread(networked: Served) -> None:
    assert sign_in(networked.web, "x" * 5000).status == 413


def test_behind_a_named_proxy_https_is_believed_and_the_cookie_is_secure(
    serve: Callable[[Access], Served],
) -> None:
    served = serve(Access(hosts=Access().hosts | {"lab.test"}, token=TOKEN, proxy="127.0.0.1"))
    secure = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "100.64.0.7", "Origin": "https://lab.test"}
    reply = sign_in(served.web, TOKEN, headers=secure)
    assert reply.status == 303
    assert "; Secure" in (reply.get("set-cookie") or "")
    hostile = {**BEARER, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    config = json.loads(ask(served.web, "/config", host="lab.test", headers=hostile).body)
    assert config["root"] == "https://lab.test"


def sign_in(port: int, word: str, target: str = "/", headers: dict[str, str] | None = None) -> Reply:
    body = str(httpx.QueryParams({"token": word, "next": target})).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded", **HTML, **(headers or {})}
    return ask(port, "/sign-in", method="POST", host="lab.test", headers=kind, body=body)


def cookie_of(reply: Reply) -> str:
    return (reply.get("set-cookie") or "").partition(";")[0]
