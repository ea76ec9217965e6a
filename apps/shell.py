"""Hosts pages: builds each, puts the guard before it, serves all in one process, stops them together."""

from __future__ import annotations

import errno
import importlib
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from apps import mark, tailscale
from apps.access import EVERYWHERE
from apps.guard import Guard, SignIn
from apps.guard.sign_in import session_key
from apps.lab import Lab
from apps.registry import App
from apps.serving import Servers, listen
from apps.status import probe
from nma13 import __version__
from nma13.config import LOOPBACK, is_loopback
from nma13.errors import LabError

UPLOAD_MOST = "20mb"
SESSIONS_KEPT = 32
QUEUE_REST_S = 0.05


def guarded(app: App, lab: Lab, sign_in: SignIn) -> Guard:
    """Build one page and put the guard before it."""
    import fastapi

    from apps import theme, vendor
    from apps.gradio_setup import gr
    from apps.mistakes import calm_all

    blocks = importlib.import_module(app.module).build(lab)
    calm_all(blocks)
    mark.put_above(blocks, lab.data)
    for handler in blocks.fns.values():
        if handler.api_name not in app.public:
            handler.api_visibility = "private"
    blocks.queue(default_concurrency_limit=4, max_size=64, api_open=False)
    if hasattr(blocks._queue, "sleep_when_free"):  # private: polling every millisecond costs 3 % of a core
        blocks._queue.sleep_when_free = QUEUE_REST_S
    blocks.state_session_capacity = SESSIONS_KEPT  # each visit keeps a copy of the page's values
    asgi = gr.mount_gradio_app(
        fastapi.FastAPI(openapi_url=None, docs_url=None, redoc_url=None, routes=vendor.routes()),
        blocks,
        path="/",
        server_name=lab.access.bind,
        server_port=lab.ports[app.name],
        theme=theme.theme(),
        css=theme.css(),
        head=theme.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=bool(app.public),
        enable_monitoring=False,
        show_error=False,
        max_file_size=UPLOAD_MOST,
        allowed_paths=[],
        blocked_paths=[str(lab.data)],
        app_kwargs={
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
        },
    )
    if app.public:
        from apps.api import speak_json

        speak_json(blocks)
    health = {"app": app.name, "title": app.title, "version": __version__}
    return Guard(asgi, lab.access, sign_in, health)


def open_pages(apps: Sequence[App], lab: Lab, command: str = "") -> tuple[Servers, SignIn]:
    """Take the ports first, so that a busy one is told before anything heavy; then build and serve."""
    listening = _take_ports(apps, lab, command or apps[0].command)
    try:
        lab.board.are_here(apps)
        prepare_private_folder()
        token = lab.access.token
        sign_in = SignIn(token, session_key(lab.data) if token else secrets.token_bytes(32))
        servers = Servers([(guarded(app, lab, sign_in), taken) for app, taken in zip(apps, listening, strict=True)])
        servers.start()
    except BaseException:
        for taken in listening:
            taken.close()
        raise
    return servers, sign_in


def host(
    apps: Sequence[App],
    lab: Lab,
    *,
    command: str = "",
    open_browser: bool = False,
    say: Callable[[str], None] = lambda words: print(words, flush=True),
) -> int:
    """Serve until Ctrl-C or SIGTERM. Exit status: 130 stopped by the user, 0 told to stop."""
    over, why = threading.Event(), []

    def stop(number: int, _frame: object) -> None:
        why.append(number)
        over.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        print("Opening …", file=sys.stderr, flush=True)  # building the pages takes seconds, on a busy machine many
        servers, sign_in = open_pages(apps, lab, command)
        try:
            addresses = _publish(apps, lab, say)
            _announce(apps, lab, sign_in, addresses, say)
            lab.writer.warm()  # after the pages: the first one must not wait for a model
            if open_browser:
                webbrowser.open(_with_code(addresses[0], sign_in))
            over.wait()
        finally:
            servers.stop()
            _withdraw(apps, lab)
            idle = lab.writer.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    say("Stopped.")
    status = 130 if signal.SIGINT in why else 0
    if not idle:  # a model library aborts the process when Python ends while it loads; nothing of ours is open
        sys.stdout.flush()
        os._exit(status)
    return status


