"""Guessing is slowed, per client and over all, in bounded memory; the clock is ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.guard.throttle import BURST, CLIENTS_REMEMBERED, FREE_TRIES, LONGEST_WAIT_S, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def guess(throttle: Throttle, client: str, times: int = 1) -> None:
    for _ in range(times):
        throttle.failed(client)


def test_waits_double_up_to_a_limit() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(14):
        throttle.failed("10.0.0.1")
        waits.append(throttle.wait("10.0.0.1"))
        clock.now += 10_000  # the crowd's level drains in between
        assert throttle.wait("10.0.0.1") == 0
    assert waits[: FREE_TRIES + 3] == [0, 0, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S


def test_one_client_does_not_slow_another_until_there_is_a_crowd() -> None:
    throttle = Throttle(Clock())
    guess(throttle, "10.0.0.1", 5)
    assert throttle.wait("10.0.0.2") == 0
    for last in range(int(BURST)):
        guess(throttle, f"10.1.0.{last}")
    assert throttle.wait("10.0.0.2") > 0


def test_a_crowd_of_addresses_gets_a_dozen_guesses_a_minute() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    tried = 0
    for second in range(600):
        clock.now += 1
        for one in range(50):
            client = f"10.{second % 250}.{second // 250}.{one}"
            if throttle.wait(client) == 0:
                throttle.failed(client)
                tried += 1
    assert tried <= BURST + 600 / 5 + 1


def test_success_wipes_the_slate_of_that_client_only() -> None:
    throttle = Throttle(Clock())
    guess(throttle, "10.0.0.1", 6)
    guess(throttle, "10.0.0.2", 6)
    throttle.succeeded("10.0.0.1")
    assert throttle.wait("10.0.0.1") == 0
    assert throttle.wait("10.0.0.2") > 0


def test_an_ipv6_household_is_one_client() -> None:
    throttle = Throttle(Clock())
    for last in range(8):
        throttle.failed(f"2001:db8::{last:x}")
    assert throttle.wait("2001:db8::ffff") > 0
    assert throttle.wait("2001:db8:0:1::1") == 0


@given(st.lists(st.ip_addresses().map(str) | st.text(max_size=5), max_size=40))
def test_any_client_name_is_taken(clients: list[str]) -> None:
    throttle = Throttle(Clock())
    for client in clients:
        throttle.failed(client)
        assert throttle.wait(client) >= 0


def test_memory_is_bounded() -> None:
    throttle = Throttle(Clock())
    for number in range(CLIENTS_REMEMBERED * 3):
        throttle.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(throttle._clients) == CLIENTS_REMEMBERED
