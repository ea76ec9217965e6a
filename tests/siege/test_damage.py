"""Databases cut short or written over by chance: whoever opens them says so, or reads what is whole."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from loops.registry import PROGRAMMES
from loops.status import read_status
from nma13.config import ROOT
from nma13.errors import LabError
from nma13.store import DATABASES, LOOPS, database_path, open_ro, open_rw
from nma13.store.backup import backup
from nma13.store.doctor import diagnose
from nma13.store.errors import explain
from tests.nma13.store.helpers import write_cycle

pytestmark = pytest.mark.slow
ROUNDS = 40


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for loop in LOOPS.values():
        connection = open_rw(loop.database, folder)
        for cycle in range(1, 4):
            write_cycle(connection, loop, cycle, can_resolved=True if loop.asks_can else None)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return folder


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 20, 400))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def blot(data: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(data)), chance.choice((100, 4096, 40_000))
    return data[:at] + chance.randbytes(min(size, len(data) - at)) + data[at + size :]


def shuffle(data: bytes, chance: random.Random) -> bytes:
    pages = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    one, other = chance.randrange(len(pages)), chance.randrange(len(pages))
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def open_and_count(name: str, folder: Path) -> None:
    reader = open_ro(name, folder)
    try:
        reader.execute("SELECT count(*) FROM knowledge_ledger").fetchone()
    except sqlite3.Error as error:
        raise explain(error, database_path(name, folder)) from error
    finally:
        reader.close()


def statuses(_: str, folder: Path) -> None:
    for programme in PROGRAMMES.values():
        read_status(programme, folder, 900.0)


def copy(_: str, folder: Path) -> None:
    backup(folder / "copies", folder)


@pytest.mark.parametrize("harm", [cut, flip, blot, shuffle], ids=lambda harm: harm.__name__)
def test_chance_damage_is_told_and_never_a_traceback(
    whole: Path, tmp_path: Path, harm: Callable[[bytes, random.Random], bytes]
) -> None:
    chance = random.Random(f"{harm.__name__} 1")
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        name = chance.choice(sorted(DATABASES))
        path = database_path(name, folder)
        path.write_bytes(harm(path.read_bytes(), chance))
        before = path.read_bytes()
        report = diagnose(folder, thorough=True)  # never raises
        for look in (open_and_count, statuses, copy):
            with suppress(LabError):  # any other exception is what this looks for
                look(name, folder)
        if any(finding.where == path.name and finding.severity == "error" for finding in report.findings):
            assert path.read_bytes() == before, "what is damaged is left as it is"
        for made in (folder / "copies").glob("nma-backup-*"):
            verdict = sqlite3.connect(made / path.name).execute("PRAGMA integrity_check").fetchone()[0]
            assert verdict == "ok", "a backup that counts is whole"
        shutil.rmtree(folder)


def test_a_value_that_breaks_a_tables_own_rule_is_seen(whole: Path, tmp_path: Path) -> None:
    """Every page is sound, one value is not."""
    shutil.copytree(whole, tmp_path / "data")
    connection = open_rw("memory", tmp_path / "data")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("UPDATE autonomous_loop SET confab = 7 WHERE id = 1")
    connection.close()
    report = diagnose(tmp_path / "data", thorough=True)
    assert any("CHECK" in finding.what for finding in report.findings)
    with pytest.raises(LabError, match="CHECK"):
        backup(tmp_path / "copies", tmp_path / "data")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 5000], ids=["empty", "ruined"])
@pytest.mark.parametrize(
    "words",
    [
        ("navigate", "--no-model", "Shall I go?"),
        ("recall", "go"),
        ("patterns",),
        ("doctor",),
        ("loop", "status"),
        ("export", "out.zip"),
        ("documents", "list"),
    ],
    ids=lambda words: words[0],
)
def test_every_word_meets_a_ruined_file_in_words(tmp_path: Path, words: tuple[str, ...], content: bytes) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "memory.db").write_bytes(content)
    said = subprocess.run(
        [sys.executable, "-P", "-m", "launcher", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "NMA_DATA": str(data), "HOME": "/none"},
    )  # fmt: skip
    assert "Traceback" not in said.stderr, said.stderr[-2000:]
    assert said.returncode in (0, 1), said.stderr
    if content:
        assert "memory.db" in said.stdout + said.stderr
        assert (data / "memory.db").read_bytes() == content
