"""Documents under measure: pages a minute, memory against pages, and search. `python -m benchmarks.documents`.

`--short` reads 200 and 1,000 pages and searches in 10,000 passages; the full form 200 and 3,000, and 50,000.
Search is timed in processor time: on a machine that does other work the clock would tell of that.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks._measuring import mib
from benchmarks._pdf_writer import write_pdf
from benchmarks.table import Row, run
from nma13.config import ROOT
from nma13.documents import search
from nma13.memory.words import forget_vocabulary
from nma13.store import open_ro, open_rw, transaction

BAR = 200  # pages a minute
FEW = 200
LINES = 40
SYLLABLES = ("ha", "ber", "kee", "li", "tor", "gra", "mo", "sen", "wi", "du", "pal", "ne", "ro", "ti", "sau", "vek")
WORDS = tuple(a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES)
COMMON = tuple(1 / rank for rank in range(1, len(WORDS) + 1))  # as often as words are in a language
READ = """
import json, resource, sys, time
from pathlib import Path
from nma13.documents import add
began = time.perf_counter()
added = add(Path(sys.argv[1]))
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "passages": added.document.passages,
    "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
    "parent": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
}))
"""
ALONE = """
import sys, time
from pypdf import PdfReader
began = time.perf_counter()
text = "".join(page.extract_text() for page in PdfReader(sys.argv[1]).pages)
print(time.perf_counter() - began)
"""


def measure(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*reading(place, 1_000 if short else 3_000), *searching(place / "many", 10_000 if short else 50_000)]


def reading(place: Path, many: int) -> Iterator[Row]:
    """A file is read, cut, and stored with its index; against the PDF library alone on the same pages."""
    few_path, many_path = place / "few.pdf", place / "many.pdf"
    write_pdf(few_path, pages(FEW))
    write_pdf(many_path, pages(many))
    few, large = _read(few_path, place / "few"), _read(many_path, place / "large")
    rate = 60 * many / large["seconds"]
    yield Row("pdf_pages", rate, "pages/min", f"the bar of {BAR}", rate / BAR)
    alone = float(_python(ALONE, str(many_path), place).stdout)
    yield Row("pdf_whole_way", large["seconds"], "s", f"pypdf alone on {many:,} pages", alone / large["seconds"])
    for who in ("child", "parent"):
        peak = mib(large[who])
        against = f"{FEW} pages: equal is the aim (now {many:,})"
        yield Row(f"memory_{who}", peak, "MB", against, few[who] / large[who])


def searching(folder: Path, count: int) -> Iterator[Row]:
    """Passages by their words; against LIKE over all of them."""
    draw = random.Random(7)
    with closing(open_rw("memory", folder)) as connection, transaction(connection):
        connection.execute(
            "INSERT INTO documents (name, kind, content_hash, bytes, characters, created_ms)"
            " VALUES ('a', 'txt', 'a', 1, 1, 1)"
        )
        rows = ((n, 0, 1, f"{' '.join(draw.choices(WORDS, COMMON, k=120))} number{n}.") for n in range(count))
        connection.executemany(
            'INSERT INTO document_chunks (document, position, start, "end", text) VALUES (1, ?, ?, ?, ?)', rows
        )
    forget_vocabulary()
    search("warm up", folder, means="lexical")
    queries = [f"{' '.join(draw.choices(WORDS, COMMON, k=8))} number{draw.randrange(count)}" for _ in range(20)]
    ours = _median_ms(lambda query: search(query, folder, means="lexical"), queries)
    with closing(open_ro("memory", folder)) as connection:
        like = "SELECT id FROM document_chunks WHERE text LIKE '%' || ? || '.%'"
        scan = _median_ms(lambda query: connection.execute(like, (query.split()[-1],)).fetchall(), queries)
    yield Row("search_lexical", ours, "ms", f"LIKE over {count:,} passages", scan / ours)


def pages(count: int) -> Iterator[list[str]]:
    """Pages as a report has them: forty lines of prose each."""
    draw = random.Random(3)
    for _ in range(count):
        yield [" ".join(draw.choices(WORDS, COMMON, k=12)).capitalize() + "." for _ in range(LINES)]


def _read(path: Path, folder: Path) -> dict[str, float]:
    measured: dict[str, float] = json.loads(_python(READ, str(path), folder).stdout)
    return measured


def _python(script: str, argument: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NMA_DATA": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", script, argument],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=1_200,
    )  # fmt: skip


def _median_ms(ask: Callable[[str], object], queries: Sequence[str]) -> float:
    spent = []
    for query in queries:
        began = time.process_time()
        ask(query)
        spent.append(time.process_time() - began)
    return 1000 * statistics.median(spent)


def main(arguments: Sequence[str] | None = None) -> int:
    return run("documents", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
