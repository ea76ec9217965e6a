"""`documents` in a real process: words, exit statuses, JSON, and a run that cites what it was given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nma13.cli.documents import bar_of
from nma13.config import ROOT
from tests.nma13.documents import files
from tests.nma13.test_cli import nma

pytestmark = pytest.mark.slow

QUESTION = "Should I end the lease of the lighthouse? The keeper wants three months' notice."
QUIET = ("--no-model", "--semantic", "off")


def test_put_in_listed_searched_read_and_taken_out(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "lease.pdf", contents=[("Notice", 1), ("Fees", 2)])
    added = nma("documents", "add", str(path))
    assert added.returncode == 0
    assert "stored: lease.pdf as document 1 (2 pages, 2 passages)" in added.stderr
    assert f"\n1 stored. They lie in {os.environ['NMA_DATA']}" in added.stderr
    again = nma("documents", "add", str(path))
    assert again.returncode == 0
    assert "already there: lease.pdf is document 1" in again.stderr
    assert "lease.pdf  (145 characters, 2 pages, 2 passages)" in nma("documents", "list").stdout
    found = nma("documents", "search", "harbour fee", "--lexical").stdout
    assert found.startswith("lease.pdf (document 1), p. 2 · Fees, characters 75–145  [")
    (hit,) = json.loads(nma("documents", "search", "harbour fee", "--lexical", "--json").stdout)["passages"]
    assert (hit["name"], hit["page"], hit["start"], hit["text"]) == ("lease.pdf", 2, 75, files.HARBOUR)
    shown = nma("documents", "show", "lease.pdf").stdout
    assert shown == f"\n[p. 1 · Notice]\n{files.KEEPER}\n\n[p. 2 · Fees]\n{files.HARBOUR}\n"
    removed = nma("documents", "remove", "1")
    assert removed.stdout == "Taken out: lease.pdf, with its 2 passages.\n"
    assert "No document is stored yet." in nma("documents", "list").stdout


def test_a_folder_with_a_bad_file_says_so_by_its_exit_status(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    files.text(folder / "a.txt")
    files.encrypted_pdf(folder / "locked.pdf")
    added = nma("documents", "add", str(folder), "--json")
    assert added.returncode == 3
    assert "\n1 stored, 1 refused. They lie in " in added.stderr
    outcomes = json.loads(added.stdout)["outcomes"]
    assert "protected with a password" in next(one["refused"] for one in outcomes if one["name"] == "locked.pdf")
    assert nma("documents", "add", str(folder / "locked.pdf")).returncode == 1
    assert nma("documents", "add", str(folder / "gone.pdf")).returncode == 1
    assert nma("documents", "remove", "7").returncode == 1
    assert nma("documents").returncode == 2


def test_a_run_cites_what_lay_at_hand(tmp_path: Path) -> None:
    nma("documents", "add", str(files.pdf(tmp_path / "lease.pdf", contents=[("Notice", 1)])))
    told = nma(QUESTION, *QUIET).stderr
    assert "at hand [document]: lease.pdf, p. 1 · Notice, characters 0–73 (1 assumed)" in told
    assert "at hand" not in nma(QUESTION, *QUIET, "--no-documents").stderr
    assert "at hand" not in nma(QUESTION, *QUIET, "--no-memory").stderr


def test_a_document_for_one_run_is_cited_and_not_stored(tmp_path: Path) -> None:
    path = files.word(tmp_path / "lease.docx")
    plain = json.loads(nma("navigate", QUESTION, *QUIET, "--json", "--document", str(path)).stdout)
    first = plain["state"]["context"]["document_passages"][0]
    assert (first["kind"], first["title"], first["locator"]) == ("LIVE", "lease.docx", "The lease")
    assert [claim["klass"] for claim in first["claims"]] == ["ASSUMED", "ASSUMED"]
    assert "No document is stored yet." in nma("documents", "list").stdout
    refused = nma(QUESTION, *QUIET, "--document", str(files.encrypted_pdf(tmp_path / "locked.pdf")))
    assert refused.returncode == 1
    assert "locked.pdf: It is protected with a password." in refused.stderr
    assert refused.stdout == ""


def test_the_bar_says_how_far_and_how_long() -> None:
    assert bar_of(0.0, 0.1) == "[........................] 0%"
    assert bar_of(0.5, 10.0) == "[############............] 50%, about 10 s left"
    assert bar_of(0.1, 60.0) == "[##......................] 10%, about 9 min left"


@pytest.mark.slow
def test_ctrl_c_ends_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    for number in range(40):
        files.pdf(folder / f"{number:02}.pdf", [[f"{number} {files.KEEPER}"] * 40] * 40)
    child = subprocess.Popen(
        [sys.executable, "-m", "nma13.cli", "documents", "add", str(folder)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert child.stderr is not None
    assert child.stderr.readline().startswith("stored: 00.pdf")
    child.send_signal(signal.SIGINT)
    rest = child.stderr.read()
    assert child.wait(timeout=30) == 130
    assert "not reached." in rest
    stored = json.loads(nma("documents", "list", "--json").stdout)["documents"]
    assert 1 <= len(stored) < 40
    assert all(one["pages"] == 40 for one in stored)
