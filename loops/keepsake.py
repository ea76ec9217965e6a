"""A small record of real cycles, packed to be shipped, and laid out again for whoever opens the demo.

python -m loops.keepsake FOLDER packs the databases of a data folder into data/demo: one file each, without the
loops' leftovers, hashed. A file that tells something of the machine it was made on is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from nma13.config import ROOT, SHIPPED_DATA, ensure_data_dir
from nma13.errors import LabError
from nma13.store import open_ro, open_rw
from nma13.store.catalog import DATABASES, LOOPS, LoopTables

SHIPPED = SHIPPED_DATA / "demo"
SUMS = "SHA256SUMS"
README = "README.md"
MARK = "mark.txt"
"""One line that every page shows above all else; the pages look for it in their data folder."""

HEAD = """\
# A record to look at

What real loops wrote, so that the monitors have something to show before a loop has run here. The table below says
how much of it there is; a loop with no cycles has no record yet, and its monitor shows its empty state.

```
./lab demo            # copies them to the folder demo of your data folder and opens the lab on the copy
./lab demo --fresh    # begins again from the shipped record; the former copy is moved aside
```

**Made by a 135M model.** {models} wrote every word, and a model of that size
repeats itself, loses the thread and is often wrong. The record shows what the machinery stores and how the monitors
show it. It is no evidence about deliberation, and no advice. Nothing was chosen or left out after it was made: flags,
empty turns and unreadable arbitrations stand as they came.

Made on {days}, with `./lab loop a|b|c|d` and no options but the number of cycles, one or two loops at a time,
on two processor cores that did much other work besides. {disturbed}

| loop | cycles | outputs | last round passed Gate 2 | arbitration not readable | model seconds a cycle (median) |
|---|---|---|---|---|---|
"""


FOOT = """\
Its hashes stand in [SHA256SUMS](SHA256SUMS); `sha256sum -c SHA256SUMS` checks them, and `./lab demo` does before it
copies. To pack a record of your own: `python -m loops.keepsake FOLDER`.
"""


def pack(source: Path, target: Path = SHIPPED) -> list[str]:
    """Copy each database of a data folder into `target`, whole and small; returns the lines of the README's table."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nma-") as folder:
        for name, database in DATABASES.items():
            _copy(name, source, Path(folder) / database.file)
            _refuse_traces(Path(folder) / database.file, source)
        for database in DATABASES.values():
            shutil.copyfile(Path(folder) / database.file, target / database.file)
    (target / MARK).write_text(mark(target) + "\n", encoding="utf-8")
    lines = [_row(loop, target) for loop in LOOPS.values()]
    (target / README).write_text(_head(target) + "\n".join(lines) + "\n\n" + FOOT, encoding="utf-8")
    names = [*(database.file for database in DATABASES.values()), MARK]
    (target / SUMS).write_text("".join(f"{_hash(target / name)}  {name}\n" for name in names), encoding="utf-8")
    return lines


def lay_out(folder: Path, shipped: Path = SHIPPED, *, fresh: bool = False) -> Path:
    """The record as a data folder of its own. One that is there is left as it is, or moved aside when asked."""
    sums = _expected(shipped)
    if fresh and folder.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder.rename(folder.with_name(f"{folder.name}-until-{stamp}"))
    if folder.exists() and not (folder / MARK).is_file() and any(folder.iterdir()):
        raise LabError(
            f"{folder} is there and is no copy of the demo. Nothing was changed. Move it elsewhere, then try again."
        )
    ensure_data_dir(folder)
    # The mark goes first: a folder that holds any of the record never stands unmarked.
    for name in sorted(sums, key=lambda name: name != MARK):
        if (folder / name).exists():
            continue
        if _hash(shipped / name) != sums[name]:
            raise LabError(f"{shipped / name} is not the file that was shipped. Fetch the lab again. Nothing was lost.")
        partial = folder / f"{name}.partial"
        shutil.copyfile(shipped / name, partial)
        partial.chmod(0o600)
        partial.rename(folder / name)
    for name in DATABASES:
        open_rw(name, folder).close()  # a record older than the lab is brought up to its schema
    return folder