def prepare_private_folder() -> Path:
    """Uploads on their way lie where only this user can read them; Gradio's own choice is open to all."""
    folder = Path(tempfile.gettempdir()) / f"nma-lab-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    held = folder.lstat()
    if held.st_uid != os.getuid() or not folder.is_dir() or folder.is_symlink():
        raise LabError(f"{folder} belongs to somebody else, so uploads would not be private. Remove it.")
    folder.chmod(0o700)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def _take_ports(apps: Sequence[App], lab: Lab, command: str) -> list[socket.socket]:
    taken: list[socket.socket] = []
    try:
        for app in apps:
            taken.append(listen(lab.access.bind, lab.ports[app.name]))
    except OSError as error:
        for one in taken:
            one.close()
        raise LabError(_cannot_listen(error, app, apps, lab, command)) from None
    return taken


def _cannot_listen(error: OSError, app: App, apps: Sequence[App], lab: Lab, command: str) -> str:
    bind, port = lab.access.bind, lab.ports[app.name]
    if error.errno != errno.EADDRINUSE:
        return f"the lab cannot listen on {bind} port {port}: {error.strerror}. Nothing was started."
    answer = probe(LOOPBACK if bind in EVERYWHERE else bind, port)
    other = f"To start a second copy beside it, choose another port: {command} --port {_free_port(apps, lab)}"
    if answer is None:
        return f"port {port} is in use by another program. Nothing was started. {other}"
    title = str(answer.get("title", answer["app"]))[:60]
    return f"{title} is already running on http://{LOOPBACK}:{port}/. Open it there. {other}"


def _free_port(apps: Sequence[App], lab: Lab) -> int:
    """A port for the first page from which every page, at its own distance, finds one that is free."""
    ports = [lab.ports[app.name] for app in apps]
    for by in range(100, 65536 - max(ports), 100):
        if all(_is_free(lab.access.bind, port + by) for port in ports):
            return ports[0] + by
    raise LabError("this machine has no free ports left. Nothing was started.")


def _is_free(bind: str, port: int) -> bool:
    try:
        listen(bind, port).close()
    except OSError:
        return False
    return True


def _publish(apps: Sequence[App], lab: Lab, say: Callable[[str], None]) -> tuple[str, ...]:
    ports = [lab.ports[app.name] for app in apps]
    if lab.access.tailnet:
        return tailscale.find().publish(ports)
    if is_loopback(lab.access.bind):
        return tuple(f"http://{LOOPBACK}:{port}/" for port in ports)
    say("This connection is not encrypted: use it only on a network you trust, or use --share-on tailscale.")
    name = min(lab.access.hosts - {LOOPBACK, "localhost", "[::1]"} - EVERYWHERE)
    return tuple(f"http://{name}:{port}/" for port in ports)


def _withdraw(apps: Sequence[App], lab: Lab) -> None:
    if lab.access.tailnet:
        try:
            tailscale.find().withdraw(lab.ports[app.name] for app in apps)
        except LabError as error:
            print(f"lab: {error}", file=sys.stderr)


def _announce(
    apps: Sequence[App], lab: Lab, sign_in: SignIn, addresses: Sequence[str], say: Callable[[str], None]
) -> None:
    say(f"NMA Lab {__version__}")
    width = max(len(app.title) for app in apps)
    for app, address in zip(apps, addresses, strict=True):
        say(f"  {app.title:<{width}}  {address}")
    for app, address in zip(apps, addresses, strict=True):
        if app.public:
            say(f"For programs: {address}gradio_api/call/NAME, for agents (MCP): {address}gradio_api/mcp/")
            say(f"  NAME is one of {', '.join(sorted(app.public))}; docs/web.md shows calls")
    if not sign_in.required:
        return
    say(f"Sign in with this link; it works once, within half an hour:\n  {_with_code(addresses[0], sign_in)}")
    if lab.access.generated:
        say(f"On other devices use this token; it is shown only now:\n  {lab.access.token}")
    else:
        say("On other devices use the token from NMA_TOKEN.")


def _with_code(address: str, sign_in: SignIn) -> str:
    return f"{address}?token={sign_in.mint_code()}" if sign_in.required else address
