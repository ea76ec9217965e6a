"""Which pages are up: asked together, remembered briefly, and only pages that exist."""

from __future__ import annotations

import importlib.util
import socket
import threading
import time

from apps.registry import ALL, App, existing
from apps.status import FRESH_S, Board, probe
from tests.served import WEB, Served, free_port

GONE = App("gone", "Gone", "no_such_module", "python -m no_such_module")


def test_only_pages_whose_module_exists_are_offered() -> None:
    assert WEB in existing()
    assert GONE not in existing((*ALL, GONE))
    assert all(importlib.util.find_spec(app.module) for app in existing())


def test_a_page_that_answers_is_up_and_a_stranger_on_its_port_is_not(local: Served) -> None:
    ports = {"web": local.web, "gone": local.probe}
    standings = Board((WEB, GONE), ports).standings()
    assert [one.up for one in standings] == [True, False]
    assert probe("127.0.0.1", free_port()) is None


def test_pages_of_this_process_are_up_without_being_asked(local: Served) -> None:
    asked: list[int] = []
    board = Board((WEB, GONE), {"web": 5, "gone": 6}, ask=lambda _, port: asked.append(port))
    board.are_here([WEB])
    assert [one.up for one in board.standings()] == [True, False]
    assert asked == [6]
    assert all(one.up for one in local.lab.board.standings())


def test_questions_go_out_together_and_a_silent_port_costs_little() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    apps = [App(str(n), str(n), "web", "x") for n in range(8)]
    begun = time.monotonic()
    standings = Board(apps, {app.name: port for app in apps}).standings()
    together = time.monotonic() - begun
    begun = time.monotonic()
    probe("127.0.0.1", port)
    alone = time.monotonic() - begun
    silent.close()
    assert not any(one.up for one in standings)
    assert together < 4 * alone


def test_answers_are_remembered_and_shared() -> None:
    now, asked = [0.0], []

    def ask(host: str, port: int) -> dict[str, str]:
        asked.append((host, port))
        time.sleep(0.02)
        return {"app": "web"}

    board = Board((WEB,), {"web": 5}, "10.0.0.9", ask, lambda: now[0])
    threads = [threading.Thread(target=board.standings) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [("10.0.0.9", 5)]
    now[0] += FRESH_S
    assert board.standings()[0].up
    assert len(asked) == 2


def test_before_anybody_was_asked_the_header_has_its_size() -> None:
    board = Board((WEB,), {"web": 5}, ask=lambda *_: {"app": "web"})
    assert [(one.app, one.port, one.up) for one in board.unasked()] == [(WEB, 5, False)]
