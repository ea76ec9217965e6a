"""The bars that are no times: `python -m benchmarks.findings [--json] [--short]`.

What the frozen cases, the shipped results of the two labs and the shipped record say, each recomputed or read from the
file that a reader can open. How far the rules carry on texts of a new author is `generalisation`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import table
from benchmarks.table import Row
from experiments.nanoim import shelf
from experiments.nanoim.verify import verify
from experiments.verisim import report
from experiments.verisim.__main__ import floor
from experiments.verisim.places import SHIPPED as VERISIM
from loops.keepsake import lay_out
from nma13.cli.battery import check, load
from nma13.kit import default_kit
from nma13.pipeline import run
from nma13.state import summary
from nma13.store import LOOPS, open_ro

LEARNED = ("rule_harness", *shelf.KINDS)


def main(arguments: Sequence[str] | None = None) -> int:
    return table.run("findings", lambda _: [*engine(), *nanoim(), *verisim(), *record()], arguments)


def engine() -> Iterator[Row]:
    """The wiring, on cases that were frozen before the rules."""
    kit = default_kit()
    for name, file in (("the 50 scenarios", "scenarios.jsonl"), ("the canonical cases", "cases.jsonl")):
        rows = load(file)
        wrong = sum(bool(check(row, summary(run(row["text"], kit=kit)))) for row in rows)
        yield Row(f"{name}, not as expected", wrong, f"of {len(rows)}", "0 is the bar")


def nanoim() -> Iterator[Row]:
    """Accuracy and separation of the shipped policies; decided again, not read."""
    found = verify()
    broken = sum(not one["passed"] for one in found["checks"])
    yield Row("nanoIM: checks that fail", broken, f"of {len(found['checks'])}", "0 is the bar")
    for suite, rows in found["table"].items():
        for name in LEARNED:
            yield from _figures(f"nanoIM, {suite}, {name}", rows[name])
    for suite, rows in found["lofo"].items():
        best = rows["best_learned"]
        yield from _figures(f"nanoIM, {suite}, a family left out, best of the learned", best, best["policy"])
    took = json.loads((shelf.RESULTS / "times.json").read_text("utf-8"))["processor_seconds"]
    yield Row("nanoIM: the whole reproduction", sum(took.values()) / 60, "min of the processor", "as it was kept")


def _figures(what: str, row: dict[str, float], whose: str = "") -> Iterator[Row]:
    yield Row(f"{what}: TAA", row["taa"], "share", whose)
    yield Row(f"{what}: PSR", row["psr"], "share", whose)


def verisim() -> Iterator[Row]:
    """The floor of our arm on rollouts it never saw, and what its training cost."""
    names = {
        "delta_exact_5": ("exact deltas, 5 hosts", "share"),
        "full_horizon_share_24": ("whole rollouts without an error, T = 24", "share"),
        "mean_h0_400": ("mean horizon, T = 400", "steps"),
        "exact_50": ("exact deltas, 50 hosts in use", "share"),
        "median_h0_100_at_50": ("median horizon, 50 hosts in use, T = 100", "steps"),
        "exact_500": ("exact deltas, 500 hosts in use", "share"),
        "median_h0_100_at_500": ("median horizon, 500 hosts in use, T = 100", "steps"),
        "fs_delta_exact": ("exact deltas, filesystem", "share"),
        "fs_h0_48": ("mean horizon, filesystem, T = 48", "steps"),
    }
    for name, value in floor().items():
        what, unit = names[name]
        yield Row(f"Verisim: {what}", value, unit)
    trained = [json.loads(path.read_text("utf-8")) for path in sorted((VERISIM / "weights").glob("*.json"))]
    yield Row(
        "Verisim: dearest of the shipped trainings", max(sum(one["cpu_seconds"].values()) for one in trained), "CPU s"
    )
    yield Row("Verisim: studies with a shipped result", len(report.shipped()), "studies")


def record() -> Iterator[Row]:
    """Cycles of the record that is shipped."""
    with tempfile.TemporaryDirectory() as place:
        folder = lay_out(Path(place) / "data")
        for source, loop in LOOPS.items():
            with closing(open_ro(loop.database, folder)) as reader:
                asked = f"SELECT count(*) FROM {loop.cycles} WHERE source = ? AND status = 'done'"
                yield Row(f"shipped record, {source}", reader.execute(asked, (source,)).fetchone()[0], "cycles")


if __name__ == "__main__":
    raise SystemExit(main())
