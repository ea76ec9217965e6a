"""How fast the lab trains and decides: `python -m benchmarks.nanoim [--json] [--short]`.

The alternative measured in the same run is the loop most people write first: the same GRU from torch's own parts,
one trace at a time, forward, backward, step. Both get the same traces and the same number of passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks import table
from benchmarks._measuring import seconds
from benchmarks.table import Row
from experiments.nanoim import shelf
from experiments.nanoim.features import DT_EDGES, Batch, sizes, to_batch
from experiments.nanoim.networks import DT_WIDTH, STREAM_WIDTHS, Shape
from experiments.nanoim.train import DEFAULTS, train
from experiments.nanoim.turns import ACTIONS, Trace


def main(arguments: Sequence[str] | None = None) -> int:
    return table.run("nanoim", measure, arguments)


def measure(short: bool = False) -> list[Row]:
    epochs = 2 if short else 6
    fit, test = shelf.split_of("hard", "train"), shelf.split_of("hard", "test")
    loop = Loop()
    slow_fit = seconds(lambda: loop.train(fit, epochs)) / (epochs * len(fit))
    slow_test = _again(lambda: loop.decide(test)) / len(test)
    rows = []
    for kind in shelf.KINDS:
        recipe = replace(DEFAULTS[kind], epochs=epochs)
        fast_fit = seconds(lambda r=recipe: train(fit, r, "hard")) / (epochs * len(fit))  # type: ignore[misc]
        network = shelf.network("hard", kind)
        fast_test = _again(lambda n=network: n.decide(test)) / len(test)  # type: ignore[misc]
        against = "GRU, one trace at a time in torch"
        rows.append(Row(f"training, {kind}", 1 / fast_fit, "traces/s", against, slow_fit / fast_fit))
        rows.append(Row(f"deciding, {kind}, NumPy", 1 / fast_test, "traces/s", against, slow_test / fast_test))
    if not short:
        rows.append(Row("a full training run on hard, gru", seconds(lambda: train(fit, DEFAULTS["gru"], "hard")), "s"))
    return rows


class Loop:
    """The plain way: modules, and one trace after the other."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(7)
        shape = Shape()
        tables = [torch.nn.Embedding(size, width) for size, width in zip(sizes(), STREAM_WIDTHS, strict=True)]
        self.parts = torch.nn.ModuleList(
            [*tables, torch.nn.Embedding(len(DT_EDGES) + 2, DT_WIDTH),
             torch.nn.GRU(shape.inputs, shape.hidden, batch_first=True), torch.nn.Linear(shape.hidden, len(ACTIONS))]
        )  # fmt: skip
        self.adam = torch.optim.AdamW(self.parts.parameters(), lr=0.001)

    def logits(self, one: Batch) -> Any:
        import torch

        *tables, clock, gru, head = self.parts
        ids = torch.as_tensor(one.ids)
        shown = [part(ids[:, :, place]) for place, part in enumerate(tables)]
        rest = [torch.as_tensor(one.times).float(), torch.as_tensor(one.text).float()[:, :, None]]
        states, _ = gru(torch.cat([*shown, clock(torch.as_tensor(one.dt_bucket)), *rest], -1))
        return head(states)

    def train(self, traces: Sequence[Trace], epochs: int) -> None:
        import torch

        for _ in range(epochs):
            for trace in traces:
                one = to_batch([trace])
                loss = torch.nn.functional.cross_entropy(self.logits(one)[0], torch.as_tensor(one.actions)[0])
                self.adam.zero_grad()
                loss.backward()
                self.adam.step()

    def decide(self, traces: Sequence[Trace]) -> list[int]:
        import torch

        with torch.no_grad():
            return [int(self.logits(to_batch([trace]))[0, trace.critical].argmax()) for trace in traces]


def _again(work: Callable[[], object]) -> float:
    """The best of nine, after one that does not count: other work on the machine only ever adds time."""
    work()
    return min(seconds(work) for _ in range(9))


if __name__ == "__main__":
    raise SystemExit(main())
