"""A real disk without room: a file system of a few megabytes, filled to the last byte, under real commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nma13.config import ROOT

LAB = f"{sys.executable} -m launcher"
FILL = "dd if=/dev/zero of=$NMA_DATA/ballast bs=4k 2>/dev/null; rm -f $NMA_DATA/nothing"


def on_a_small_disk(tmp_path: Path, script: str, megabytes: int = 4) -> subprocess.CompletedProcess[str]:
    """The script in a mount of its own, which vanishes with it; skipped where a machine gives none."""
    data = tmp_path / "small"
    data.mkdir()
    mounted = f"mount -t tmpfs -o size={megabytes}m none {data} && echo mounted && ({script})"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "NMA_DATA": str(data), "HOME": "/none"},
        timeout=110, check=False,
    )  # fmt: skip
    if not done.stdout.startswith("mounted"):
        pytest.skip(f"this machine gives no small disk: {done.stderr.strip()[:200]}")
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done


@pytest.mark.slow
def test_an_answer_is_given_and_what_was_not_kept_is_said(tmp_path: Path) -> None:
    done = on_a_small_disk(
        tmp_path,
        f"{LAB} navigate --no-model 'Shall I sell the house?' >/dev/null; {FILL}; "
        f"{LAB} navigate --no-model 'Shall I leave my work, which I have done for twenty years?'; echo status $?; "
        f"rm $NMA_DATA/ballast; {LAB} recall; {LAB} doctor --thorough; echo doctor $?",
    )
    assert "status" in done.stdout
    assert "room" in done.stderr + done.stdout
    assert "doctor 0" in done.stdout
    assert "sell the house" in done.stdout, "what was saved before is there"


@pytest.mark.slow
def test_nothing_can_be_made_and_that_is_said(tmp_path: Path) -> None:
    """From the first moment there is no room, not even for an empty database."""
    words = ("backup", "export $NMA_DATA/x.zip", "documents add README.md", "loop a --model scripted: --cycles 1")
    script = "; ".join(f"timeout 20 {LAB} {word} >/dev/null; echo status $?" for word in words)
    done = on_a_small_disk(tmp_path, f"{FILL}; {script}", megabytes=1)
    assert done.stdout.count("status 1") == len(words), (done.stdout, done.stderr[-2000:])


@pytest.mark.slow
def test_a_loop_waits_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    done = on_a_small_disk(
        tmp_path,
        f"{LAB} loop a --model scripted: --pace 0.6 --cycles 1 & pid=$!; sleep 6; {FILL}; sleep 8; "
        f"{LAB} loop status; rm $NMA_DATA/ballast; wait $pid; echo status $?; {LAB} doctor --thorough; echo doctor $?",
    )
    assert "status 0" in done.stdout, done.stderr[-2000:]
    assert "doctor 0" in done.stdout
    assert "waits" in done.stderr
    assert "goes on" in done.stderr
