"""Memory under measure: recall's speed and its aim, a crowd of writers, kills. `python -m benchmarks.memory`.

`--short` recalls over 5,000 episodes, lets the crowd write for 4 s and kills 15 times; the full form takes 100,000
episodes, 60 s and 200 kills. `--part quality|speed|crowd|kills` measures one of them alone. Which texts are found is
judged by the hand-written set in data/recall, on its test part.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._measuring import beside
from benchmarks._recall_set import Query, episodes, judge, queries, store, tfidf_from_scratch
from benchmarks.table import Row, machine, output, output_options
from nma13 import encoder
from nma13.clock import now_ms
from nma13.kit import default_kit
from nma13.memory import embed_missing, recall
from nma13.memory.vectors import cosines, nearest
from nma13.navigation_loop import Asked, LoopState, Sensed, Turn, interpret, last_cycle, reflect, update
from nma13.store import LOOPS, open_ro, open_rw, transaction
from nma13.store.units import CycleStart, StationOutput, begin_cycle, missing_outputs, write_output

LEXICAL_MS, FUSED_MS = 20.0, 50.0
ONE_AFTER_ANOTHER = 4  # from-scratch searches; each reads every row
RUN = "I want to paint the fence this weekend. I will begin at the gate."
PARTS = ("quality", "speed", "crowd", "kills")


def measure(short: bool, parts: Sequence[str] = PARTS) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ways: dict[str, Callable[[], Iterator[Row]]] = {
            "quality": lambda: quality(place / "quality"),
            "speed": lambda: speed(place / "speed", 5_000 if short else 100_000),
            "crowd": lambda: crowd(place / "crowd", 4 if short else 60),
            "kills": lambda: kills(place / "kills", 15 if short else 200),
        }
        return [row for part in parts for row in ways[part]()]


# — what is found —


def quality(folder: Path) -> Iterator[Row]:
    """The same queries to three ways of finding, over the same episodes."""
    texts = episodes()
    with closing(open_rw("memory", folder)) as connection:
        store(connection, texts.values())
        while embed_missing(connection):
            pass
        ways: dict[str, Callable[[str], list[int]]] = {
            "TF-IDF from scratch": partial(tfidf_from_scratch, connection),
            "words": lambda query: [hit.id for hit in recall(connection, query, means="lexical")],
            "words and meaning": lambda query: [hit.id for hit in recall(connection, query, means="fused")],
        }
        asked = queries("test")
        yield from _kinds(ways, asked, list(texts))
        unanswerable = [query for query in asked if not query.relevant]
        for name, find in ways.items():
            found = sum(bool(find(query.text)) for query in unanswerable)
            yield Row(f"found something where nothing is: {name}", found, f"of {len(unanswerable)} queries")


def _kinds(ways: dict[str, Callable[[str], list[int]]], asked: Sequence[Query], names: Sequence[str]) -> Iterator[Row]:
    for kind in ("paraphrase", "words"):
        chosen = [query for query in asked if query.kind == kind]
        scratch = judge(ways["TF-IDF from scratch"], chosen, names)
        for way, find in ways.items():
            score = scratch if find is ways["TF-IDF from scratch"] else judge(find, chosen, names)
            against = "" if score is scratch else "TF-IDF from scratch"
            unit = f"of {score.queries} queries"
            yield Row(f"{kind}: recall@5, {way}", score.recall_at_5, unit, against,
                      score.recall_at_5 / scratch.recall_at_5 if against else None)  # fmt: skip
            yield Row(f"{kind}: MRR, {way}", score.mrr, unit, against, score.mrr / scratch.mrr if against else None)


# — how fast —


def speed(folder: Path, many: int) -> Iterator[Row]:
    """Recall over years of episodes. The first call of a process, which reads vocabulary and signs, stands apart."""
    asked = [query.text for query in queries("test")]
    unit = f"ms, {many:,} episodes"
    with closing(open_rw("memory", folder)) as connection:
        _grow(connection, many)
        encoder.encode(["warm"])  # loading the weights is measured by benchmarks.encoder
        lexical = partial(recall, connection, means="lexical")
        fused = partial(recall, connection, means="fused")
        begun = time.perf_counter()
        fused(asked[0])
        yield Row("first recall of a process", 1000 * (time.perf_counter() - begun), unit)
        scratch = _median_ms(partial(tfidf_from_scratch, connection), asked[:ONE_AFTER_ANOTHER])
        yield Row("TF-IDF from scratch over all rows, median", scratch, unit)
        for name, find, aim in (("words", lexical, LEXICAL_MS), ("words and meaning", fused, FUSED_MS)):
            spent = _times_ms(find, asked)
            median = statistics.median(spent)
            yield Row(
                f"recall by {name}, median", median, f"{unit}; aim {aim:g}", "TF-IDF from scratch", scratch / median
            )
            yield Row(f"recall by {name}, slowest of {len(spent)}", max(spent), unit)
        yield _nearest_share(connection, asked[:20])


def _nearest_share(connection: sqlite3.Connection, asked: Sequence[str]) -> Row:
    """Of the ten truly nearest vectors, how many the search by signs brings up."""
    every = [row[0] for row in connection.execute("SELECT id FROM episodic_memory")]
    kept = 0
    for vector in encoder.encode(list(asked)):
        truly: dict[int, float] = {}
        for first in range(0, len(every), 10_000):
            truly |= cosines(connection, "episode", vector, every[first : first + 10_000])
        ten = set(sorted(truly, key=lambda id_: -truly[id_])[:10])
        kept += len(ten & set(nearest(connection, "episode", vector)))
    return Row("of the ten nearest in meaning, brought up by signs", kept / (10 * len(asked)), "share, all compared")


def _grow(connection: sqlite3.Connection, many: int) -> None:
    """Texts of three sentences each from the recall set with two names nobody else has; their vectors are the
    sentences' mean with noise, because encoding 100,000 texts takes longer than the whole benchmark."""
    connection.execute("PRAGMA synchronous = OFF")
    chance, noise = random.Random(24), np.random.default_rng(24)
    sentences = sorted({part.strip() for text in episodes().values() for part in text.split(". ") if part.strip()})
    known = encoder.encode(sentences)
    for first in range(0, many, 5_000):
        chosen = [[chance.randrange(len(sentences)) for _ in range(3)] for _ in range(min(5_000, many - first))]
        store(connection, (_text(sentences, three, chance) for three in chosen))
        blurred = known[np.asarray(chosen)].mean(axis=1) + noise.normal(0, 0.02, (len(chosen), encoder.DIMENSIONS))
        blurred /= np.linalg.norm(blurred, axis=1, keepdims=True)
        with transaction(connection):
            connection.executemany(
                "INSERT INTO embeddings (owner, owner_id, encoder, vector) VALUES ('episode', ?, ?, ?)",
                [(first + n, encoder.fingerprint(), one.astype("<f4").tobytes()) for n, one in enumerate(blurred, 1)],
            )


