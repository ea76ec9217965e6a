"""The words of memory in a real process: a run is stored, recalled, judged, learned from, exported, forgotten."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from nma13.cli.keeping import forget
from nma13.errors import UsageError
from tests.nma13.memory.helpers import RANK, keep, memory
from tests.nma13.test_cli import PIANIST, nma

pytestmark = pytest.mark.slow

QUIET = ("--no-model", "--semantic", "off")


def test_a_run_is_stored_recalled_judged_exported_and_forgotten(tmp_path: Path) -> None:
    assert "stored as episode 1 in session music" in nma(PIANIST, *QUIET, "--session", "music").stderr
    assert "#1" in nma("recall", "ending my playing", "--lexical").stdout
    (found,) = json.loads(nma("recall", "my playing", "--json", "--lexical").stdout)["episodes"]
    assert (found["id"], found["output_class"]) == (1, "HEDGED VECTOR")
    assert nma("feedback", "1", "override", "I asked two surgeons").stdout == "Kept with episode 1: override.\n"
    out = tmp_path / "mine.zip"
    assert nma("export", str(out)).stdout.strip() == str(out)
    assert b"two surgeons" in zipfile.ZipFile(out).read("memory/feedback.jsonl")
    unasked = nma("forget", "session", "music")
    assert (unasked.returncode, unasked.stdout) == (1, "")
    assert "cannot be undone. Nothing was changed. There is nobody to ask" in unasked.stderr
    told = nma("forget", "session", "music", "--yes")
    assert told.returncode == 0
    assert "removed: 1 episodes" in told.stdout
    assert nma("recall").stdout == "No episode yet.\n"


def test_do_not_store_and_no_memory() -> None:
    assert "stored as" not in nma(PIANIST, *QUIET, "--do-not-store").stderr
    assert "stored as" not in nma(PIANIST, *QUIET, "--no-memory").stderr
    assert nma("recall").stdout == "No episode yet.\n"


def test_the_repl_remembers() -> None:
    lines = ["memory", "patterns", "agree", PIANIST, "memory", "recall", "recall my playing", "override I know", "quit"]
    answer = nma("repl", *QUIET, given="\n".join(lines) + "\n")
    assert answer.returncode == 0, answer.stderr
    assert "Nothing is remembered yet." in answer.stdout
    assert "Nothing was learned yet." in answer.stdout
    assert "There is no stored decision to speak of." in answer.stdout
    assert "1 episodes in 1 sessions" in answer.stdout
    assert answer.stdout.count("#1") == 2
    assert "Kept with episode 1: override." in answer.stdout


def test_what_was_learned_names_its_episodes_and_can_be_switched_off() -> None:
    given = "\n".join([RANK] * 10 + ["I want to plant tulips along the fence.", "why", "quit"])
    answer = nma("repl", *QUIET, given=given + "\n")
    assert "Learned from earlier episodes" in answer.stdout
    assert "(#1, #2, #3" in answer.stdout
    listed = nma("patterns").stdout
    assert listed.count("asks for more caution") == 2
    assert "(off)" in nma("patterns", "--off", "1").stdout
    rules = json.loads(nma("patterns", "--json").stdout)["rules"]
    assert [rule["active"] for rule in sorted(rules, key=lambda rule: rule["id"])] == [False, True]


def test_wrong_words_about_memory_end_in_a_sentence() -> None:
    for words, status, said in (
        (["forget"], 2, "Say what to forget"),
        (["forget", "episode", "x"], 2, "no whole number"),
        (["forget", "episode", "7", "--yes"], 1, "no episode 7"),
        (["forget", "document", "7"], 1, "no document «7»"),
        (["feedback", "7", "agree"], 1, "no episode 7"),
        (["patterns", "--off", "7"], 1, "no rule 7"),
        (["archive"], 2, "Say which"),
    ):
        answer = nma(*words)
        assert answer.returncode == status, answer.stderr
        assert said in answer.stderr
        assert "Traceback" not in answer.stderr


def test_retention_and_archive() -> None:
    assert "until you forget" in nma("forget", "retention").stdout
    assert nma("forget", "retention", "90").stdout == "Runs are kept for 90 days.\n"
    assert "until you forget" in nma("forget", "retention", "off").stdout
    nma(PIANIST, *QUIET)
    assert "nothing was changed" in nma("archive", "--older-than", "1").stdout
    file = nma("archive", "--older-than", "0").stdout.strip()
    assert nma("recall").stdout == "No episode yet.\n"
    assert "1 episodes are back" in nma("archive", "--put-back", file).stdout


@pytest.mark.parametrize("which", ["1.7", "nan", "1" * 30])
def test_only_a_whole_number_names_an_episode(which: str) -> None:
    with memory() as connection:
        keep(connection, RANK)
    with pytest.raises(UsageError, match="Nothing was changed"):
        forget(["episode", which])
    with memory() as connection:
        assert connection.execute("SELECT count(*) FROM episodic_memory").fetchone()[0] == 1