def mark(folder: Path) -> str:
    """The line above every page."""
    models = ", ".join(sorted(_models(folder)))
    return (
        f"Demo. Every word of the loops here was made by a 135M model ({models}); it is often wrong. "
        "Nothing here is yours, and nothing you do here touches your own data."
    )


def _copy(name: str, source: Path, target: Path) -> None:
    """Consistent though a loop may be writing; of today's schema, without free pages and without a log beside it."""
    if (source / target.name).exists():
        with closing(sqlite3.connect(target)) as copy, closing(open_ro(name, source)) as reader:
            reader.backup(copy)
    open_rw(name, target.parent).close()  # a loop that never ran leaves an empty record
    with closing(sqlite3.connect(target)) as writer:
        writer.execute("DELETE FROM heartbeat")  # nobody is running where the copy is opened
        writer.commit()
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("VACUUM")


def _refuse_traces(file: Path, source: Path) -> None:
    held = file.read_bytes()
    for trace in traces(source):
        if trace.encode() in held:
            raise LabError(f"{file.name} holds {trace!r}, which tells of this machine. Nothing was packed.")


def traces(source: Path) -> Iterable[str]:
    """What would tell where a record was made."""
    source = source.resolve()
    found = {str(ROOT), str(source), str(source.parent), str(Path.home()), socket.gethostname()}
    return sorted(one for one in found if len(one) > 3 and one != "localhost")


def _head(folder: Path) -> str:
    days: set[str] = set()
    events = {"crash": 0, "resume": 0}
    for loop in LOOPS.values():
        with closing(open_ro(loop.database, folder, immutable=True)) as reader:
            days |= {
                row[0] for row in reader.execute("SELECT DISTINCT date(at_ms / 1000, 'unixepoch') FROM process_events")
            }
            for event in events:
                events[event] += reader.execute(
                    "SELECT count(*) FROM process_events WHERE event = ? AND source = ?", (event, loop.source)
                ).fetchone()[0]
    disturbed = (
        f"The loops were killed and stopped while they wrote:\n"
        f"they note kills: {events['crash']}, and going on in mid-cycle: {events['resume']}. A cycle that was\n"
        "interrupted took longer by the clock than in the model."
    )
    return HEAD.format(models=", ".join(sorted(_models(folder))), days=" and ".join(sorted(days)), disturbed=disturbed)


def _row(loop: LoopTables, folder: Path) -> str:
    with closing(open_ro(loop.database, folder, immutable=True)) as reader:
        cycles, passed, unread = reader.execute(
            "SELECT count(*), coalesce(sum(g2_passed), 0), coalesce(sum(bof_status = 'parse_error'), 0)"  # noqa: S608
            f" FROM {loop.cycles} WHERE source = ? AND status = 'done'",
            (loop.source,),
        ).fetchone()
        outputs = reader.execute(
            f"SELECT count(*) FROM {loop.outputs} WHERE source = ?",  # noqa: S608
            (loop.source,),
        ).fetchone()[0]
        seconds = [
            row[0]
            for row in reader.execute(
                f"SELECT model_seconds FROM {loop.cycles} WHERE source = ? AND status = 'done' ORDER BY 1",  # noqa: S608
                (loop.source,),
            )
        ]
    middle = f"{seconds[len(seconds) // 2]:.0f}" if seconds else "–"
    return f"| {loop.source[-1]} | {cycles} | {outputs} | {passed} | {unread} | {middle} |"


def _models(folder: Path) -> set[str]:
    found: set[str] = set()
    for loop in LOOPS.values():
        with closing(open_ro(loop.database, folder, immutable=True)) as reader:
            found |= {row[0] for row in reader.execute(f"SELECT DISTINCT model FROM {loop.cycles}")}  # noqa: S608
    return found


def _expected(shipped: Path) -> dict[str, str]:
    try:
        lines = (shipped / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LabError(f"The demo's record is not in {shipped} ({error.strerror}). Fetch the lab again.") from None
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loops.keepsake", description="Pack a record into data/demo.")
    parser.add_argument("folder", type=Path, help="the data folder that the loops wrote into")
    parser.add_argument("--into", type=Path, default=SHIPPED, metavar="FOLDER", help="default: data/demo")
    chosen = parser.parse_args(arguments)
    print("\n".join(pack(chosen.folder, chosen.into)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