def _text(sentences: Sequence[str], chosen: Sequence[int], chance: random.Random) -> str:
    names = " ".join("".join(chance.choices(SYLLABLES, k=3)).capitalize() for _ in range(2))
    return f"{'. '.join(sentences[n].rstrip('.') for n in chosen)}. {names}."


SYLLABLES = ("ba", "do", "ke", "li", "mo", "na", "pe", "ri", "so", "tu", "va", "wen", "zor", "sha", "tik", "lum")


def _median_ms(find: Callable[[str], object], asked: Sequence[str]) -> float:
    return statistics.median(_times_ms(find, asked))


def _times_ms(find: Callable[[str], object], asked: Sequence[str]) -> list[float]:
    spent = []
    for query in asked:
        begun = time.perf_counter()
        find(query)
        spent.append(1000 * (time.perf_counter() - begun))
    return spent


# — two loops and a page —


def crowd(folder: Path, seconds: float) -> Iterator[Row]:
    """Two loops store outputs, a page stores runs (and learns from every fifth), all in memory.db at full speed."""
    open_rw("memory", folder).close()
    writers = [
        beside("memory", "loop", folder, "loop_a", str(seconds)),
        beside("memory", "loop", folder, "loop_d", str(seconds)),
        beside("memory", "page", folder, str(seconds)),
    ]
    ends = [writer.communicate(timeout=seconds + 120)[0].split() for writer in writers]
    failed = sum(writer.returncode != 0 for writer in writers)
    said = sum(int(out[0]) for out in ends if out)
    slowest = max(float(out[1]) for out in ends if out)
    with closing(open_ro("memory", folder)) as reader:
        outputs = reader.execute("SELECT count(*) FROM autonomous_loop").fetchone()[0]
        runs = reader.execute("SELECT count(*) FROM episodic_memory").fetchone()[0]
        sound = reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    of = f"two loops and a page, {seconds:.0f} s"
    yield Row("crowd: outputs stored", outputs, of)
    yield Row("crowd: runs stored", runs, of)
    yield Row("crowd: writers that failed", failed, "locked or otherwise; none is the aim")
    yield Row("crowd: units said to be stored and not there", abs(said - outputs - runs), "none is the aim")
    yield Row("crowd: longest that one unit waited", slowest, "ms; a writer gives up after 15,000")
    yield Row("crowd: integrity_check ok", float(sound), "1 = yes")


