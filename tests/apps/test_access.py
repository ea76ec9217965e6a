"""Who may reach the pages: the words of the command line turned into one value, or refused in words."""

from __future__ import annotations

import pytest

from apps.access import LOOPBACK_NAMES, Access, choose_access
from nma13.config import is_loopback
from nma13.errors import UsageError


def test_by_default_only_this_machine_and_no_token() -> None:
    access = choose_access(env={"NMA_TOKEN": "set-but-not-asked-for"})
    assert access == Access()
    assert access.mode == "this machine only"


def test_everywhere_needs_a_name() -> None:
    for host in ("0.0.0.0", "::"):
        with pytest.raises(UsageError, match="--allow-host"):
            choose_access(host=host, env={})
    access = choose_access(host="0.0.0.0", allow_hosts=["Lab.Test."], env={})
    assert access.hosts == LOOPBACK_NAMES | {"lab.test"}


def test_beyond_loopback_a_token_is_made_or_taken() -> None:
    made = [choose_access(host="192.168.1.5", env={}) for _ in range(2)]
    assert all(access.generated and len(access.token or "") >= 32 for access in made)
    assert made[0].token != made[1].token
    taken = choose_access(tailnet="box.tail.ts.net", env={"NMA_TOKEN": " long-enough-word "})
    assert (taken.token, taken.generated, taken.proxy) == ("long-enough-word", False, "127.0.0.1")
    assert "box.tail.ts.net" in taken.hosts
    assert choose_access(require_token=True, env={}).token


def test_a_short_token_is_refused_without_being_repeated() -> None:
    with pytest.raises(UsageError, match="at least 10") as refused:
        choose_access(host="192.168.1.5", env={"NMA_TOKEN": "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("beyond", [{"bind": "0.0.0.0"}, {"bind": "192.168.1.5"}, {"tailnet": "box.ts.net"}])
def test_without_a_token_the_bind_cannot_even_be_described(beyond: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="without a token"):
        Access(**beyond)  # type: ignore[arg-type]


def test_the_token_does_not_show_in_logs() -> None:
    assert "secret-word" not in repr(Access(token="secret-word"))


@pytest.mark.parametrize("name", ["http://lab.test", "lab.test:7860", "*", "a b", "", "a/b", "u@h"])
def test_names_are_names(name: str) -> None:
    with pytest.raises(UsageError, match="host name"):
        choose_access(host="0.0.0.0", allow_hosts=[name], env={})


def test_words_that_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="leave --host out"):
        choose_access(host="0.0.0.0", allow_hosts=["a"], tailnet="box.ts.net", env={})
    with pytest.raises(UsageError, match="IP address"):
        choose_access(proxy="my-proxy", env={})


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        *((bind, True) for bind in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((bind, False) for bind in ("0.0.0.0", "::", "10.0.0.1", "lab.test", "127.0.0.1.evil.example")),
    ],
)
def test_what_loopback_is(bind: str, expected: bool) -> None:
    assert is_loopback(bind) is expected
