"""Stored whole or not at all: the same file once, two at a time, killed in the middle, taken out again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from nma13 import documents
from nma13.config import ROOT
from nma13.documents import DocumentError, Stopped, add, add_all, candidates, find, remove, summary_of
from nma13.store import open_ro
from tests.nma13.documents import files

TABLES = ("documents", "document_chunks", "embeddings")


def count(table: str) -> int:
    with closing(open_ro("memory")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def indexed(word: str) -> int:
    found = "SELECT count(*) FROM document_chunks_text WHERE document_chunks_text MATCH ?"
    with closing(open_ro("memory")) as connection:
        return int(connection.execute(found, (word,)).fetchone()[0])


def test_the_same_content_is_stored_once_whatever_it_is_called(tmp_path: Path) -> None:
    first = add(files.text(tmp_path / "a.txt"))
    again = add(files.text(tmp_path / "b.md"))
    assert (first.new, again.new) == (True, False)
    assert again.document == first.document
    assert count("documents") == 1


def test_two_at_once_store_it_once(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "lease.pdf", [[files.KEEPER] * 40] * 40)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: add(path), range(4)))
    assert sorted(one.new for one in outcomes) == [False, False, False, True]
    assert len({one.document.id for one in outcomes}) == 1
    assert count("document_chunks") == outcomes[0].document.passages


def test_what_is_taken_out_is_gone_from_the_index_too(tmp_path: Path) -> None:
    stored = add(files.text(tmp_path / "a.txt")).document
    kept = add(files.text(tmp_path / "b.txt", "The lighthouse stays.")).document
    documents.learn_meanings()
    assert indexed("lighthouse") == 2
    assert count("embeddings") == 2
    assert remove(f"#{stored.id}") == stored
    assert [one.id for one in documents.documents()] == [kept.id]
    assert indexed("lighthouse") == 1
    assert count("embeddings") == 1
    assert documents.search("harbour master fee") == []


def test_a_name_that_two_have_is_asked_for_by_number(tmp_path: Path) -> None:
    first = add(files.text(tmp_path / "a.txt", "One."), name="notes.txt").document
    add(files.text(tmp_path / "a.txt", "Two."), name="notes.txt")
    with pytest.raises(DocumentError, match=r"«notes\.txt» may mean several documents: #2 .*, #1 .*Say the number"):
        remove("notes.txt")
    assert find(str(first.id)) == first
    with pytest.raises(DocumentError, match="There is no document «nothing»"):
        find("nothing")


def test_the_text_comes_back_without_what_passages_repeat(tmp_path: Path) -> None:
    words = " ".join(f"Sentence number {i} stands here." for i in range(200))
    stored = add(files.text(tmp_path / "a.txt", words)).document
    pieces = [text.strip() for _, text in documents.text_of(stored.id)]
    assert len(pieces) > 4
    assert " ".join(pieces) == words


def test_a_folder_is_taken_in_file_by_file_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    (folder / "deep").mkdir(parents=True)
    files.text(folder / "a.txt")
    files.text(folder / "deep" / "b.md", "The fee is due.")
    files.encrypted_pdf(folder / "locked.pdf")
    files.text(folder / ".hidden.txt", "Hidden.")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "loop").symlink_to(folder)
    (folder / "secret.txt").symlink_to("/etc/hostname")
    chosen = candidates([folder])
    seen: list[tuple[int, int]] = []
    outcomes = list(add_all(chosen, progress=lambda done, total: seen.append((done, total))))
    assert {one.name for one in outcomes if one.added} == {"a.txt", "deep/b.md"}
    assert [one.name for one in outcomes if one.refused] == ["locked.pdf"]
    passed = {one.name: one.passed_over for one in outcomes if one.passed_over}
    assert set(passed) == {"loop", "secret.txt", "picture.png"}
    assert "links in a folder are not followed" in passed["loop"]
    assert summary_of(outcomes, len(chosen)) == "2 stored, 1 refused, 3 passed over."
    assert count("documents") == 2


def test_a_stop_keeps_what_is_whole(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    for number in range(3):
        files.text(tmp_path / "given" / f"{number}.txt", f"Text {number}.")
    stop = threading.Event()
    outcomes = []
    chosen = candidates([tmp_path / "given"])
    for outcome in add_all(chosen, stop=stop):
        outcomes.append(outcome)
        stop.set()
    assert summary_of(outcomes, len(chosen)) == "1 stored, 2 not reached."
    assert count("documents") == 1


def test_a_stop_in_the_middle_of_a_file_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "long.pdf", [[files.KEEPER] * 40] * 600)
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if done and total:
            stop.set()

    with pytest.raises(Stopped, match=r"Stopped while long\.pdf was being read"):
        add(path, progress=progress, stop=stop)
    assert documents.documents() == []


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.2, 0.5, 0.9, 1.2])
def test_killed_at_any_instant_it_is_there_whole_or_not_at_all(tmp_path: Path, after: float) -> None:
    path = files.pdf(tmp_path / "long.pdf", [[files.KEEPER] * 40] * 150)
    script = "import sys; from pathlib import Path; from nma13.documents import add; add(Path(sys.argv[1]))"
    child = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT, start_new_session=True)
    time.sleep(after)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    added = add(path)
    assert count("documents") == 1
    assert count("document_chunks") == added.document.passages
    assert added.document.pages == 150
    left = {file.name for file in Path(os.environ["NMA_DATA"]).iterdir()}
    assert all(name.startswith(("memory.db", "schema")) for name in left)
    with closing(open_ro("memory")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
