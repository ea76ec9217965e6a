"""The web page as people start it: a process of its own, its words, its ports, its end."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nma13.config import ROOT
from tests.served import free_port
from tests.wire import ask

pytestmark = pytest.mark.slow

TESTS = str(ROOT / "tests")


@contextmanager
def started(*words: str, code: str | None = None, **env: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "web.py", *words]
    path = os.pathsep.join([str(ROOT), TESTS])
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_up(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if ask(port, "/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the page did not come up")


def handler_of(port: int, button: str) -> tuple[int, int]:
    """The button's id and its handler's."""
    config = json.loads(ask(port, "/config").body)
    words = {part["id"]: part["props"].get("value") for part in config["components"]}
    found = ((one["targets"][0][0], one["id"]) for one in config["dependencies"])
    return next(pair for pair in found if words.get(pair[0]) == button)


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "web.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_it_soon_though_pages_are_open(number: signal.Signals, status: int) -> None:
    port = free_port()
    with started("--port", str(port), "--no-model") as process:
        wait_until_up(port)
        streams = []
        for name in ("a", "b", "c"):  # what an open page holds: streams that never end by themselves
            stream = socket.create_connection(("127.0.0.1", port))
            stream.sendall(f"GET /gradio_api/heartbeat/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert b"200 OK" in stream.recv(4096)
            streams.append(stream)
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        took = time.monotonic() - begun
        for stream in streams:
            stream.close()
    assert process.returncode == status
    assert took < 4, f"{took:.1f} s"  # the aim is 2 s; a busy machine gets room
    assert out.rstrip().endswith("Stopped.")
    assert "Traceback" not in err, err


def test_it_stops_though_a_handler_is_stuck() -> None:
    port = free_port()
    code = f"""
from dataclasses import replace
from apps.lab import make_lab; from apps.shell import host; from apps.status import Board
from tests.probe_page import PROBE
ports = {{"probe": {port}}}
host([PROBE], replace(make_lab(ports=ports, use_model=False), board=Board((PROBE,), ports)))
"""
    with started(code=code) as process:
        wait_until_up(port)
        ticket = json.dumps({"data": [], "fn_index": handler_of(port, "Stuck")[1], "session_hash": "s"}).encode()
        kind = {"Content-Type": "application/json"}
        joined = ask(port, "/gradio_api/queue/join", method="POST", headers=kind, body=ticket)
        assert joined.status == 200
        time.sleep(0.5)
        begun = time.monotonic()
        process.terminate()
        process.communicate(timeout=10)
        assert time.monotonic() - begun < 4
        assert process.returncode == 0


def test_a_busy_port_is_told_by_name_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        ran = run("--port", str(port))
    assert ran.returncode == 1
    assert f"port {port} is in use by another program" in ran.stderr
    assert re.search(r"python web\.py --port \d+", ran.stderr)
    assert "Traceback" not in ran.stderr


def test_a_second_copy_finds_the_first(tmp_path: Path) -> None:
    port = free_port()
    with started("--port", str(port)):
        wait_until_up(port)
        second = run("--port", str(port))
    assert second.returncode == 1
    assert f"NMA Lab is already running on http://127.0.0.1:{port}/" in second.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--host", "0.0.0.0"), "--allow-host"),
        (("--host", "0.0.0.0", "--allow-host", "http://x"), "host name"),
        (("--model", "m", "--no-model"), "exclude"),
        (("--port", "0"), "not a port"),
        (("--no-such-word",), "unrecognized"),
    ],
)
def test_words_that_are_off_exit_with_2(words: tuple[str, ...], says: str) -> None:
    ran = run(*words)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_off_loopback_the_token_is_printed_once_and_the_link_works_once() -> None:
    port = free_port()
    with started("--host", "0.0.0.0", "--allow-host", "lab.test", "--port", str(port)) as process:
        wait_until_up(port)
        process.terminate()
        out, err = process.communicate(timeout=10)
    token = re.search(r"shown only now:\n  (\S+)", out)
    link = re.search(rf"http://lab\.test:{port}/\?token=(\S+)", out)
    assert token is not None, out
    assert link is not None
    assert token[1] != link[1]
    assert (out + err).count(token[1]) == 1
    assert "not encrypted" in out


def test_a_token_of_ones_own_is_never_printed() -> None:
    port, own = free_port(), "a-word-of-my-own-1"
    with started("--require-token", "--port", str(port), NMA_TOKEN=own) as process:
        wait_until_up(port)
        assert ask(port, "/config").status == 401
        assert ask(port, "/config", headers={"Authorization": f"Bearer {own}"}).status == 200
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert own not in out + err


WATCHED = """
import sys
LOCAL = {"127.0.0.1", "::1", "localhost", None, ""}
PLACE = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}
def watch(event, args):
    if event not in PLACE:
        return
    place = args[PLACE[event]]
    place = place[0] if isinstance(place, tuple) else place
    place = place.decode() if isinstance(place, bytes) else place
    if place not in LOCAL:
        print("OUTSIDE", event, args, file=sys.stderr, flush=True)
