"""An export holds everything a person made, readably; an archive gives back exactly what it took."""

from __future__ import annotations

import gzip
import json
import stat
import zipfile
from pathlib import Path

import pytest

from nma13.forgetting import DAY_MS, ForgettingError, forget_older_than
from nma13.memory import give_feedback, recall
from nma13.takeout import TakeoutError, archive, export, put_back
from tests.nma13.memory.helpers import NOW, PLAIN, RANK, keep, memory


def test_an_export_holds_every_run_with_feedback_readably(data_folder: Path) -> None:
    with memory() as connection:
        (id_,) = keep(connection, RANK)
        give_feedback(connection, id_, "override", "I know better.", NOW)
    taken = export()
    with zipfile.ZipFile(taken.path) as file:
        assert "one JSON object a line" in file.read("README.txt").decode()
        (run,) = [json.loads(line) for line in file.read("memory/episodic_memory.jsonl").decode().splitlines()]
        (said,) = [json.loads(line) for line in file.read("memory/feedback.jsonl").decode().splitlines()]
        names = file.namelist()
    assert run["input"] == run["state"]["text"] == RANK
    assert (said["verdict"], said["reason"], said["episode"]) == ("override", "I know better.", id_)
    assert not any("embeddings" in name or "_text" in name or "rollup" in name for name in names)
    assert {"memory/documents.jsonl", "memory/inner_house_sessions.jsonl", "memory/semantic_memory.jsonl"} <= set(names)
    assert stat.S_IMODE(taken.path.stat().st_mode) == 0o600
    assert taken.rows["memory/episodic_memory"] == 1


def test_there_must_be_something_to_export(tmp_path: Path) -> None:
    with pytest.raises(TakeoutError, match="nothing"):
        export(folder=tmp_path)


def test_an_export_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with memory() as connection:
        keep(connection, PLAIN)
    (tmp_path / "file").write_text("")
    with pytest.raises(TakeoutError, match="cannot be written"):
        export(tmp_path / "file" / "x.zip")


def test_an_archive_takes_what_is_old_and_gives_it_back_whole() -> None:
    with memory() as connection:
        keep(connection, RANK, PLAIN)
        give_feedback(connection, 1, "agree", "", NOW)
        before = [tuple(row) for row in connection.execute("SELECT * FROM episodic_memory")]
        with connection:
            connection.execute("UPDATE episodic_memory SET created_ms = ? WHERE id = 2", (NOW + 100 * DAY_MS,))
    taken = archive(30, now_ms=NOW + 101 * DAY_MS)
    assert taken is not None
    assert taken.rows == {"episodes": 1}
    with memory() as connection:
        assert [row[0] for row in connection.execute("SELECT id FROM episodic_memory")] == [2]
        assert recall(connection, RANK, means="lexical")[0].id == 2
    assert archive(30, now_ms=NOW + 101 * DAY_MS) is None
    assert put_back(taken.path) == 1
    assert put_back(taken.path) == 0  # what is there stays
    with memory() as connection:
        assert tuple(connection.execute("SELECT * FROM episodic_memory WHERE id = 1").fetchone()) == before[0]
        assert connection.execute("SELECT verdict FROM feedback WHERE episode = 1").fetchone()[0] == "agree"
        assert recall(connection, RANK, means="lexical")[0].id == 1


def test_nothing_is_removed_when_the_archive_does_not_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with memory() as connection:
        keep(connection, RANK)
    monkeypatch.setattr("nma13.takeout._read_archive", lambda _: iter([{"id": 1}]))
    with pytest.raises(TakeoutError, match="does not read back"):
        archive(1, now_ms=NOW + 100 * DAY_MS)
    with memory() as connection:
        assert connection.execute("SELECT count(*) FROM episodic_memory").fetchone()[0] == 1


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(b"no archive")
    with pytest.raises(TakeoutError, match="cannot be read"):
        put_back(tmp_path / "x.gz")


def test_words_that_only_begin_like_json_are_exported_as_words(data_folder: Path) -> None:
    texts = ["[" * 5_000 + " is how it feels.", f"[{'7' * 5_000}] is the number I was given."]
    with memory() as connection:
        for text in texts:
            keep(connection, text)
    with zipfile.ZipFile(export().path) as file:
        runs = [json.loads(line) for line in file.read("memory/episodic_memory.jsonl").decode().splitlines()]
    assert [run["input"] for run in runs] == texts


@pytest.mark.parametrize("days", [-1, float("nan"), 1e12])
def test_no_number_of_days_takes_what_lies_in_the_future_for_old(days: float, data_folder: Path) -> None:
    with memory() as connection:
        keep(connection, PLAIN)
    with pytest.raises(ForgettingError, match="nothing was changed"):
        archive(days)
    with pytest.raises(ForgettingError, match="nothing was changed"):
        forget_older_than(days)
    with memory() as connection:
        assert connection.execute("SELECT count(*) FROM episodic_memory").fetchone()[0] == 1


def test_an_archive_somebody_has_edited_is_refused_whole(tmp_path: Path) -> None:
    file = tmp_path / "edited.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.write(json.dumps({"format": "nma-archive/1"}) + "\n" + json.dumps({"id": 1}) + "\n")
    with pytest.raises(TakeoutError, match="cannot be read as an archive"):
        put_back(file)
