"""How pages are hosted: several in one process, private uploads, a closed interface."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from apps.lab import make_lab
from apps.registry import App
from apps.serving import listen
from apps.shell import open_pages, prepare_private_folder
from apps.status import Board
from nma13.errors import LabError
from tests.probe_page import PROBE
from tests.served import WEB, Served, free_port
from tests.wire import ask

BROKEN = App("broken", "Broken", "module_that_does_not_exist", "x")


def test_pages_share_one_process_and_one_thread(local: Served) -> None:
    assert ask(local.web, "/healthz").status == ask(local.probe, "/healthz").status == 200
    assert b'"web"' in ask(local.web, "/healthz").body
    assert b'"probe"' in ask(local.probe, "/healthz").body
    assert "pages" in {thread.name for thread in threading.enumerate()}


def test_no_answer_waits_for_the_one_before_it_to_be_confirmed() -> None:
    """Nagle's delay costs 40 ms an answer; asyncio switches it off only for sockets that name their protocol."""
    delays: list[bool] = []

    async def visit(listening: socket.socket) -> None:
        def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            delays.append(not writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(meet, sock=listening):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()

    with listen("127.0.0.1", 0) as listening:
        asyncio.run(visit(listening))
    assert delays == [False]


def test_when_one_port_is_busy_no_other_stays_taken(tmp_path: Path) -> None:
    free = free_port()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        ports = {"web": free, "probe": stranger.getsockname()[1]}
        with pytest.raises(LabError, match=f"port {ports['probe']} is in use"):
            open_pages((WEB, PROBE), make_lab(data=tmp_path, ports=ports))
    socket.create_server(("127.0.0.1", free)).close()


def test_a_busy_port_is_told_with_the_words_that_move_all_pages(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        ports = {"web": stranger.getsockname()[1], "probe": free_port()}
        with pytest.raises(LabError, match=r"another port: \./lab demo --port (\d+)$") as told:
            open_pages((WEB, PROBE), make_lab(data=tmp_path, ports=ports), "./lab demo")
    moved_by = int(str(told.value).rpartition(" ")[2]) - ports["web"]
    assert moved_by > 0
    socket.create_server(("127.0.0.1", ports["probe"] + moved_by)).close()


def test_when_a_page_cannot_be_built_its_port_is_given_back(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(ModuleNotFoundError):
        open_pages((BROKEN,), make_lab(data=tmp_path, ports={"broken": port}))
    socket.create_server(("127.0.0.1", port)).close()


def test_stopping_frees_the_ports(tmp_path: Path) -> None:
    port = free_port()
    lab = make_lab(data=tmp_path, ports={"web": port})
    servers, _ = open_pages((WEB,), replace(lab, board=Board((WEB,), {"web": port})))
    assert ask(port, "/healthz").status == 200
    servers.stop()
    socket.create_server(("127.0.0.1", port)).close()


def test_uploads_lie_where_only_this_user_reads(local: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE(Path(os.environ["GRADIO_TEMP_DIR"]).stat().st_mode) == 0o700
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"nma-lab-{os.getuid()}"
    place.mkdir(mode=0o777)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "x")
    assert prepare_private_folder() == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    place.rmdir()
    place.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(LabError, match="would not be private"):
        prepare_private_folder()


def test_a_page_keeps_few_sessions_and_a_calm_queue(local: Served) -> None:
    import web

    for server, _ in local.servers._servers:
        blocks = server.config.app._app.app.routes[-1].app.get_blocks()
        assert blocks.state_session_capacity == 32
        assert blocks._queue.sleep_when_free == 0.05
        assert blocks.run_history is False
        assert blocks.show_error is False
        assert blocks.ssr_mode is False
        assert blocks.analytics_enabled is False
        public = {handler.api_name for handler in blocks.fns.values() if handler.api_visibility != "private"}
        assert public == (web.WEB.public if blocks.title == web.WEB.title else set())
    assert len(web.TABS) == 8
