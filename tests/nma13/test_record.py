"""Decision records: chained, portable, replayed byte for byte, and silent where the person wants silence."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nma13.cli.record import main as record
from nma13.config import ROOT
from nma13.kit import default_kit
from nma13.pipeline import run
from nma13.record import RecordError, append_to_file, read_file, replay, verify_file

TEXT = "The operation on my hand may end my playing for good, dear Marguerite."


def test_a_record_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    for text in (TEXT, "The bakery opens at seven."):
        append_to_file(file, run(text), keep_input=True)
    assert verify_file(file) == []
    assert all(result.identical for result in replay(read_file(file), default_kit()))


def test_a_record_without_the_input_holds_no_word_of_it(tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    append_to_file(file, run(TEXT), keep_input=False)
    assert "Marguerite" not in file.read_text()
    assert "playing" not in file.read_text()
    unheard = next(replay(read_file(file), default_kit()))
    assert not unheard.identical
    assert unheard.differences == ()


def test_a_record_without_its_input_is_not_said_to_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "decisions.jsonl"
    append_to_file(file, run(TEXT), keep_input=False)
    append_to_file(file, run(TEXT), keep_input=True)
    assert record(["replay", str(file)]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "record 1: not run again, since its input was not kept (--keep-input)",
        "record 2: identical",
    ]


@pytest.mark.parametrize("how", ["altered", "removed", "reordered"])
def test_tampering_shows_and_nothing_is_added_behind_it(tmp_path: Path, how: str) -> None:
    file = tmp_path / "decisions.jsonl"
    for _ in range(3):
        append_to_file(file, run(TEXT), keep_input=True)
    lines = file.read_text().splitlines()
    if how == "altered":
        row = json.loads(lines[1])
        row["body"]["summary"]["trust"] = "PROCEED"
        lines[1] = json.dumps(row)
    else:
        lines = [lines[0], lines[2]] if how == "removed" else [lines[1], lines[0], lines[2]]
    file.write_text("\n".join(lines) + "\n")
    assert verify_file(file)
    with pytest.raises(RecordError, match="not intact"):
        append_to_file(file, run(TEXT), keep_input=True)


def test_another_overlay_is_named_as_the_cause(tmp_path: Path, data_folder: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    append_to_file(file, run(TEXT), keep_input=True)
    rule = next(f.rule for f in run(TEXT).findings if f.sets == "I=HIGH")
    data_folder.mkdir(parents=True, exist_ok=True)
    (data_folder / "overlay.toml").write_text(f'off = ["{rule}"]\n')
    result = next(replay(read_file(file), default_kit()))
    assert not result.identical
    assert any(rule in cause for cause in result.causes)


def test_a_file_that_is_no_record_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("hello\n")
    with pytest.raises(RecordError, match="line 1: this is not a decision record"):
        verify_file(tmp_path / "x.jsonl")


def test_a_record_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="it was not recorded"):
        append_to_file(tmp_path / "nowhere" / "r.jsonl", run("I want to paint the fence."), keep_input=False)


def test_a_record_is_its_owners_alone(tmp_path: Path) -> None:
    append_to_file(tmp_path / "r.jsonl", run("I want to paint the fence."), keep_input=False)
    assert stat.S_IMODE((tmp_path / "r.jsonl").stat().st_mode) == 0o600


APPEND = """
import os, resource, signal, sys
from pathlib import Path
from nma13.config import ROOT
from nma13.kit import default_kit
from nma13.pipeline import run
from nma13.record import append_to_file
path, times, room = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
state = run("Should I sell the house?", kit=default_kit())
if room:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, -1))
path.with_suffix(f".{os.getpid()}").touch()
while not path.with_suffix(".go").exists():
    pass
for _ in range(times):
    append_to_file(path, state, keep_input=True)
"""


def appending(path: Path, times: int, room: int = 0) -> subprocess.Popen[str]:
    """A process of its own that adds records; `room`: so many bytes fit behind what is there."""
    words = [sys.executable, "-c", APPEND, str(path), str(times), str(room)]
    return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_two_processes_at_once_keep_one_chain(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    both = [appending(file, 40) for _ in range(2)]
    while not all(file.with_suffix(f".{process.pid}").exists() for process in both):
        assert all(process.poll() is None for process in both)
    file.with_suffix(".go").touch()
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert verify_file(file) == []
    assert [link.seq for link in read_file(file)] == list(range(1, 81))


def test_a_disk_that_fills_up_leaves_whole_records(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.with_suffix(".go").touch()
    assert appending(file, 2).wait(timeout=60) == 0
    before = file.read_bytes()
    full = appending(file, 1, room=100)
    assert "it was not recorded. Name another file." in full.communicate(timeout=60)[1]
    assert file.read_bytes() == before
    assert verify_file(file) == []