sys.addaudithook(watch)
from dataclasses import replace
from apps.lab import make_lab; from apps.shell import host; from apps.status import Board
from tests.probe_page import PROBE; from web import WEB
ports = {"web": WEB_PORT, "probe": PROBE_PORT}
host([WEB, PROBE], replace(make_lab(ports=ports, use_model=False), board=Board((WEB, PROBE), ports)))
"""


def test_the_server_talks_to_nobody_even_when_asked_to() -> None:
    """Every look-up and connection of the whole process, from import to page, is watched."""
    web, probe = free_port(), free_port()
    code = WATCHED.replace("WEB_PORT", str(web)).replace("PROBE_PORT", str(probe))
    with started(code=code) as process:
        wait_until_up(probe)
        for path in ("/", "/theme.css", "/gradio_api/info", "/gradio_api/file=http://far.example/x.png"):
            assert ask(web, path).status in (200, 403, 404, 500)
        assert ask(web, "/gradio_api/proxy=https://far.hf.space/x").status != 200
        take, handler = handler_of(probe, "Take")
        far = {
            "path": "http://far.example/x",
            "url": "http://far.example/x",
            "meta": {"_type": "gradio.FileData"},
        }
        ticket = {"data": [far], "fn_index": handler, "session_hash": "s", "trigger_id": take}
        kind, body = {"Content-Type": "application/json"}, json.dumps(ticket).encode()
        said = ask(probe, "/gradio_api/run/predict", method="POST", headers=kind, body=body)
        assert said.status != 200
        assert b"taken" not in said.body
        time.sleep(0.5)
        process.terminate()
        _out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "OUTSIDE" not in err, err
    assert "at _fetch_nothing" in err  # the refusal was ours, not a broken request


def test_importing_web_and_asking_for_help_load_nothing_heavy() -> None:
    code = (
        "import sys, web\n"
        "try: web.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'gradio', 'torch', 'mlx', 'xllamacpp', 'pandas', 'plotly', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "--share-on" in ran.stdout


def test_building_the_page_loads_no_model_library_and_leaves_no_stub_files() -> None:
    code = (
        "import sys, inspect; before = inspect.getfile\n"
        "import web; from apps.lab import make_lab; web.build(make_lab())\n"
        "assert inspect.getfile is before\n"
        "heavy = {'torch', 'mlx', 'xllamacpp', 'plotly', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert not list((ROOT / "apps").rglob("*.pyi"))


def test_web_keeps_its_floor() -> None:
    """import-linter takes packages only, so this module's floor is held here."""

    def imports(path: Path) -> set[str]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        return {name.split(".")[0] for name in named}

    assert not imports(ROOT / "web.py") & {"monitors", "launcher"}
    for package in ("nma13", "loops", "experiments", "apps", "monitors", "launcher"):
        for path in (ROOT / package).rglob("*.py"):
            assert "web" not in imports(path), path
