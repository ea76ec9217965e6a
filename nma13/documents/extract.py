"""A file's passages, taken out in a child process: what the file does to its reader, it does there.

The file is copied first, into a file without a name: nobody can change it while it is read, the child learns no
path, and whatever is killed, nothing is left lying about.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from nma13.config import ROOT, ensure_data_dir
from nma13.documents.blocks import Passage
from nma13.documents.limits import MEGABYTE, STANDARD, STORED_NOTHING, DocumentError, Limits

PIECE = 1 << 20
LOOK_EVERY_S = 0.2


class Stop(Protocol):
    """Something that can ask for an end: threading.Event, the model seam's Cancel."""

    def is_set(self) -> bool: ...


class Never:
    def is_set(self) -> bool:
        return False


NEVER = Never()


class Stopped(DocumentError):
    """The person stopped it."""

    exit_code = 130


Progress = Callable[[int, int], None]
"""Called with what is done and how much there is (pages or bytes; 0: not known)."""


def untold(done: int, total: int) -> None:
    """Progress that nobody asked for."""
    del done, total


@dataclass(frozen=True, slots=True)
class Extracted:
    """A file that was read to its end. The passages are drawn from disk one by one."""

    name: str
    kind: str
    content_hash: str
    bytes: int
    pages: int | None
    characters: int
    count: int
    notes: tuple[str, ...]
    stopped: bool
    """Whether only the beginning was read, as asked for."""
    spool: BinaryIO

    def passages(self) -> Iterator[Passage]:
        self.spool.seek(0)
        for line in self.spool:
            yield Passage(*json.loads(line))


@dataclass(frozen=True, slots=True)
class Copy:
    """The file as it was when it was taken."""

    name: str
    file: BinaryIO
    bytes: int
    content_hash: str


@contextmanager
def taken(path: Path, limits: Limits = STANDARD, name: str = "", folder: Path | None = None) -> Iterator[Copy]:
    """A private copy of the file and its hash. Only real files are taken: no folder, no pipe, no device."""
    name = shown_name(name or path.name)
    with _opened(path, name) as source, tempfile.TemporaryFile(dir=ensure_data_dir(folder)) as copy:
        digest, size = hashlib.sha256(), 0
        while piece := source.read(PIECE):
            size += len(piece)
            if size > limits.bytes:
                raise DocumentError(
                    f"{name} is larger than {limits.bytes / MEGABYTE:,.0f} MB, the most that is taken. "
                    f"{STORED_NOTHING} Split it and add the parts."
                )
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        yield Copy(name, copy, size, digest.hexdigest())


@contextmanager
def extracted(
    copy: Copy,
    limits: Limits = STANDARD,
    progress: Progress = untold,
    stop: Stop = NEVER,
    folder: Path | None = None,
) -> Iterator[Extracted]:
    """The copy's passages; raises DocumentError where the file is not taken."""
    with tempfile.TemporaryFile(dir=ensure_data_dir(folder)) as spool:
        done = _run(copy, spool, limits, progress, stop)
        yield Extracted(
            copy.name, done["kind"], copy.content_hash, copy.bytes, done["pages"], done["characters"],
            done["passages"], tuple(done["notes"]), done["stopped"], spool,
        )  # fmt: skip


def shown_name(name: str) -> str:
    """A file's name as it can be stored and shown: one line, no control characters, not endless."""
    name = os.fsencode(name).decode("utf-8", "replace")
    flat = "".join(c if c.isprintable() else "�" for c in " ".join(name.split())).strip()
    return flat if len(flat) <= 200 else f"{flat[:150]}…{flat[-40:]}"


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise DocumentError(f"{name} cannot be opened ({why}). {STORED_NOTHING}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DocumentError(f"{name} is no file (a folder, a pipe or a device). {STORED_NOTHING}")
    with os.fdopen(handle, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise DocumentError(f"{name} cannot be read or copied ({error.strerror}). {STORED_NOTHING}") from None


def _run(copy: Copy, spool: BinaryIO, limits: Limits, progress: Progress, stop: Stop) -> dict[str, Any]:
    copy.file.seek(0)
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "nma13.documents.child", copy.name, json.dumps(asdict(limits))],
        stdin=copy.file, stdout=spool, stderr=subprocess.PIPE, cwd=ROOT, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        last = _watch(child, copy.name, limits, progress, stop)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        if child.stderr:
            child.stderr.close()
    if "done" in last:
        done: dict[str, Any] = last["done"]
        return done
    if "refused" in last:
        raise DocumentError(f"{copy.name}: {last['refused']} {STORED_NOTHING}")
    if "failed" in last:
        raise DocumentError(
            f"{copy.name} cannot be read ({last['failed']}). {STORED_NOTHING} Save it anew and try again."
        )
    raise DocumentError(f"{copy.name}: {_why_it_ended(child.returncode, limits)} {STORED_NOTHING}")


def _watch(child: subprocess.Popen[bytes], name: str, limits: Limits, progress: Progress, stop: Stop) -> dict[str, Any]:
    """The child's last word; progress on the way. Too slow, too silent or stopped: it is ended."""
    pipe: IO[bytes] | None = child.stderr
    assert pipe is not None
    began = heard = time.monotonic()
    held = b""
    last: dict[str, Any] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if stop.is_set():
                raise Stopped(f"Stopped while {name} was being read. {STORED_NOTHING}")
            now = time.monotonic()
            if now - heard > limits.silence or now - began > limits.seconds:
                raise DocumentError(
                    f"{name}: reading it took too long ({now - began:.0f} seconds) and was ended. {STORED_NOTHING} "
                    "Split it, or save it anew."
                )
            if not selector.select(LOOK_EVERY_S):
                continue
            piece = os.read(pipe.fileno(), 1 << 16)
            if not piece:
                child.wait()
                return last
            heard = now
            *lines, held = (held + piece).split(b"\n")
            for line in lines:
                last = _heard(line, last)
                if "at" in last:
                    progress(last["at"], last["of"])


def _heard(line: bytes, before: dict[str, Any]) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:  # the interpreter itself complains, e.g. when it cannot even start
        return before or {"failed": line.decode("utf-8", "replace")[:200]}
    return said if isinstance(said, dict) else before


def _why_it_ended(status: int, limits: Limits) -> str:
    if status == -signal.SIGXCPU or status == -signal.SIGKILL:
        return (
            f"Reading it took more than its share (time {limits.seconds} s, memory {limits.memory // MEGABYTE:,} MB)."
        )
    if status == -signal.SIGXFSZ:
        return "Its text is larger than what is taken."
    return f"Its reader broke down (status {status}): the file is damaged, or made to do that."
