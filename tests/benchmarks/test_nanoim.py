"""The benchmark of the tiny networks: its short form runs, and training in batches beats a loop over single traces."""

from __future__ import annotations

import pytest

from benchmarks.nanoim import measure

pytestmark = pytest.mark.slow


def test_training_in_batches_beats_the_plain_loop() -> None:
    rows = {row.what: row for row in measure(short=True)}
    assert set(rows) == {
        "training, gru", "training, transformer", "deciding, gru, NumPy", "deciding, transformer, NumPy",
    }  # fmt: skip
    assert (rows["training, gru"].ratio or 0) > 1.5
