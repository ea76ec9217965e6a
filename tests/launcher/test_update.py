"""./lab update against a real remote: forward, back, and every way in which it can fail on the road."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from launcher.journal import Journal, write
from nma13.config import ROOT
from nma13.store import LOOPS, open_rw
from nma13.store.migrate import latest_version
from tests.launcher.clone import Clone, copy_of, git, make_clone
from tests.nma13.store.helpers import write_cycle

pytestmark = pytest.mark.slow
SCHEMA = latest_version("memory")
NEXT = f"nma13/store/sql/memory/{SCHEMA + 1:04}_next.sql"
GOOD = "CREATE TABLE next_year (id INTEGER PRIMARY KEY) STRICT;\n"
BAD = "CREATE TABLE next_year (id INTEGER PRIMARY KEY) STRICT;\nINSERT INTO nowhere VALUES (1);\n"
LATE = '\nraise RuntimeError("a mistake of the new version")\n'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("template") / "all")
    connection = open_rw("memory", clone.data)
    write_cycle(connection, LOOPS["loop_a"], 1)
    connection.close()
    return clone


@pytest.fixture
def clone(template: Clone, tmp_path: Path) -> Clone:
    return copy_of(template, tmp_path / "all")


def outputs(clone: Clone) -> int:
    return int(_ask(clone, "SELECT count(*) FROM autonomous_loop"))


def schema(clone: Clone) -> int:
    return int(_ask(clone, "PRAGMA user_version"))


def _ask(clone: Clone, sql: str) -> object:
    connection = sqlite3.connect(clone.data / "memory.db")
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


def assert_as_before(clone: Clone, head: str) -> None:
    """The version, the packages and the data of before; nothing in the way of the next try."""
    assert clone.head() == head
    assert git(clone.root, "status", "--porcelain") == ""
    assert clone.pin() == "1.0"
    assert schema(clone) == SCHEMA
    assert outputs(clone) == 21
    assert clone.lab("--version").stdout == "NMA Lab 1.0\n"
    assert clone.lab("doctor").returncode == 0


def test_there_and_back_again(clone: Clone) -> None:
    before = clone.head()
    told = clone.lab("update")
    assert (told.returncode, "This is the newest version: 1.0" in told.stdout) == (0, True), told.stderr
    after = clone.publish("2.0", **{"requirements.txt": "tinypin==2.0\n", NEXT: GOOD})
    (clone.root / "launcher" / "__init__.py").write_text("# changed here\n")
    assert "There is a newer version: 2.0" in clone.lab("update", "--check").stdout, "looking needs no tidy clone"
    assert "Files of the lab were changed here" in clone.lab("update").stderr
    git(clone.root, "checkout", "--", "launcher/__init__.py")
    assert clone.head() == before

    told = clone.lab("update")
    assert told.returncode == 0, told.stderr
    assert "Updated to 2.0" in told.stdout
    assert (clone.head(), clone.pin(), schema(clone), outputs(clone)) == (after, "2.0", SCHEMA + 1, 21)
    (made,) = (clone.data / "backups").glob("nma-backup-*")
    assert str(made) in told.stderr

    told = clone.lab("update", "--back")
    assert told.returncode == 1
    assert "1.0" in told.stderr
    assert "moved aside, not deleted" in told.stderr
    assert clone.head() == after
    told = clone.lab("update", "--back", "--yes")
    assert told.returncode == 0, told.stderr
    assert_as_before(clone, before)
    (aside,) = clone.data.glob("before-restore-*")
    assert (aside / "memory.db").exists()
    assert "no version to go back to" in clone.lab("update", "--back").stderr


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param({"requirements.txt": "nowhere-to-be-found==1.0\n"}, "No matching distribution", id="requirement"),
        pytest.param({NEXT: BAD}, "nowhere", id="migration"),
        pytest.param({NEXT: GOOD, "web.py": LATE, "requirements.txt": "tinypin==2.0\n"}, "a mistake", id="late"),
    ],
)
def test_a_failing_update_ends_where_it_began(clone: Clone, files: dict[str, str], says: str) -> None:
    before = clone.head()
    clone.publish("2.0", **files)
    told = clone.lab("update")
    assert told.returncode == 1
    assert says in told.stderr
    assert "The lab is 1.0" in told.stderr
    assert "Traceback" not in told.stderr
    assert_as_before(clone, before)


def test_killed_in_the_middle_it_is_taken_back_and_tried_again(clone: Clone) -> None:
    before = clone.head()
    settle = (ROOT / "launcher" / "settle.py").read_text()
    slow = settle.replace("    _decide()\n", '    (data / "reached").touch()\n    time.sleep(600)\n')
    clone.publish("2.0", **{"launcher/settle.py": slow, NEXT: GOOD, "requirements.txt": "tinypin==2.0\n"})
    process = subprocess.Popen([str(clone.root / "lab"), "update"], env=clone.env, stdin=subprocess.DEVNULL)
    wait_for(clone.data / "reached")
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    assert schema(clone) == SCHEMA + 1
    told = clone.lab("update", "--back")
    assert "Another ./lab update is running" in told.stderr, "the step that outlived its parent is waited for"
    os.kill(int(child), signal.SIGKILL)
    assert "interrupted" in clone.lab("doctor").stderr
    (clone.data / "reached").unlink()
    time.sleep(0.2)

    again = clone.lab("update", "--back")
    assert again.returncode == 0, again.stderr
    assert_as_before(clone, before)

    after = clone.publish("3.0", **{"launcher/settle.py": settle})
    told = clone.lab("update")
    assert told.returncode == 0, told.stderr
    assert (clone.head(), clone.pin(), schema(clone), outputs(clone)) == (after, "2.0", SCHEMA + 1, 21)


@pytest.mark.parametrize("instant", ["files", "packages"])
def test_killed_at_a_bad_instant(clone: Clone, instant: str) -> None:
    """What a kill leaves between two renames, or when git was killed while it wrote files."""
    before = clone.head()
    after = clone.publish("2.0")
    note = Journal(before, after, "1.0", "2.0", str(clone.data), None, {}, {}, kept_venv=instant == "packages")
    write(clone.root, note)
    if instant == "files":
        git(clone.root, "fetch", "-q", "origin")
        git(clone.root, "checkout", "-q", after, "--", ".")  # the files are new, the commit is still the old one
        (clone.root / ".git" / "index.lock").touch()
    else:
        shutil.copytree(clone.root / ".venv", clone.root / ".venv-before", symlinks=True)
        (clone.root / ".venv").rename(clone.root / ".venv-failed")
    assert "interrupted" in clone.lab("doctor").stderr
    told = clone.lab("update", "--back")
    assert told.returncode == 0, told.stderr
    assert_as_before(clone, before)
    assert (clone.root / ".lab-update.patch").exists() is (instant == "files")
    assert not (clone.root / ".venv-failed").exists()


def test_what_cannot_end_well_is_refused_untouched(clone: Clone, tmp_path: Path) -> None:
    before = clone.head()
    clone.publish("2.0")
    (clone.root / "web.py").write_text("mine\n")
    told = clone.lab("update")
    assert (told.returncode, "changed here: web.py" in told.stderr) == (1, True)
    git(clone.root, "checkout", "--", "web.py")

    git(clone.root, "commit", "-q", "--allow-empty", "-m", "mine")
    assert "1 commit of its own" in clone.lab("update").stderr
    git(clone.root, "reset", "-q", "--hard", before)

    git(clone.root, "remote", "set-url", "origin", str(tmp_path / "gone"))
    assert "could not be fetched" in clone.lab("update").stderr
    git(clone.root, "checkout", "-q", "--detach")
    assert "follows no branch" in clone.lab("update").stderr
    shutil.rmtree(clone.root / ".git")
    told = clone.lab("update")
    assert (told.returncode, "unpacked from an archive" in told.stderr) == (1, True)
    assert not list(clone.root.glob(".lab-update*.json"))


def test_an_unknown_file_in_the_way_stays_as_it_is(clone: Clone) -> None:
    before = clone.head()
    clone.publish("2.0", **{"docs/notes.md": "theirs\n"})
    (clone.root / "docs").mkdir()
    (clone.root / "docs" / "notes.md").write_text("mine\n")
    told = clone.lab("update")
    assert (told.returncode, "would be overwritten" in told.stderr) == (1, True), told.stderr
    assert (clone.root / "docs" / "notes.md").read_text() == "mine\n"
    assert clone.head() == before


def test_who_is_running_is_named_and_stopped_only_when_told(clone: Clone) -> None:
    before = clone.head()
    clone.publish("2.0")
    loop = subprocess.Popen(
        [sys.executable, "-m", "launcher", "loop", "a", "--model", "scripted:", "--pace", "0.2"],
        cwd=ROOT, env={**clone.env, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    lock = clone.data / "loop_a.lock"
    wait_for(lock, lambda: lock.read_text())
    told = clone.lab("update")
    assert told.returncode == 1
    assert f"loop_a (process {loop.pid})" in told.stderr
    assert loop.poll() is None
    told = clone.lab("update", "--yes")
    assert told.returncode == 0, told.stderr
    assert loop.wait(5) in (0, 130, -signal.SIGTERM)
    assert "Stopped: loop_a" in told.stderr
    # Without new schemas, going back keeps what was made since.
    made = outputs(clone)
    connection = open_rw("memory", clone.data)
    write_cycle(connection, LOOPS["loop_a"], 99)
    connection.close()
    told = clone.lab("update", "--back")
    assert told.returncode == 0, told.stderr
    assert (clone.head(), outputs(clone)) == (before, made + 21)


def test_an_open_page_is_named_and_left_to_its_owner(clone: Clone) -> None:
    clone.publish("2.0")
    port = int(re.findall(r'"web": (\d+)', (clone.root / "nma13" / "config.py").read_text())[0])

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"app": "web", "lab": "1.0"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", port), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        told = clone.lab("update", "--yes")
        server.shutdown()
    assert told.returncode == 1
    assert f"Stop web (port {port}) first" in told.stderr


def test_a_disk_too_full_for_the_backup_stops_it_before_anything_changes(clone: Clone) -> None:
    """A real file system of two megabytes with nothing left on it."""
    before = clone.head()
    clone.publish("2.0")
    inside = (
        f"mount -t tmpfs -o size=2m none {clone.data}.small && cp -r {clone.data}/. {clone.data}.small && "
        f"(dd if=/dev/zero of={clone.data}.small/ballast bs=4k 2>/dev/null; NMA_DATA={clone.data}.small "
        f"{clone.root}/lab update; echo status $?)"
    )
    Path(f"{clone.data}.small").mkdir()
    told = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", inside], env=clone.env, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    if "status" not in told.stdout:
        pytest.skip(f"this machine gives no small disk: {told.stderr.strip()}")
    assert "status 1" in told.stdout
    assert "Make room" in told.stderr
    assert_as_before(clone, before)


def wait_for(path: Path, ready=lambda: True, seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not (path.exists() and ready()):
        assert time.monotonic() < give_up, f"{path} never came"
        time.sleep(0.05)