def _write_as_loop(folder: Path, source: str, seconds: float) -> None:
    """Both loops that write memory.db use the same two tables; loop D's rows arrive there as a replay of its own."""
    loop, end = replace(LOOPS["loop_a"], source=source), time.monotonic() + seconds
    spent = [0.0]
    with closing(open_rw("memory", folder)) as connection:
        for cycle in count(1):
            begin_cycle(connection, loop, CycleStart(cycle, "CC-01", "Constraint Collision", cycle, "scripted", 0))
            for round_, station in missing_outputs(connection, loop, cycle):
                if time.monotonic() > end:
                    print(len(spent) - 1, 1000 * max(spent))
                    return
                said = StationOutput(cycle, round_, station, f"{station} in {round_}", 1, "scripted", "sequential", 0)
                begun = time.perf_counter()
                write_output(connection, loop, said)
                spent.append(time.perf_counter() - begun)


def _write_as_page(folder: Path, seconds: float) -> None:
    end, spent = time.monotonic() + seconds, []
    begun = time.perf_counter()
    for turn in _turns(folder):
        spent.append(time.perf_counter() - begun)
        if turn.episode is None:
            raise SystemExit(f"A run was not stored: {[notice.text for notice in turn.state.notices]}")
        if time.monotonic() > end:
            break
        begun = time.perf_counter()
    print(len(spent), 1000 * max(spent))


# — kill -9 —


def kills(folder: Path, times: int) -> Iterator[Row]:
    """A page killed at random instants while it stores runs: each run it reported is there once, with all its parts."""
    chance = random.Random(9)
    said: set[int] = set()
    repeated = 0
    for _ in range(times):
        ids = _killed(folder, chance.uniform(0, 0.08))
        repeated += len(said & ids)
        said |= ids
    with closing(open_ro("memory", folder)) as reader:
        there = {row[0] for row in reader.execute("SELECT id FROM episodic_memory")}
        halves = reader.execute(
            "SELECT count(*) FROM episodic_memory e WHERE state IS NULL OR NOT EXISTS (SELECT 1 FROM embeddings v"
            " WHERE v.owner = 'episode' AND v.owner_id = e.id) OR NOT EXISTS (SELECT 1 FROM"
            " episodic_memory_text_docsize d WHERE d.id = e.id)"
        ).fetchone()[0]
        cycles = last_cycle(reader)
        sound = reader.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    of = f"{times} kills, {len(there)} runs"
    yield Row("kill -9: runs lost", len(said - there), of)
    yield Row("kill -9: runs twice", repeated, of)
    yield Row("kill -9: runs half there", halves, of)
    yield Row("kill -9: cycles the loop counts beside its runs", abs(cycles - len(there)), of)
    yield Row("kill -9: integrity_check ok", float(sound), "1 = yes")


def _killed(folder: Path, seconds: float) -> set[int]:
    writer = beside("memory", "write-on", folder)
    assert writer.stdout is not None
    first = writer.stdout.readline()
    if not first:
        raise SystemExit("A writer ended before it was killed; what it said stands above.")
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    lines = [first, *writer.communicate(timeout=60)[0].splitlines(keepends=True)]
    return {int(line) for line in lines if line.endswith("\n")}


def _write_on(folder: Path) -> None:
    for turn in _turns(folder):
        print(turn.episode, flush=True)


def _turns(folder: Path) -> Iterator[Turn]:
    """Runs stored as the navigation loop stores them, one after another; deciding is not what is measured here."""
    asked, kit = Asked(session="benchmark"), default_kit(None)
    vector: NDArray[np.float32] = np.full(encoder.DIMENSIONS, encoder.DIMENSIONS**-0.5, dtype=np.float32)
    loop = LoopState("benchmark")
    state = interpret(RUN, Sensed(loop, asked.context), kit)
    verdict = reflect(state)
    while True:
        turn = update(state, Sensed(loop, asked.context, vector=vector), asked, verdict, folder, now_ms())
        loop = turn.loop
        yield turn


def main(arguments: Sequence[str] | None = None) -> int:
    match list(sys.argv[1:] if arguments is None else arguments):
        case ["loop", folder, source, seconds]:
            _write_as_loop(Path(folder), source, float(seconds))
        case ["page", folder, seconds]:
            _write_as_page(Path(folder), float(seconds))
        case ["write-on", folder]:
            _write_on(Path(folder))
        case rest:
            parser = argparse.ArgumentParser(prog="python -m benchmarks.memory")
            output_options(parser)
            parser.add_argument("--part", choices=PARTS, help="this part only")
            given = parser.parse_args(rest)
            name, where = f"memory_{given.part}" if given.part else "memory", machine()
            output(name, where, measure(given.short, [given.part] if given.part else PARTS), given)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
