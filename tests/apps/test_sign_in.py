"""Tokens, links and sessions as values; the clock is ours."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from apps.access import Access
from apps.guard import Guard, SignIn
from apps.guard.answers import local_target
from apps.guard.sign_in import CODE_S, CODES_OPEN, SESSION_S, session_key


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_code_works_once_and_not_for_ever() -> None:
    clock = Clock()
    sign_in = SignIn("token-of-this-lab", b"k" * 32, clock)
    first, second = sign_in.mint_code(), sign_in.mint_code()
    assert sign_in.redeem(first)
    assert not sign_in.redeem(first)
    clock.now += CODE_S + 1
    assert not sign_in.redeem(second)
    assert not sign_in.redeem("")


def test_open_codes_are_bounded() -> None:
    sign_in = SignIn("token-of-this-lab", b"k" * 32)
    codes = [sign_in.mint_code() for _ in range(CODES_OPEN + 1)]
    assert not sign_in.redeem(codes[0])
    assert sign_in.redeem(codes[-1])


def test_a_session_ends_and_dies_with_the_token_and_with_the_key() -> None:
    clock = Clock()
    sign_in = SignIn("token-of-this-lab", b"k" * 32, clock)
    session = sign_in.new_session()
    assert "token-of-this-lab" not in session
    assert sign_in.is_session(session)
    assert SignIn("token-of-this-lab", b"k" * 32, clock).is_session(session)  # a restart keeps it
    assert not SignIn("another-token-0", b"k" * 32, clock).is_session(session)
    assert not SignIn("token-of-this-lab", b"x" * 32, clock).is_session(session)
    clock.now += SESSION_S + 1
    assert not sign_in.is_session(session)


@given(st.text())
def test_no_other_word_is_a_token_a_session_or_a_code(word: str) -> None:
    sign_in = SignIn("token-of-this-lab", b"k" * 32)
    assert not sign_in.is_token(word)
    assert not sign_in.is_session(word)
    assert not sign_in.redeem(word)


@given(st.text())
def test_a_target_stays_on_this_host(target: str) -> None:
    found = local_target(target)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found.isascii()
    assert not set(found) & set('\r\n\0"<> ')


def test_the_key_is_private_and_stays_the_same_whoever_comes_first(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(session_key(tmp_path / "d"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["access.key"]
    assert (tmp_path / "d" / "access.key").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "access.key").write_bytes(b"short")
    assert len(session_key(tmp_path)) == 32


async def listener(scope: dict, receive: object, send: object) -> None:
    socket = WebSocket(scope, receive, send)  # type: ignore[arg-type]
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


@pytest.mark.parametrize(
    ("host", "headers", "let_in"),
    [
        ("lab.test", {}, False),
        ("lab.test", {"authorization": "Bearer wrong"}, False),
        ("lab.test", {"authorization": "Bearer token-of-this-lab"}, True),
        ("evil.example", {"authorization": "Bearer token-of-this-lab"}, False),
        ("lab.test", {"authorization": "Bearer token-of-this-lab", "origin": "http://lab.test"}, True),
        ("lab.test", {"authorization": "Bearer token-of-this-lab", "origin": "http://evil.example"}, False),
    ],
)
def test_should_a_page_ever_speak_websocket_it_is_guarded(host: str, headers: dict[str, str], let_in: bool) -> None:
    access = Access(hosts=frozenset({"lab.test"}), token="token-of-this-lab")
    guard = Guard(listener, access, SignIn(access.token, b"k" * 32), {"app": "x"})
    client = TestClient(guard, base_url=f"http://{host}")
    if let_in:
        with client.websocket_connect(f"ws://{host}/ws", headers=headers) as socket:
            assert socket.receive_text() == "in"
    else:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"ws://{host}/ws", headers=headers):
            pass
